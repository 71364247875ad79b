"""Grades as JSON: everything, of schema forklab-grades/1 (forklab/schemas/grades-1.schema.json)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forklab.emitters.clean import as_json, line, lines, number
from forklab.grades.grade import Grade, Mark
from forklab.grades.whole import whole_points

SCHEMA = "forklab-grades/1"
LINES = ("submission", "lab", "verdict", "broken", "command", "sandbox", "began", "folder")


def render(grades: Sequence[Grade]) -> str:
    """Return the document: ASCII, so that no byte of a program can break a reader."""
    found = {"schema": SCHEMA, "grades": [_grade(grade) for grade in grades]}
    return as_json(found, indent=2) + "\n"


def _grade(grade: Grade) -> dict[str, Any]:
    whole = whole_points(grade)
    return {
        **{name: line(getattr(grade, name), 4000) for name in LINES},
        "judged": grade.judged,
        "points": number(grade.points),
        "possible": number(grade.possible),
        "total": number(grade.total),
        "penalty": number(grade.penalty),
        "whole": {"points": whole.points, "possible": whole.possible},
        "seconds": number(grade.seconds),
        "notes": [line(note, 4000) for note in grade.notes],
        "warnings": lines(grade.warnings),
        "marks": [_mark(mark, *pair) for mark, pair in zip(grade.marks, whole.marks, strict=True)],
    }


def _mark(mark: Mark, earned: int, possible: int) -> dict[str, Any]:
    return {
        "id": line(mark.id),
        "title": line(mark.title),
        "level": line(mark.level),
        "verdict": mark.verdict,
        "points": number(mark.points),
        "possible": number(mark.possible),
        "whole": {"points": earned, "possible": possible},
        "hidden": mark.hidden,
        "seconds": number(mark.seconds),
        "seen": line(mark.seen),
        "text": lines(mark.text),
    }
