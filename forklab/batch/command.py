"""The command `grade`: submissions in; a table, pages and files for course platforms out."""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from forklab import labs
from forklab.batch import late, places, report
from forklab.batch.fingerprint import key
from forklab.batch.progress import Watched
from forklab.batch.run import Batch, at_once, cores, run
from forklab.batch.store import Store
from forklab.errors import UsageError
from forklab.grading.job import Settings
from forklab.pages.class_facts import ClassFacts
from forklab.reports.folder import make_latest
from forklab.sandbox.choose import choose
from forklab.submissions.collect import collect

Say = Callable[[str], None]
PASS = "PASS"
EXIT_BROKEN = 3


@dataclass(frozen=True)
class Wanted:
    """What a person asked for; see `forklab grade --help`."""

    lab: str
    paths: tuple[Path, ...]
    sandbox: str = ""
    at_once: int | None = None
    rubric: Path | None = None
    late: Path | None = None
    write: tuple[str, ...] = ()
    runs: Path = Path("runs")
    new: bool = False
    only_failed: bool = False
    regrade: bool = False
    language: str = "en"


def command(wanted: Wanted, out: TextIO, say: Say) -> int:
    """Grade a batch and return the exit status: 0, or 3 if some could not be looked at.

    Raises:
        UsageError: something that was asked for cannot be; nothing was begun, or nothing is lost.
        SandboxError: there is no sandbox of this kind.
        KeyboardInterrupt: it was interrupted; the same command goes on.
    """
    if wanted.new and (wanted.only_failed or wanted.regrade):
        raise UsageError("--new begins a batch, --only-failed and --regrade take the last one")
    info = labs.read(wanted.lab)
    view = report.View.read(info, wanted.rubric, wanted.write, wanted.language)
    hours = late.read(wanted.late) if wanted.late is not None else {}
    submissions = collect(wanted.paths, one=view.is_of_one, without=wanted.runs)
    view.accept([submission.name for submission in submissions])
    for name in sorted(set(hours) - {submission.name for submission in submissions}):
        say(f"{wanted.late}: no submission is called {name}")
    sandbox = choose(wanted.sandbox, say)
    settings = Settings(info.name, sandbox.kind)
    keys = {one.name: key(one, settings, sandbox.image) for one in submissions}
    meant = places.Meant.of(info.name, wanted.paths, sandbox.kind, one=view.is_of_one)
    folder = folder_of(wanted, meant, say)
    with _told(folder), places.mine(folder), places.opened(folder) as store:
        many = at_once(wanted.at_once)
        prepare(store, keys, only_failed=wanted.only_failed)
        compare(store, wanted, say)
        number = "1 submission" if len(submissions) == 1 else f"{len(submissions)} submissions"
        say(
            f"{info.dashed}: {number}, {many} at a time on {cores()} cores "
            f"(--at-once says otherwise), kept in {folder}"
        )
        began = time.monotonic()
        with Watched(out, lambda record: report.line(view.grade(record, hours))) as watched:
            run(Batch(folder, store, settings, keys, watched), submissions, many)
        facts = _facts(view, store, sandbox.kind, wanted, time.monotonic() - began)
        grades = view.write(folder, store, hours, facts)
        store.say("finished", True)
    out.write(report.summary(grades, folder))
    out.flush()
    return EXIT_BROKEN if any(grade.verdict == "BROKEN" for grade in grades) else 0


def folder_of(wanted: Wanted, meant: places.Meant, say: Say) -> Path:
    """Return the folder of the batch that is gone on with, or of a new one."""
    found = None if wanted.new else places.newest(wanted.runs, meant, say)
    if found is None:
        if wanted.only_failed or wanted.regrade:
            raise UsageError("these submissions were not graded yet: leave out the option")
        return _new(wanted.runs, meant)
    with _told(found), places.opened(found) as store:
        finished = store.said("finished")
    if finished and not (wanted.only_failed or wanted.regrade):
        return _new(wanted.runs, meant)
    if not finished:
        say(f"going on with {found}, which was not finished (--new begins another one)")
    make_latest(found)
    return found


def _new(runs: Path, meant: places.Meant) -> Path:
    with _told(runs / places.FOLDER):
        return places.make(runs, meant)


def prepare(store: Store, keys: dict[str, str], *, only_failed: bool) -> None:
    """Forget who is not handed in any more, and what is to be graded anew.

    Of a batch that was not finished nothing is graded anew: what failed in it may be of this call,
    which was interrupted.
    """
    kept = store.kept()
    anew = only_failed and store.said("finished")
    gone = [name for name in kept if name not in keys]
    again = [name for name, known in kept.items() if anew and known.verdict != PASS]
    store.say("finished", False)
    store.forget(sorted({*gone, *again}))


def compare(store: Store, wanted: Wanted, say: Say) -> None:
    """Say what decided points the last time and is left out now: it is easily forgotten."""
    given = {"--rubric": wanted.rubric, "--late": wanted.late}
    before = store.said("given") or {}
    for word, path in given.items():
        if path is None and before.get(word):
            say(f"the last time there was {word} {before[word]}, and now there is none")
    store.say("given", {word: str(path) for word, path in given.items() if path is not None})


def _facts(
    view: report.View, store: Store, kind: str, wanted: Wanted, seconds: float
) -> ClassFacts:
    """Return what the pages say of the batch; it may have been gone on with, after an end."""
    all_s = (store.said("seconds") or 0.0) + seconds
    store.say("seconds", all_s)
    return view.facts(str(store.said("began")), all_s, kind, again(wanted, view.info.dashed, kind))


def again(wanted: Wanted, lab: str, kind: str) -> str:
    """Return the command line that comes to the same grades once more."""
    words = ["forklab", "grade", lab, "--sandbox", kind]
    words += ["--rubric", str(wanted.rubric)] if wanted.rubric is not None else []
    words += ["--late", str(wanted.late)] if wanted.late is not None else []
    paths = [str(path) for path in wanted.paths]
    ends = ["--"] if any(path.startswith("-") for path in paths) else []
    return shlex.join([*words, *ends, *paths])


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Turn what the file system or SQLite refuses into one sentence."""
    try:
        yield
    except BrokenPipeError:  # whoever read us has gone
        raise
    except (OSError, sqlite3.Error) as error:
        raise UsageError(
            f"grading in {folder} cannot go on ({error}); what was graded so far is kept, and the "
            "same command goes on"
        ) from error
