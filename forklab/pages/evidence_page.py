"""The page of one submission: its verdict, and the evidence for it."""

from __future__ import annotations

from collections.abc import Sequence

from forklab.grades.grade import Grade
from forklab.pages import environment
from forklab.pages.class_facts import ClassFacts
from forklab.pages.class_page import FILE

NOT_JUDGED = ("SKIPPED", "BROKEN")


def render(grade: Grade, facts: ClassFacts, language: str, files: Sequence[str] = ()) -> str:
    """Return the page, HTML, for an instructor: hidden checks are on it, and marked.

    Args:
        grade: of the submission; its folder says how far up the page of the class is.
        facts: about the batch.
        language: "en" or "ko".
        files: what lies beside the page and is linked to, relative to it, such as `report.txt`.
    """
    up = "../" * len([part for part in grade.folder.split("/") if part not in ("", ".")])
    return environment.render(
        "evidence.html.j2",
        language,
        {
            "grade": grade,
            "facts": facts,
            "files": files,
            "back": (up or "./") + FILE,
            "failed": [mark for mark in grade.marks if mark.verdict == "FAIL"],
            "others": [mark for mark in grade.marks if mark.verdict in NOT_JUDGED],
            "passed": [mark for mark in grade.marks if mark.verdict == "PASS"],
        },
    )
