"""Tables of a demo in few columns: wide letters counted, rows that are alike folded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from forklab.reports.text import Line, columns, pad, visible, wrap

INDENT = 4
GAP = 2
LEAST = 16  # columns that the last cell has at least
ARROW = "<- "
NUMBERS = ("pid", "ppid")  # heads of columns that stand to the right


class Row(NamedTuple):
    """Cells, a note that stands behind them, and a line below."""

    cells: tuple[str, ...]
    note: str = ""
    below: str = ""


def table(
    head: tuple[str, ...], rows: Sequence[Row], width: int, indent: int = INDENT
) -> list[Line]:
    """Return the lines of a table; its last column takes what is left, and goes on below."""
    cells = [head, *(tuple(map(visible, row.cells)) for row in rows)]
    widths = [max(map(columns, column)) for column in zip(*cells, strict=True)][:-1]
    lines = _row(Row(head), widths, width - indent, "quiet")
    for row in rows:
        lines += _row(row, widths, width - indent, "odd" if row.note else "")
    return [line._replace(text=" " * indent + line.text) for line in lines]


def _row(row: Row, widths: Sequence[int], width: int, tone: str) -> list[Line]:
    at = sum(widths) + GAP * len(widths)
    first, *rest = wrap(row.cells[-1], max(width - at, LEAST))
    cells = [
        cell.rjust(wide) if cell.isdecimal() or cell in NUMBERS else pad(visible(cell), wide)
        for cell, wide in zip(row.cells[:-1], widths, strict=True)
    ]
    texts = [(" " * GAP).join([*cells, first]), *(" " * at + text for text in rest)]
    if row.note:
        note = ARROW + row.note
        if columns(texts[-1]) + GAP + columns(note) <= width:
            texts[-1] += " " * GAP + note
        else:
            texts.append(" " * min(at, max(width - columns(note), 0)) + note)
    texts += [text for text in wrap(row.below, width) if row.below]
    return [Line(text.rstrip(), tone) for text in texts]


def labelled(label: str, text: str, width: int, wide: int) -> list[Line]:
    """Return *text* beside its label, which takes *wide* columns."""
    first, *rest = wrap(text, width - 2 - wide)
    head = Line("  " + pad(label, wide) + first, "good", label)
    return [head, *(Line(" " * (2 + wide) + line) for line in rest)]


def quoted(lines: Sequence[str], width: int) -> list[Line]:
    """Return lines that a program has written, each behind a bar."""
    return [
        Line(" " * INDENT + "| " + part)
        for line in lines
        for part in wrap(line, width - INDENT - 2)
    ]
