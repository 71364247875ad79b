"""The program as it is now, again and again: a live table on a terminal, one picture a change else.

What is new since the last picture is marked, and so is who has ended and was not reaped. Where a
process waits is shown and is no change: it may wait elsewhere in each picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol, Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from forklab.reports import tables
from forklab.reports.text import WIDTH, Line, bounded, visible, wrap
from forklab.results.evidence import DescriptorRow, Evidence, ProcessRow

LIVES = "lives"
UNREAPED = "ended, nobody waited for it"
STYLES = {"bad": "bold yellow", "quiet": "dim", "good": "bold", "": ""}
MARKED_FOR = 6  # so many pictures in a row show a mark: in one it would pass unseen

Place = tuple[int, int | None]  # a process, or one of its descriptors
Places = dict[Place, str]
Marks = dict[Place, str]


class Screen(Protocol):
    """Where pictures go."""

    def show(self, title: str, evidence: Evidence, printed: str = "") -> None:
        """Show what is there now.

        Args:
            title: what was done.
            evidence: who is there, and holds what.
            printed: the last line that the program has printed.
        """

    def say(self, line: str) -> None:
        """Say something beside the pictures."""

    def __enter__(self) -> Self:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End; the last picture stays."""


def places(evidence: Evidence) -> Places:
    """Return everything whose change is a change: who lives or has ended, and who holds what."""
    found: Places = {(row.pid, None): _kind_of_state(row) for row in evidence.processes}
    found |= {(row.pid, row.number): row.target for row in evidence.descriptors}
    return found


def _kind_of_state(row: ProcessRow) -> str:
    return row.state if row.state in "ZXTt" else LIVES


def marked(evidence: Evidence, marks: Marks) -> Evidence:
    """Return *evidence* with *marks*; standard streams that nothing is said of are left out."""
    processes = tuple(
        replace(row, mark=UNREAPED if row.state in "ZX" else marks.get((row.pid, None), ""))
        for row in evidence.processes
    )
    descriptors = tuple(
        replace(row, mark=marks.get((row.pid, row.number), ""))
        for row in evidence.descriptors
        if _tells(row)
    )
    return replace(evidence, processes=processes, descriptors=descriptors)


def _tells(row: DescriptorRow) -> bool:
    return row.number > 2 or row.target.startswith("socket:")


def news(before: Places, now: Places) -> Marks:
    """Return a mark for each place that is new, or another, since *before*.

    What a new process holds is as new as itself, and not marked.
    """
    return {
        place: "changed" if place in before else "new"
        for place, what in now.items()
        if before.get(place) != what and (place[1] is None or (place[0], None) in before)
    }


def gone(before: Evidence, now: Places) -> list[str]:
    """Name what *before* had and is not there any more; one that ended stands for all it held."""
    found = [row.who or f"pid {row.pid}" for row in before.processes if (row.pid, None) not in now]
    for row in before.descriptors:
        if now.get((row.pid, None)) == LIVES and (row.pid, row.number) not in now:
            found.append(f"{row.who or f'pid {row.pid}'} fd {row.number}")
    return found


def picture(
    title: str, evidence: Evidence, before: Evidence | None, printed: str = ""
) -> list[Line]:
    """Return one picture: what was done, what is new and what is gone, who holds what."""
    now = places(evidence)
    shown = marked(evidence, news(places(before), now) if before else {})
    lines = [Line(title, "good")]
    if printed:
        lines += [Line("    " + text) for text in wrap(f"printed: {bounded(printed)}", WIDTH - 4)]
    if before and (left := gone(before, now)):
        lines += [Line("    " + text) for text in wrap("gone: " + ", ".join(left), WIDTH - 4)]
    if not shown.processes:
        return [*lines, Line("    no process of the program is there")]
    lines += tables.processes(shown, full=True)
    return lines + tables.descriptors(shown, full=True)


class Plain:
    """Pictures as text, one below the other, each only if something has changed."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._before: Evidence | None = None
        self._printed = ""

    def __enter__(self) -> Plain:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def say(self, line: str) -> None:
        """Print *line*."""
        self._print([Line(line)])

    def show(self, title: str, evidence: Evidence, printed: str = "") -> None:
        """Print the picture if it is another than the last."""
        before, self._before = self._before, evidence
        more = printed if printed != self._printed else ""
        self._printed = printed
        if before is None or more or places(before) != places(evidence):
            self._print([*picture(title, evidence, before, more), Line("")])

    def _print(self, wanted: Sequence[Line]) -> None:
        for line in wanted:
            self._out.write(visible(line.text) + "\n")
        self._out.flush()


class Moving:
    """One picture on a terminal, drawn anew each time."""

    def __init__(self, out: TextIO) -> None:
        console = Console(file=out, highlight=False, markup=False, emoji=False)
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="ellipsis")
        self._past: list[Evidence] = []

    def __enter__(self) -> Moving:
        """Begin."""
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; the last picture stays."""
        self._live.stop()

    def say(self, line: str) -> None:
        """Print *line* above the picture."""
        self._live.console.print(Text(visible(line)))

    def show(self, title: str, evidence: Evidence, printed: str = "") -> None:
        """Draw the picture."""
        self._past = [*self._past, evidence][-MARKED_FOR:]
        drawn = [
            Text(visible(line.text), style=STYLES.get(line.tone, ""), no_wrap=True)
            for line in picture(title, evidence, self._past[0], printed)
        ]
        self._live.update(Group(*drawn), refresh=True)


def screen(out: TextIO, term: str) -> Screen:
    """Return what fits *out*: a moving picture only where a cursor can be moved."""
    return Moving(out) if out.isatty() and term != "dumb" else Plain(out)
