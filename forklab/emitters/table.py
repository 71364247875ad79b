"""Grades as a table for a terminal: a line for each submission, wide letters count as two."""

from __future__ import annotations

from collections.abc import Sequence

from forklab.emitters.clean import line, points, why_not_judged
from forklab.grades.grade import Grade
from forklab.reports.text import WIDTH, columns, pad, shorten

HEAD = ("submission", "verdict", "points", "what failed")
MOST_OF_A_NAME = 30
WORDS = {"PASS": "pass", "FAIL": "fail", "BROKEN": "not judged", "SKIPPED": "not looked at"}


def render(grades: Sequence[Grade]) -> str:
    """Return the table and, below it, how many came out how."""
    rows = [HEAD, *map(_row, grades)]
    widths = [max(columns(row[at]) for row in rows) for at in range(3)]
    return "\n".join([*(_joined(row, widths) for row in rows), "", _counted(grades), ""])


def _row(grade: Grade) -> tuple[str, str, str, str]:
    name = shorten(line(grade.submission, empty="?"), MOST_OF_A_NAME)
    if not grade.judged:
        return name, grade.verdict, "-", line(grade.broken) or why_not_judged(grade)
    failed = ", ".join(line(m.id) for m in grade.marks if m.verdict == "FAIL")
    return name, grade.verdict, f"{points(grade.points)}/{points(grade.possible)}", failed


def _joined(row: Sequence[str], widths: Sequence[int]) -> str:
    head = "  ".join(pad(cell, width) for cell, width in zip(row[:3], widths, strict=True))
    room = WIDTH - columns(head) - 2
    return f"{head}  {shorten(row[3], max(room, 20))}".rstrip()


def _counted(grades: Sequence[Grade]) -> str:
    found = [(sum(g.verdict == verdict for g in grades), word) for verdict, word in WORDS.items()]
    number = "1 submission" if len(grades) == 1 else f"{len(grades)} submissions"
    told = ", ".join(f"{count} {word}" for count, word in found if count)
    return f"{number}: {told}" if told else number
