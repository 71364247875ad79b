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
        airy = self._airy and bool(lines) and not close
        self._lines([painted(line) + "\n" for line in lines] + ["\n"] * airy)

    def quoted(self, text: str) -> None:
        """Print what was recorded elsewhere, as it was."""
        self._lines(text.splitlines(keepends=True))

    def _lines(self, lines: Sequence[str]) -> None:
        """Print lines, a screen at a time where there are more than one holds."""
        rows = self._rows or max(len(lines), 1)
        if self._rows and self._used and self._used + len(lines) > rows:
            self.when_full()
        for at in range(0, len(lines), rows):
            if at:
                self.when_full()
            part = lines[at : at + rows]
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
