"""A grade as the `result` of a GitHub Classroom grader: JSON in base64, for the reporter.

The reporter adds up the scores of the tests of each runner whose maximum is not 0, so lateness is a
test of its own with a score below 0, and a grade that is not judged has the maximum 0.
"""

from __future__ import annotations

import base64
from typing import Any

from forklab.emitters.clean import as_json, counts, fitting, line, name, shown, why_not_judged
from forklab.grades.grade import Grade, Mark
from forklab.grades.whole import Whole, whole_points

STATUS = {"PASS": "pass", "FAIL": "fail", "SKIPPED": "fail", "BROKEN": "error"}
MOST_BYTES = 60 * 1000  # it goes through a variable of the environment: 128 KiB in base64


def render(grade: Grade) -> str:
    """Return the base64 text, one line."""
    text = fitting(lambda most: as_json(_document(grade, most)), MOST_BYTES)
    return base64.b64encode(text.encode()).decode() + "\n"


def _document(grade: Grade, most: int) -> dict[str, Any]:
    if not grade.judged:
        test = _test("forklab", "error", 0, why_not_judged(grade), 0.0)
        return {"version": 1, "status": "error", "max_score": 0, "tests": [test]}
    marks = shown(grade)
    whole = whole_points(grade, marks)
    tests = [
        _test(name(mark), STATUS[mark.verdict], points, _message(mark, most), mark.seconds)
        for mark, (points, _) in zip(marks, whole.marks, strict=True)
        if counts(mark)
    ]
    tests += _late(whole)
    status = "pass" if all(test["status"] == "pass" for test in tests) else "fail"
    return {"version": 1, "status": status, "max_score": whole.possible, "tests": tests}


def _late(whole: Whole) -> list[dict[str, Any]]:
    if not whole.late:
        return []
    # passed: it makes the sum right, and no job red
    return [_test("taken off", "pass", whole.late, "lateness, or rounding to whole points", 0.0)]


def _message(mark: Mark, most: int) -> str:
    return line(mark.seen, min(most, 500)) if most else ""


def _test(title: str, status: str, score: int, message: str, seconds: float) -> dict[str, Any]:
    return {
        "name": title,
        "status": status,
        "score": score,
        "message": message,
        "test_code": "",
        "filename": "",
        "line_no": 0,
        "duration": round(seconds * 1000),
    }
