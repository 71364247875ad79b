"""What is made of the results of a batch: pages, tables, files for course platforms."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from forklab.batch.run import ALONE, SUBMISSIONS
from forklab.batch.store import Store
from forklab.emitters import table
from forklab.emitters.formats import FORMATS, Format
from forklab.emitters.formats import find as find_format
from forklab.errors import UsageError
from forklab.grades.grade import Grade
from forklab.grades.grading import grade
from forklab.grades.rubric import Rubric
from forklab.grades.rubric import read as read_rubric
from forklab.grades.words import RubricError
from forklab.grading.record import Record
from forklab.labs import LabInfo
from forklab.pages import class_page, evidence_page
from forklab.pages.class_facts import ClassFacts
from forklab.reports.folder import JUNIT, TEXT
from forklab.reports.last import RESULTS
from forklab.results.record import Check
from forklab.session import checks_of

INDEX = "index.html"
RUN = (TEXT, RESULTS, JUNIT)
KEPT = (*RUN, *(f"{ALONE}/{name}" for name in RUN))  # of the run, and of the second look
ALWAYS = ("csv", "json")  # written into the folder of every batch


ANYBODY = Grade("somebody", "", "PASS", 0.0, 0.0, ())


@dataclass(frozen=True)
class Output:
    """A file that a person wants."""

    format: Format
    path: Path

    def try_out(self) -> None:
        """Demand that it can be written, before hours are spent on what is to be in it.

        Raises:
            UsageError: it cannot, or its format lacks something that it needs.
        """
        self.format.text([ANYBODY])
        with self._told():
            if self.path.is_dir():
                raise IsADirectoryError(errno.EISDIR, "it is a folder")
            if not _is_special(self.path):
                _make(self.path, b"").unlink()

    def write(self, grades: Sequence[Grade]) -> None:
        """Write it.

        Raises:
            UsageError: it cannot be written any more.
        """
        text = self.format.text(grades)
        with self._told():
            _put(self.path, text)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:
            raise
        except OSError as error:
            why = error.strerror or error
            raise UsageError(
                f"--write {self.format.name}={self.path}: it cannot be written: {why}"
            ) from error


@dataclass(frozen=True)
class View:
    """How results are shown: by which rubric, in which language, into which files."""

    info: LabInfo
    checks: tuple[Check, ...]
    rubric: Rubric
    outputs: tuple[Output, ...]
    language: str

    @classmethod
    def read(cls, info: LabInfo, rubric: Path | None, write: Sequence[str], language: str) -> View:
        """Return it; all that a person said is looked at before anything is graded.

        Raises:
            UsageError: the rubric is wrong, or a word of *write* is no FORMAT=FILE.
        """
        checks = checks_of(info.name)
        try:
            found = read_rubric(rubric, info.name, checks)
        except RubricError as error:
            raise UsageError(str(error)) from error
        return cls(info, tuple(checks), found, tuple(map(_output, write)), language)

    @property
    def is_of_one(self) -> bool:
        """Whether a file is wanted that holds one submission: what was handed in is one, then."""
        return any(output.format.one_only for output in self.outputs)

    def accept(self, names: Sequence[str]) -> None:
        """Refuse formats that hold one submission where there are several, and what is no file.

        Raises:
            UsageError: with the format's name.
        """
        for output in self.outputs:
            output.try_out()
            if output.format.one_only and len(names) != 1:
                raise UsageError(
                    f"--write {output.format.name} is the result of one submission, and here are "
                    f"{len(names)}"
                )

    def grade(self, record: Record, hours: Mapping[str, float]) -> Grade:
        """Return the grade of one record; *hours*: how late, by submission."""
        name = record["submission"]
        return grade(record, self.rubric, hours.get(name, 0.0), f"{SUBMISSIONS}/{name}")

    def write(
        self, folder: Path, store: Store, hours: Mapping[str, float], facts: ClassFacts
    ) -> list[Grade]:
        """Write pages and files, and return the grades, sorted by name.

        Their evidence is kept in memory only where a file needs the evidence of all.
        """
        whole = bool(self.outputs)
        grades = []
        for record in store.records():
            found = self.grade(record, hours)
            home = folder / found.folder
            files = [name for name in KEPT if (home / name).is_file()]
            _put(home / INDEX, evidence_page.render(found, facts, self.language, files))
            grades.append(found if whole else without_evidence(found))
        _put(folder / INDEX, class_page.render(grades, facts, self.language))
        # the same whatever else is written; the evidence is in the folder of each
        bare = [without_evidence(found) for found in grades] if whole else grades
        for name in ALWAYS:
            _put(folder / FORMATS[name].file, FORMATS[name].render(bare))
        for output in self.outputs:
            output.write(grades)
        return grades

    def facts(self, began: str, seconds: float, sandbox: str, again: str) -> ClassFacts:
        """Return what the pages say of the batch."""
        return ClassFacts(
            lab=self.info.name,
            title=self.info.title,
            began=began,
            seconds=seconds,
            sandbox=sandbox,
            version=version("forklab"),
            again=again,
            reasons={check.id: check.reason for check in self.checks},
        )


def summary(grades: Sequence[Grade], folder: Path) -> str:
    """Return the table of all, and where the page is."""
    broken = any(grade.verdict == "BROKEN" for grade in grades)
    again = "--only-failed looks again at what was not judged\n" if broken else ""
    return f"\n{table.render(grades)}\n{again}open {folder / INDEX}\n"


def line(found: Grade) -> str:
    """Return one grade in the words of a line."""
    failed = [mark.id for mark in found.marks if mark.verdict == "FAIL"]
    shown = ", ".join(failed[:3]) + (f" and {len(failed) - 3} more" if len(failed) > 3 else "")
    points = f"{found.points:5.1f}/{found.possible:.0f}"
    return f"{found.verdict:7} {points}  {found.submission}" + (f"  fails {shown}" if shown else "")


def without_evidence(found: Grade) -> Grade:
    """Return it with the texts left out that its own page has."""
    return replace(found, marks=tuple(replace(mark, text="") for mark in found.marks))


def _output(word: str) -> Output:
    name, _, path = word.partition("=")
    if not path:
        raise UsageError(
            f"--write {word} must be FORMAT=FILE; the formats are: {', '.join(sorted(FORMATS))}"
        )
    return Output(find_format(name), Path(path))


def _put(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it finds all of it, or the one before."""
    data = text.encode("utf-8", "backslashreplace")
    if _is_special(path):
        with path.open("ab") as file:
            file.write(data)
    else:
        _make(path, data).replace(path.resolve())  # where it is a link, what that points to


def _is_special(path: Path) -> bool:
    """Whether it must not be replaced: a pipe, a terminal, /dev/stdout whatever that is."""
    return path.is_relative_to("/dev") or (path.exists() and not path.is_file())


def _make(path: Path, data: bytes) -> Path:
    """Make a file beside *path*, and the folders that it needs."""
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name[:40]}-{os.getpid()}")
    fresh.write_bytes(data)
    return fresh
