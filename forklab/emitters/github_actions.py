"""Grades as workflow commands of GitHub Actions: annotations, and the two notices of a Classroom.

GitHub shows ten errors of a step at most; the last one says how many more there are.
"""

from __future__ import annotations

from collections.abc import Sequence

from forklab.emitters.clean import as_json, line, sentence, shown, why_not_judged
from forklab.grades.grade import Grade, Mark
from forklab.grades.whole import whole_points

MOST_ERRORS = 10


def render(grades: Sequence[Grade]) -> str:
    """Return the commands, one a line; points are noticed where there is one submission."""
    errors = [error for grade in grades for error in _errors(grade, alone=len(grades) == 1)]
    if len(errors) > MOST_ERRORS:
        more = len(errors) - MOST_ERRORS + 1
        errors[MOST_ERRORS - 1 :] = [
            command("error", "More failures", f"{more} more are in the report")
        ]
    return "\n".join([*errors, *(_notices(grades[0]) if len(grades) == 1 else [])]) + "\n"


def command(kind: str, title: str, message: str) -> str:
    """Return one workflow command; what would end its title or its message is escaped."""
    property_ = _escaped(line(title)).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={property_}::{_escaped(line(message))}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _errors(grade: Grade, *, alone: bool) -> list[str]:
    who = "" if alone else f"{line(grade.submission)}, "
    if not grade.judged:
        return [command("error", f"{who}not judged", why_not_judged(grade))]
    return [
        command("error", f"{who}{mark.id}", _told(mark))
        for mark in shown(grade)
        if mark.verdict == "FAIL"
    ]


def _told(mark: Mark) -> str:
    return f"{mark.title}; seen: {mark.seen}" if mark.seen else mark.title


def _notices(grade: Grade) -> list[str]:
    """Return the notices that a Classroom reads; none where the points would mean nothing."""
    if not grade.judged:
        return []
    whole = whole_points(grade)
    report = as_json({"totalPoints": whole.points, "maxPoints": whole.possible})
    complete = f"Points {whole.points}/{whole.possible}"
    return [
        command("notice", "forklab", sentence(grade)),
        command("notice", "Autograding complete", complete),
        command("notice", "Autograding report", report.replace(" ", "")),
    ]
