"""The report as it grows in a terminal: one check after another, then the evidence.

Words carry everything; colour is added for a terminal that wants it. No cursor is ever moved, so
the same bytes are right in a file, in a pipe and on a course platform.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from forklab.reports import summary
from forklab.reports.text import Line, columns, visible
from forklab.results.record import Check, Result, Run

COLOURS = {"good": "\x1b[32m", "bad": "\x1b[31m", "odd": "\x1b[33m", "quiet": "\x1b[2m"}
PLAIN = "\x1b[0m"


def wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether *stream* gets colour: NO_COLOR forbids, FORCE_COLOR demands, else a terminal does."""
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return environ.get("TERM") != "dumb" and stream.isatty()


class Terminal:
    """Print a run as it goes: `begin`, a `result` as each check ends, `end`."""

    def __init__(
        self, stream: TextIO | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        """Print to *stream*, standard output by default; *environ* has NO_COLOR and its like."""
        self._stream = sys.stdout if stream is None else stream
        self._colour = wants_colour(self._stream, os.environ if environ is None else environ)
        self._total = self._number = self._id_width = 0

    def begin(self, run: Run, checks: Sequence[Check]) -> None:
        """Say what is going to be judged, and what the compiler warned of."""
        self._total = len(checks)
        self._id_width = max((columns(check.id) for check in checks), default=0)
        self._print(summary.heading(run, checks))
        self._print([*summary.warnings(run, full=False), Line("")])

    def result(self, result: Result) -> None:
        """Say how one check ended, at once."""
        self._number += 1
        total = max(self._total, self._number)
        self._print(summary.check_line(result, self._number, total, self._id_width))

    def end(self, run: Run) -> None:
        """Print the first failure with its evidence, what broke, the count, where the rest is."""
        self._print(summary.failures(run))
        self._print(summary.breakages(run))
        counted = summary.count(run)
        self._print([Line(""), *counted, *summary.where(run)] if counted else summary.where(run))

    def _print(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._stream.write(self._painted(line) + "\n")
        self._stream.flush()

    def _painted(self, line: Line) -> str:
        text = _encodable(visible(line.text), self._stream.encoding)
        if not self._colour or not line.tone:
            return text
        part = line.part or text
        return text.replace(part, f"{COLOURS[line.tone]}{part}{PLAIN}", 1)


def _encodable(text: str, encoding: str | None) -> str:
    """Return *text* with an escape for each letter that the stream cannot carry."""
    name = encoding or "utf-8"
    return text.encode(name, "backslashreplace").decode(name)
