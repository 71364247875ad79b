"""A grade as results.json of PrairieLearn (docs/externalGrading.md, externalGrader.ts).

What we could not look at is not gradable there, which costs no attempt. `succeeded` is never
written: false would be for faults of the course, and would make a score of 0. All tests have points
and maximum points, since one without takes the points of all from the page.
"""

from __future__ import annotations

from typing import Any

from forklab.emitters.clean import (
    as_json,
    counts,
    fitting,
    line,
    lines,
    number,
    remarks,
    sentence,
    shown,
    why_not_judged,
)
from forklab.grades.grade import Grade, Mark


def render(grade: Grade) -> str:
    """Return the file, at most 1 MiB; `score` is from 0 to 1."""
    return fitting(lambda most: as_json(_document(grade, most), indent=1) + "\n")


def _document(grade: Grade, most: int) -> dict[str, Any]:
    if not grade.judged:
        why = why_not_judged(grade)
        return {"gradable": False, "format_errors": [why], "message": why, "tests": []}
    return {
        "gradable": True,
        "score": max(0.0, min(1.0, round(grade.fraction, 4))),
        "message": "\n".join([sentence(grade), *remarks(grade)]),
        "output": lines(grade.warnings, most),
        "tests": [_test(mark, most) for mark in shown(grade)],
    }


def _test(mark: Mark, most: int) -> dict[str, Any]:
    judged = counts(mark)  # else both are 0, which is shown in grey
    return {
        "name": line(mark.id, empty="check"),
        "description": line(mark.title),
        "points": number(mark.points) if judged else 0,
        "max_points": number(mark.possible) if judged else 0,
        "message": line(mark.seen),
        "output": lines(mark.text, most),
    }
