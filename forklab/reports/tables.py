"""The tables of an instant in 80 columns: what ps and /proc/PID/fd said, culprits marked.

A short table leaves out what does not matter and says how much; a full one leaves out nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from forklab.reports.text import WIDTH, Line, bounded, columns, pad, wrap
from forklab.results.evidence import DescriptorRow, EndRow, Evidence, ProcessRow

INDENT = 4
ARROW = "<-- "
MOST_ROWS = 12
MOST_ENDS = 4
ALIKE = 5  # more rows than this that differ in name and pid only are folded
TO_THE_RIGHT = ("pid", "ppid", "fd")
STATES = {
    "S": "sleeps",
    "R": "runs",
    "D": "sleeps, and no signal wakes it",
    "T": "is stopped",
    "t": "is stopped by a tracer",
    "Z": "has ended and was not reaped",
    "X": "has ended and was not reaped",
    "I": "is idle",
}


class Row(NamedTuple):
    """One row of a table.

    Attributes:
        mark: why it is a culprit, "" if it is none.
        more: a line below it, about rows like it that are folded into it.
        stands_for: how many rows, folded ones with it.
    """

    cells: tuple[str, ...]
    mark: str = ""
    more: str = ""
    stands_for: int = 1


def processes(evidence: Evidence, *, full: bool) -> list[Line]:
    """Return the process table: who, pid, ppid, stat, waits in, command."""
    head = ("who", "pid", "ppid", "stat", "waits in", "command")
    if full:
        return _table(head, [_process(row) for row in evidence.processes])
    groups = [list(group) for _, group in groupby(evidence.processes, key=_all_but_name)]
    return _at_most(head, [row for group in groups for row in _folded(group)])


def legend(evidence: Evidence) -> str:
    """Say what the letters of the stat column mean, those that occur."""
    letters = sorted({row.state for row in evidence.processes} & STATES.keys())
    return ", ".join(f"{letter} {STATES[letter]}" for letter in letters)


def _process(row: ProcessRow) -> Row:
    cells = (row.who or "-", str(row.pid), str(row.ppid), row.state, row.waits_in)
    return Row((*map(bounded, cells), bounded(row.command, 120)), bounded(row.mark))


def _all_but_name(row: ProcessRow) -> tuple[object, ...]:
    return (row.state, row.ppid, row.waits_in, row.command, row.mark)


def _folded(group: Sequence[ProcessRow]) -> list[Row]:
    """Return the rows of processes that differ in name and pid only: all, or the first of many."""
    if len(group) <= ALIKE:
        return [_process(row) for row in group]
    marked = ", marked alike" if group[0].mark else ""
    more = f"(and {len(group) - 1} more like it{marked}: {_span(group[1:])})"
    return [_process(group[0])._replace(more=more, stands_for=len(group))]


def _span(rows: Sequence[ProcessRow]) -> str:
    pids = f"pid {rows[0].pid} to {rows[-1].pid}"
    if not rows[0].who or not rows[-1].who:
        return pids
    return f"{bounded(rows[0].who)} to {bounded(rows[-1].who)}, {pids}"


def descriptors(evidence: Evidence, *, full: bool) -> list[Line]:
    """Return the descriptor table: who, fd, what. Empty if there is nothing that matters."""
    rows = evidence.descriptors if full else tuple(_that_matter(evidence))
    show = _table if full else _at_most
    return show(("who", "fd", "what"), [_descriptor(row) for row in rows]) if rows else []


def _descriptor(row: DescriptorRow) -> Row:
    who = row.who or f"pid {row.pid}"
    return Row((bounded(who), str(row.number), bounded(row.what, 200)), bounded(row.mark))


def _that_matter(evidence: Evidence) -> Iterator[DescriptorRow]:
    """Yield marked descriptors, who else holds the same, and what a marked process holds."""
    targets = {row.target for row in evidence.descriptors if row.mark and _is_shared(row)}
    culprits = {row.pid for row in evidence.processes if row.mark}
    for row in evidence.descriptors:
        if row.mark or row.target in targets or (row.pid in culprits and _tells(row)):
            yield row


def _is_shared(row: DescriptorRow) -> bool:
    return row.target.startswith(("socket:", "pipe:"))


def _tells(row: DescriptorRow) -> bool:
    """Whether an unmarked descriptor of a culprit says something: not its ordinary stdio."""
    return row.number > 2 or row.target.startswith("socket:")


def ends(evidence: Evidence, *, full: bool) -> list[str]:
    """Say how processes ended that were gone by then; short: only the remarkable ones."""
    rows = [row for row in evidence.ends if full or not row.plain]
    shown = rows if full else rows[-MOST_ENDS:]
    lines = [line for row in shown for line in _end(row)]
    if len(shown) < len(rows):
        lines.append(" " * INDENT + f"({len(rows) - len(shown)} that ended earlier are left out)")
    return lines


def _end(row: EndRow) -> list[str]:
    who = f"{bounded(row.who)} (pid {row.pid})" if row.who else f"pid {row.pid}"
    ago = "" if row.ago_s is None else f" {row.ago_s:.2f} s before"
    lines = wrap(f"{who} {row.how}{ago}, reaped by {row.reaped_by}", WIDTH - INDENT - 2)
    return [" " * INDENT + lines[0], *(" " * (INDENT + 2) + line for line in lines[1:])]


def _at_most(head: tuple[str, ...], rows: Sequence[Row]) -> list[Line]:
    """Return a table of few rows, marked ones before others, and say how many are left out."""
    ranked = sorted(range(len(rows)), key=lambda i: (not rows[i].mark, i))[:MOST_ROWS]
    lines = _table(head, [rows[i] for i in sorted(ranked)])
    left_out = sum(row.stands_for for row in rows) - sum(rows[i].stands_for for i in ranked)
    if left_out:
        lines.append(Line(" " * INDENT + f"({left_out} more rows are left out here)"))
    return lines


class _Shape(NamedTuple):
    """Widths of all columns but the last, and which of them hold numbers."""

    widths: tuple[int, ...]
    numbers: tuple[bool, ...]

    @property
    def last(self) -> int:
        """Where the last column begins."""
        return INDENT + sum(self.widths) + 2 * len(self.widths)

    def joined(self, cells: Sequence[str]) -> str:
        """Return one line of the table."""
        parts = []
        for cell, width, number in zip(cells[:-1], self.widths, self.numbers, strict=True):
            parts.append(cell.rjust(width) if number else pad(cell, width))
        return (" " * INDENT + "  ".join([*parts, cells[-1]])).rstrip()


def _table(head: tuple[str, ...], rows: Sequence[Row]) -> list[Line]:
    """Return the lines of a table; its last column takes what is left of the 80 columns."""
    cells = [head, *(row.cells for row in rows)]
    widths = tuple(max(map(columns, column)) for column in zip(*cells, strict=True))[:-1]
    shape = _Shape(widths, tuple(name in TO_THE_RIGHT for name in head[:-1]))
    return [Line(shape.joined(head)), *(line for row in rows for line in _row(row, shape))]


def _row(row: Row, shape: _Shape) -> list[Line]:
    at = shape.last
    first, *rest = wrap(row.cells[-1], max(WIDTH - at, 16))
    texts = [shape.joined((*row.cells[:-1], first)), *(" " * at + text for text in rest)]
    if row.mark:
        _add_mark(texts, ARROW + row.mark, at)
    below = wrap(row.more, WIDTH - INDENT) if row.more else []
    tone = "bad" if row.mark else ""
    return [*(Line(text, tone) for text in texts), *(Line(" " * INDENT + t) for t in below)]


def _add_mark(texts: list[str], mark: str, at: int) -> None:
    """Put *mark* at the end of the row if it fits, else below its last column, or left of that."""
    if columns(texts[-1]) + 2 + columns(mark) <= WIDTH:
        texts[-1] += "  " + mark
        return
    lines = wrap(mark, WIDTH - 2 * INDENT)
    left = min(at, WIDTH - max(map(columns, lines)))
    texts += [" " * left + line for line in lines]
