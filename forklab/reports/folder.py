"""The folder of a run: everything that was seen, for a person with time and for other programs.

runs/<lab>/<time>/
    report.txt            every failure in full, with whole tables
    results.json          the same for programs;  junit.xml: for CI servers
    output/<check>.txt    what the program printed, byte for byte as far as it was kept
    snapshots/<check>.json    processes, descriptors and sockets as the kernel told them
    broken/<check>.txt    our own trace of a check that could not be judged
    events.jsonl          what happened, one event a line
    report.html           the report with pictures, one file for a browser
    summary.md            verdicts, failures and timelines for the summary of a job
runs/<lab>/latest         a link to the folder of the last run
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forklab.errors import UsageError
from forklab.reports import json_report, junit, summary
from forklab.reports.failure import expanded
from forklab.reports.last import RESULTS
from forklab.reports.text import Line, columns, visible
from forklab.results.record import Result, Run, Verdict

LATEST = "latest"
PAGE, SUMMARY, TEXT, JUNIT, LOG = (
    "report.html", "summary.md", "report.txt", "junit.xml", "events.jsonl",
)  # fmt: skip
FILES = (TEXT, SUMMARY, RESULTS, JUNIT)  # beside PAGE; and LOG, where a program was started


def open_folder(root: Path, lab: str) -> RunFolder:
    """Make the folder of a new run of *lab* below *root*, and point `latest` to it.

    Raises:
        UsageError: nothing can be written there.
    """
    return RunFolder(new_folder(root, lab))


def new_folder(root: Path, name: str) -> Path:
    """Make a folder below *root*/*name* that is named by the time, and point `latest` to it.

    Raises:
        UsageError: nothing can be written there.
    """
    parent = root / name
    with _writing(parent):
        parent.mkdir(parents=True, exist_ok=True)
        path = _unique(parent)
    make_latest(path)
    return path


def make_latest(path: Path) -> None:
    """Let `latest` point to *path*, which is beside it."""
    with contextlib.suppress(OSError):  # a convenience: not every file system has links
        _point_to(path.parent / LATEST, path.name)


class RunFolder:
    """The folder of one run; every method raises UsageError when it cannot be written."""

    def __init__(self, path: Path) -> None:
        """Keep everything below *path*, which is there."""
        self.path = path

    @property
    def shown(self) -> str:
        """Its path as a person would type it: relative where it is below the current folder."""
        with contextlib.suppress(ValueError):
            return str(self.path.resolve().relative_to(Path.cwd().resolve()))
        return str(self.path)

    def write_result(
        self, result: Result, raw_snapshot: dict[str, Any] | None, output: str
    ) -> None:
        """Keep what belongs to one check: what was printed, the snapshot judged, our trace."""
        name = result.check.id
        self._write(f"output/{name}.txt", output)
        if raw_snapshot is not None:
            self._write(f"snapshots/{name}.json", json.dumps(raw_snapshot, indent=1) + "\n")
        if result.trace:
            self._write(f"broken/{name}.txt", result.trace)

    def write_events(self, lines: Iterable[str]) -> None:
        """Keep what happened: a header, then an event a line, each of them JSON."""
        with _writing(self.path), (self.path / LOG).open("w", encoding="utf-8") as file:
            file.writelines(line + "\n" for line in lines)

    def write_pages(self, html: str, markdown: str) -> None:
        """Keep the report with pictures, and the summary."""
        self._write(PAGE, html)
        self._write(SUMMARY, markdown)

    def finish(self, run: Run) -> None:
        """Write the reports of the run."""
        self._write(RESULTS, json_report.render(run))
        self._write(JUNIT, junit.render(run))
        self._write(TEXT, report(run))

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        with _writing(path):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode("utf-8", "backslashreplace"))


def report(run: Run) -> str:
    """Return the whole report as text: every check, every failure with complete tables."""
    checks = [result.check for result in run.results]
    lines = [*summary.heading(run, checks), *summary.warnings(run, full=True), Line("")]
    width = max((columns(check.id) for check in checks), default=0)
    for number, result in enumerate(run.results, 1):
        lines += summary.check_line(result, number, max(run.total, number), width)
    for result in run.results:
        lines += _in_full(result)
    lines += [*summary.breakages(run), Line(""), *summary.count(run)]
    return "".join(visible(line.text) + "\n" for line in lines)


def _in_full(result: Result) -> Sequence[Line]:
    if result.verdict not in (Verdict.FAIL, Verdict.BROKEN):
        return ()
    title = f"{result.verdict}  {result.check.id}"
    rule = "-" * columns(title)
    return [Line(""), Line(title), Line(rule), *expanded(result, full=True)]


def _unique(parent: Path) -> Path:
    """Make a folder that is named by the time, in UTC; a number is added if it is there already."""
    name = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%SZ")
    for number in range(1, 1000):
        path = parent / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):  # a run that began in the same second
            path.mkdir()
            return path
    raise FileExistsError(f"a thousand runs are named {name}")


def _point_to(link: Path, name: str) -> None:
    """Make *link* point to *name* in one step, so that it is never missing."""
    fresh = link.with_name(f".{link.name}-{os.getpid()}")
    fresh.symlink_to(name)
    try:
        fresh.replace(link)
    except OSError:
        fresh.unlink()
        raise


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into one sentence."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror or error}; run forklab in a folder that you "
            "may write to, with space left"
        ) from error
