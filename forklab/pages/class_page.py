"""The page of a batch: what the class did, what it did not understand, and a row for each."""

from __future__ import annotations

from collections.abc import Sequence

from forklab.grades.grade import Grade
from forklab.pages import environment
from forklab.pages.class_facts import ClassFacts
from forklab.pages.tally import Tally, tally

FILE = "index.html"
MOST_NAMES = 100  # of those who failed one check: more are the class, and its list is below
FEW_NAMES = 12  # are shown at once, more are folded
MOST_FAILED = 12  # checks in one row
NOTE_COLUMNS = 160


def render(grades: Sequence[Grade], facts: ClassFacts, language: str) -> str:
    """Return the page, HTML, for an instructor: hidden checks are on it, and marked.

    Args:
        grades: of all submissions, in any order.
        facts: about the batch.
        language: "en" or "ko".
    """
    counted = tally(grades)
    return environment.render(
        "class.html.j2",
        language,
        {
            "facts": facts,
            "tally": counted,
            "file": FILE,
            "most_names": MOST_NAMES,
            "few_names": FEW_NAMES,
            "most_failed": MOST_FAILED,
            "note_columns": NOTE_COLUMNS,
            "decimals": 0 if all(float(grade.points).is_integer() for grade in grades) else 1,
            **_sorted_out(counted),
        },
    )


def _sorted_out(counted: Tally) -> dict[str, object]:
    """Return the checks that somebody failed, that nobody did, and that were never judged."""
    judged = [check for check in counted.checks if check.judged]
    return {
        "failed": [check for check in judged if check.failed],
        "kept": [check for check in judged if not check.failed],
        "unjudged": [check for check in counted.checks if not check.judged],
        "highest": max((column.number for column in counted.bins), default=0),
    }
