"""Where a demo is printed: on a stream, in colour where it is wanted, and into a recording."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TextIO

from forklab.demos.cast import Recorder
from forklab.reports.terminal import COLOURS, PLAIN
from forklab.reports.text import Line, visible


def painted(line: Line) -> str:
    """Return a line, without its end, with the colour of its tone; control bytes visible."""
    text = visible(line.text)
    if not line.tone:
        return text
    part = line.part or text
    return text.replace(part, f"{COLOURS[line.tone]}{part}{PLAIN}", 1)


def unpainted(text: str) -> str:
    """Return *text* without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


class Printer:
    """Prints blocks of lines, and asks for a pause before a screen is full.

    Attributes:
        recorder: of a recording that is made meanwhile.

    Args:
        rows: of a screen; 0: it has no end.
        airy: a blank line behind each block.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        colour: bool,
        rows: int = 0,
        airy: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        self._stream = stream
        self._colour = colour
        self._rows = rows
        self._airy = airy
        self._used = 0
        self.recorder = recorder
        self.when_full: Callable[[], None] = self.begin_screen

    def block(self, lines: Sequence[Line], *, close: bool = False) -> None:
        """Print lines that belong together, on one screen if they fit on one.

        Args:
            close: no blank line behind it: what follows is the same.
        """
        size = len(lines) + self._airy
        if self._used and self._rows and self._used + size > self._rows:
            self.when_full()
        for at in range(0, len(lines), self._rows or max(len(lines), 1)):
            if at:
                self.when_full()
            part = lines[at : at + self._rows] if self._rows else lines
            self._write("".join(painted(line) + "\n" for line in part))
            self._used += len(part)
        if self._airy and lines and not close:
            self._write("\n")
            self._used += 1

    def quoted(self, text: str) -> None:
        """Print what was recorded elsewhere, as it was."""
        lines = text.splitlines(keepends=True)
        for at in range(0, len(lines), self._rows or max(len(lines), 1)):
            self.when_full()
            part = lines[at : at + self._rows] if self._rows else lines
            self._write("".join(part))
            self._used += len(part)

    def blank(self) -> None:
        """Print an empty line, but where there is one behind each block."""
        if not self._airy and self._used:
            self._write("\n")
            self._used += 1

    def aside(self, text: str) -> None:
        """Print what is no part of the demo: a prompt, which is not recorded."""
        self._stream.write(text)
        self._stream.flush()

    def begin_screen(self) -> None:
        """Count rows from here: a person has read what was there."""
        self._used = 0

    def _write(self, text: str) -> None:
        self._stream.write(text if self._colour else unpainted(text))
        self._stream.flush()
        if self.recorder is not None:
            self.recorder.out(text, len(unpainted(text)))
