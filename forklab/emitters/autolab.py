"""A grade as the output of an Autolab job: words for the reader, feedback, and the scores last.

Autolab reads the last line. Before it does, it puts quotation marks around each `word:` of ASCII
letters and digits (assessment_autograde_core.rb), in strings, too; so no colon follows such a
letter here, nor an escape such as \\u00e9, which ends in one. The line before is feedback.
"""

from __future__ import annotations

import re
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
)
from forklab.grades.grade import Grade, Mark

PROBLEM = "forklab"  # the problem of the assessment that gets the score
MOST_OF_A_HINT = 160
MOST_BYTES = 500 * 1000  # of output above 1000 KiB Autolab leaves out the middle
RULE = "-" * 8  # so that no line of a program can stand where feedback is looked for
BEFORE_A_COLON = re.compile(r"(?<! ):")


def render(grade: Grade, problem: str = PROBLEM) -> str:
    """Return what the job prints.

    Args:
        grade: of one submission; of one that is not judged the score is 0 and the words say why.
        problem: name of the problem, as the assessment defines it.
    """
    score = number(grade.scaled) if grade.judged else 0
    last = _json({"scores": {_plain(problem) or PROBLEM: score}, "scoreboard": [score]})
    feedback = _feedback(shown(grade)) if grade.judged else ""
    words = fitting(lambda most: _words(grade, most), MOST_BYTES)
    return "\n".join(part for part in (words, RULE, feedback, last) if part) + "\n"


def _plain(text: str) -> str:
    """Return *text* on one line, with a space before each colon: nothing else is safe, in ASCII."""
    return BEFORE_A_COLON.sub(" :", line(text, MOST_OF_A_HINT)).strip()


def _json(value: dict[str, Any]) -> str:
    return as_json(value)


def _words(grade: Grade, most: int) -> str:
    parts = [sentence(grade), *remarks(grade)]
    for mark in shown(grade):
        worth = f"{number(mark.points)}/{number(mark.possible)}" if counts(mark) else "not counted"
        parts.append(f"{mark.verdict:<8} {line(mark.id)} ({worth}): {line(mark.title)}")
        parts += ["    " + row for row in lines(mark.text, most).split("\n") if row]
    return "\n".join(parts)


def _feedback(marks: tuple[Mark, ...]) -> str:
    stages: dict[str, dict[str, Any]] = {}
    for mark in filter(counts, marks):
        stage = stages.setdefault(f"{_plain(mark.level).capitalize()} checks", {})
        found: dict[str, Any] = {"passed": mark.verdict == "PASS"}
        hint = {"hint": _plain(mark.seen)} if mark.seen else {}
        stage[_plain(mark.id) or "check"] = found | hint
    if not stages:
        return ""
    return _json({"_presentation": "semantic", "stages": list(stages), **stages})
