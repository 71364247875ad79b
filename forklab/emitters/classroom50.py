"""A grade as result.json of Classroom 50 (schema classroom50/result/v1): whole points only.

What the runner knows comes from its environment. Of a grade that is not judged both scores are 0;
the job should end with an error instead of handing it in, since that leaves the last result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from forklab.emitters.clean import (
    as_json,
    line,
    lines,
    moment,
    name,
    shown,
    why_not_judged,
)
from forklab.errors import UsageError
from forklab.grades.grade import Grade, Mark
from forklab.grades.whole import whole_points

SCHEMA = "classroom50/result/v1"
NEEDED = {
    "classroom": "CLASSROOM",
    "assignment": "ASSIGNMENT",
    "submission": "SUBMISSION_TAG",
    "commit": "COMMIT_URL",
    "release": "RELEASE_URL",
    "review": "REVIEW_URL",
}
MOST_OF_A_TEXT = 2000


def render(grade: Grade, environment: Mapping[str, str]) -> str:
    """Return the file.

    Args:
        grade: of one submission.
        environment: of the runner, with the variables of NEEDED.

    Raises:
        UsageError: a variable is missing, or the submission has no tag.
    """
    return as_json(_about(environment) | _scores(grade), indent=1) + "\n"


def _about(environment: Mapping[str, str]) -> dict[str, Any]:
    if missing := [name for name in NEEDED.values() if not environment.get(name, "").strip()]:
        raise UsageError(
            f"the format classroom50 needs {', '.join(missing)} in the environment, as the runner "
            "of Classroom 50 sets them"
        )
    if not environment["SUBMISSION_TAG"].startswith("submit/"):
        raise UsageError("the format classroom50 needs a SUBMISSION_TAG that starts with submit/")
    found: dict[str, Any] = {key: line(environment[var], 2000) for key, var in NEEDED.items()}
    owner = environment.get("OWNER") or environment.get("USERNAME") or ""
    kind = environment.get("ASSIGNMENT_TYPE") or "individual"
    return {"schema": SCHEMA, **found, "assignment_type": line(kind), "owner": line(owner)}


def _scores(grade: Grade) -> dict[str, Any]:
    when = f"{moment(grade):%Y-%m-%dT%H:%M:%SZ}"
    if not grade.judged:
        test = {"test-name": "not judged", "passed": False, "score": 0, "max-score": 0}
        test["output"] = why_not_judged(grade)
        return {"datetime": when, "score": 0, "max-score": 0, "tests": [test]}
    marks = shown(grade)
    whole = whole_points(grade, marks)
    tests = [_test(mark, *pair) for mark, pair in zip(marks, whole.marks, strict=True)]
    return {
        "datetime": when,
        "score": whole.points,
        "max-score": whole.possible,
        "tests": tests,
    }


def _test(mark: Mark, points: int, possible: int) -> dict[str, Any]:
    return {
        "test-name": name(mark),
        "passed": mark.verdict == "PASS",
        "score": points,
        "max-score": possible,
        "output": lines(mark.text, MOST_OF_A_TEXT),
    }
