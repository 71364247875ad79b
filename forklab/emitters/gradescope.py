"""A grade as results.json of Gradescope (gradescope-autograders: docs/specs.md).

Where any test is hidden, Gradescope hides the total score from students, too. *total_visible* shows
all hidden checks as one visible test without names instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forklab.emitters.clean import (
    as_json,
    counts,
    fitting,
    lines,
    name,
    number,
    points,
    remarks,
    sentence,
    shown,
)
from forklab.grades.grade import Grade, Mark

STATUS = {"PASS": "passed", "FAIL": "failed", "SKIPPED": "failed"}
TOTAL_HIDDEN = "Some checks are hidden, so Gradescope does not show the total score."


def render(grade: Grade, *, total_visible: bool = False) -> str:
    """Return the file.

    `score` is said for the whole, of the points of the rubric, so that a check that could not be
    looked at costs nothing; of a grade that is not judged it is 0, and `output` says why.

    Args:
        grade: of one submission.
        total_visible: show hidden checks as one, so that students see their total.
    """
    return fitting(lambda most: as_json(_document(grade, total_visible, most), indent=1) + "\n")


def _document(grade: Grade, total_visible: bool, most: int) -> dict[str, Any]:
    marks = shown(grade) if total_visible else grade.marks
    hides = any(mark.hidden for mark in marks) and not total_visible
    said = [TOTAL_HIDDEN] if hides else [sentence(grade)]  # the sentence would tell the total
    said += remarks(grade)
    if grade.judged and grade.scaled != grade.points and not hides:
        said.append(f"As a share of all {points(grade.total)} points: {points(grade.scaled)}")
    return {
        "score": number(grade.scaled) if grade.judged else 0,
        "execution_time": number(grade.seconds),
        "output": "\n".join(said),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": _tests(marks, grade.judged, total_visible, most),
        "extra_data": {"tool": "forklab", "lab": grade.lab, "verdict": grade.verdict},
    }


def _tests(
    marks: Sequence[Mark], judged: bool, total_visible: bool, most: int
) -> list[dict[str, Any]]:
    levels = list(dict.fromkeys(mark.level for mark in marks))
    seen: dict[str, int] = {}
    found = []
    for mark in marks:
        seen[mark.level] = seen.get(mark.level, 0) + 1
        at = f"{levels.index(mark.level) + 1}.{seen[mark.level]}"
        test = {"name": name(mark), "number": at, "tags": [mark.level], **_score(mark, judged)}
        test["output"] = lines(mark.text or mark.seen, most)
        test["visibility"] = "hidden" if mark.hidden and not total_visible else "visible"
        found.append(test)
    return found


def _score(mark: Mark, judged: bool) -> dict[str, Any]:
    """Return the score; none of a check that does not count: it is for information then."""
    if not judged or not counts(mark):
        return {"name": f"{name(mark)} (not counted)"}
    score = {"score": number(mark.points), "max_score": number(mark.possible)}
    return {**score, "status": STATUS.get(mark.verdict, "failed")}
