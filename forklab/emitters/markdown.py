"""Grades as Markdown for the summary of a GitHub job (at most 1 MiB) or for a comment.

Whatever means something to Markdown, HTML or GitHub is written as a character reference, and
evidence stands in a fence that is longer than any run of backticks in it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from forklab.emitters.clean import (
    counts,
    fitting,
    line,
    lines,
    points,
    remarks,
    sentence,
    shown,
)
from forklab.grades.grade import Grade, Mark

MEANS_SOMETHING = re.compile(r"[\\`*_{}\[\]<>()#+!|&~$@:\"']")
BEGINS_A_BLOCK = re.compile(r"[-=]|\d+\.")
ZERO_WIDTH = "&#8203;"
MOST_ROWS = 3000
SIGNS = {"PASS": "✅", "FAIL": "❌", "BROKEN": "⚠️", "SKIPPED": "⏭️"}


def render(grades: Sequence[Grade]) -> str:
    """Return the summary: one submission with its evidence; of many, a table and then each."""
    return fitting(lambda most: _whole(grades, most))


def escaped(text: str) -> str:
    """Return *text* on one line, as text and nothing else."""
    shown = MEANS_SOMETHING.sub(lambda found: _reference(found[0]), line(text, empty=" "))
    return _reference(shown[0]) + shown[1:] if BEGINS_A_BLOCK.match(shown) else shown


def _reference(char: str) -> str:
    """Return *char* as text; GitHub looks for names and numbers after it has read references."""
    return f"&#{ord(char)};" + ZERO_WIDTH * (char in "@#")


def _whole(grades: Sequence[Grade], most: int) -> str:
    parts = ["# forklab\n", *([_overview(grades)] if len(grades) > 1 else [])]
    if most or len(grades) == 1:
        parts += [_submission(grade, most) for grade in grades]
    else:
        parts.append("The evidence is left out here: there is too much of it.\n")
    return "\n".join(parts)


def _overview(grades: Sequence[Grade]) -> str:
    rows = ["| submission | verdict | points |", "|---|---|---:|"]
    for grade in grades[:MOST_ROWS]:
        worth = f"{points(grade.points)} of {points(grade.possible)}" if grade.judged else ""
        sign = f"{SIGNS.get(grade.verdict, '')} {escaped(grade.verdict)}"
        rows.append(f"| {escaped(grade.submission)} | {sign} | {worth} |")
    if len(grades) > MOST_ROWS:
        rows.append(f"\n{len(grades) - MOST_ROWS} more submissions are left out here.")
    return "\n".join(rows) + "\n"


def _submission(grade: Grade, most: int) -> str:
    marks = shown(grade)
    parts = [f"## {escaped(grade.submission)}, lab {escaped(grade.lab)}\n", f"{sentence(grade)}\n"]
    parts += [f"> {escaped(remark)}\n" for remark in remarks(grade)]
    rows = ["| check | verdict | points |", "|---|---|---:|", *map(_row, marks)]
    parts += ["\n".join(rows) + "\n"] if marks else []
    parts += [_evidence(mark, most) for mark in marks if mark.text]
    return "\n".join(parts)


def _row(mark: Mark) -> str:
    worth = f"{points(mark.points)} of {points(mark.possible)}" if counts(mark) else "not counted"
    sign = f"{SIGNS.get(mark.verdict, '')} {escaped(mark.verdict)}"
    return f"| **{escaped(mark.id)}** {escaped(mark.title)} | {sign} | {worth} |"


def _evidence(mark: Mark, most: int) -> str:
    return f"### {escaped(mark.id)}\n\n{fenced(lines(mark.text, most), 'text')}\n"


def fenced(text: str, language: str) -> str:
    """Return *text* in a fence that is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"
