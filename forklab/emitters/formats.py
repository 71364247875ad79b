"""Every format by its name: what `--write FORMAT=FILE` takes."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from forklab.emitters import (
    autolab,
    classroom50,
    csv_table,
    github_actions,
    github_classroom,
    gradescope,
    json_grades,
    junit,
    markdown,
    prairielearn,
    table,
)
from forklab.errors import UsageError
from forklab.grades.grade import Grade

One = Callable[[Grade], str]
Many = Callable[[Sequence[Grade]], str]


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        name: what a person calls it; says: what it is, a few words.
        file: how its file is called where the person does not say.
        one_only: it holds one submission only, not a batch.
        render: grades to the text of the file.
    """

    name: str
    says: str
    file: str
    one_only: bool
    render: Many

    def text(self, grades: Sequence[Grade]) -> str:
        """Return the text of the file; encode it as UTF-8.

        Raises:
            UsageError: the format is for one submission, or lacks something that it needs.
        """
        if self.one_only and len(grades) != 1:
            raise UsageError(
                f"the format {self.name} is for one submission, and there are {len(grades)}; "
                f"for many: {', '.join(sorted(f.name for f in FORMATS.values() if not f.one_only))}"
            )
        return self.render(grades)


def _one(name: str, says: str, file: str, render: One) -> Format:
    return Format(name, says, file, True, lambda grades: render(grades[0]))


def _many(name: str, says: str, file: str, render: Many) -> Format:
    return Format(name, says, file, False, render)


def _from_environment(grade: Grade) -> str:
    return classroom50.render(grade, os.environ)


FORMATS: dict[str, Format] = {
    found.name: found
    for found in (
        _many("table", "a table for a terminal", "grades.txt", table.render),
        _many("csv", "a row for each submission, for spreadsheets", "grades.csv", csv_table.render),
        _many("json", "everything, schema forklab-grades/1", "grades.json", json_grades.render),
        _many("junit", "JUnit XML, the strict dialect of Ant", "junit.xml", junit.render),
        _many("markdown", "a summary for GitHub", "summary.md", markdown.render),
        _many("github-actions", "annotations of a job", "annotations.txt", github_actions.render),
        _one("gradescope", "results.json of Gradescope", "results.json", gradescope.render),
        _one(
            "gradescope-visible",
            "the same, the total shown although checks are hidden",
            "results.json",
            partial(gradescope.render, total_visible=True),
        ),
        _one("prairielearn", "results.json of PrairieLearn", "results.json", prairielearn.render),
        _one("autolab", "the last lines of an Autolab job", "autolab.txt", autolab.render),
        _one("github-classroom", "result of a grader", "result.b64", github_classroom.render),
        _one("classroom50", "result.json of Classroom 50", "result.json", _from_environment),
    )
}


def find(name: str) -> Format:
    """Return the format *name*.

    Raises:
        UsageError: there is none, with the near match and all names.
    """
    if name in FORMATS:
        return FORMATS[name]
    close = difflib.get_close_matches(name, FORMATS, 1)
    meant = f" did you mean {close[0]!r}?" if close else ""
    raise UsageError(f"there is no format {name!r};{meant} the formats are: {', '.join(FORMATS)}")
