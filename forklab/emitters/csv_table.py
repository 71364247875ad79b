"""Grades as CSV: a row for each submission, a column for each check (RFC 4180, UTF-8)."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from forklab.emitters.clean import line, points, remarks
from forklab.grades.grade import Grade

HEAD = ("submission", "lab", "verdict", "points", "possible", "penalty")
TAIL = ("remarks",)
# A spreadsheet takes a cell that begins so for a formula; the wide forms, too, where Korean,
# Chinese or Japanese is typed.
FORMULA = tuple("=+-@\t\r" + "\uff1d\uff0b\uff0d\uff20")


def render(grades: Sequence[Grade]) -> str:
    """Return the rows; a check that does not count, and points that mean nothing, are empty."""
    checks = list(dict.fromkeys(mark.id for grade in grades for mark in grade.marks))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(word) for word in (*HEAD, *checks, *TAIL)])
    for grade in grades:
        writer.writerow(_row(grade, checks))
    return out.getvalue()


def cell(text: str) -> str:
    """Return *text* on one line, and as text: an apostrophe stands before what is a formula."""
    shown = line(text)
    return f"'{shown}" if shown.lstrip().startswith(FORMULA) else shown


def _row(grade: Grade, checks: Sequence[str]) -> list[str]:
    worth = {mark.id: points(mark.points) for mark in grade.marks if mark.possible}
    of_all = [points(value) for value in (grade.points, grade.possible, grade.penalty)]
    return [
        *map(cell, (grade.submission, grade.lab, grade.verdict)),
        *(of_all if grade.judged else ["", "", ""]),
        *(worth.get(check, "") if grade.judged else "" for check in checks),
        cell("; ".join(remarks(grade))),
    ]
