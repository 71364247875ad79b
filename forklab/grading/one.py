"""Grade one submission. Nothing here knows that there are others."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from forklab import labs
from forklab.errors import UsageError
from forklab.grading.job import Settings
from forklab.grading.record import Record, record
from forklab.labs import LabInfo
from forklab.order import Order
from forklab.reports import json_report
from forklab.sandbox.opening import Opening
from forklab.session import Session
from forklab.submissions.manifest import applied
from forklab.submissions.materialize import write
from forklab.submissions.submission import Manifest, Submission


def grade_one(
    submission: Submission,
    settings: Settings,
    opening: Opening | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> Record:
    """Run the checks of a lab on *submission* and return the record.

    Args:
        submission: what was handed in; if it was refused, every check says why.
        settings: which lab and how.
        opening: a sandbox that nothing has run in; None: one is made.
        say: told what takes long.
    """
    info = labs.read(settings.lab)
    refused = submission.refused or unusable(info, submission.manifest)
    with _files(submission, refused) as (program, runs), contextlib.ExitStack() as stack:
        order = _order(submission.manifest, settings, program, runs, refused)
        if opening is None:
            opening = stack.enter_context(Opening(settings.sandbox, say))
        session = Session(order, info, opening, None, say)
        # where it was kept is the instructor's machine, and what is kept may go to a student
        session.run.program = session.run.folder = submission.name
        run = session.run_checks()
    return record(submission, info.name, json_report.document(run), refused)


def unusable(info: LabInfo, said: Manifest) -> str:
    """Say why the program cannot be started as its manifest wants; "" if it can."""
    try:
        applied(said, info.spec)
    except UsageError as error:
        return f"submission.toml: {error}"
    return ""


def _order(said: Manifest, settings: Settings, program: Path, runs: Path, refused: str) -> Order:
    usable = said if not refused else Manifest()
    return Order(
        lab=settings.lab,
        program=program,
        run=usable.run,
        port=usable.port,
        workers=usable.workers,
        worker=usable.worker,
        only=frozenset(settings.only),
        declared=usable.declares,
        main=usable.main,
        sandbox=settings.sandbox,
        runs=runs,
        folder=Path(settings.folder) if settings.folder else None,
        refused=refused,
        events=False,
    )


@contextlib.contextmanager
def _files(submission: Submission, refused: str) -> Iterator[tuple[Path, Path]]:
    """Put the files into a folder for a while; yield the program's path and one for the run.

    The path is relative, and the folder the current one: what a report says of the program must
    not depend on where it lay.
    """
    with tempfile.TemporaryDirectory(prefix="forklab-grade-") as folder:
        runs = Path(folder) / "runs"
        with contextlib.chdir(folder):
            home = Path(submission.name)
            yield (home if refused else write(submission, home)), runs
