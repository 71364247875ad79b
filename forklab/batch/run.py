"""Grade what is still to be graded, several at a time; then look at doubtful failures alone."""

from __future__ import annotations

import os
import shutil
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from forklab.batch.pool import Worker
from forklab.batch.store import Kept, Store
from forklab.grading.job import Settings
from forklab.grading.record import Record, confirmed, doubtful, is_broken, why_broken
from forklab.submissions.submission import Submission

ATTEMPTS = 3
GRADE, CONFIRM = "grade", "confirm"
LOGS, SUBMISSIONS, ALONE = "logs", "submissions", "alone"
MEMORY_EACH = 400 << 20  # of a sandbox that works, and its worker


class Watcher(Protocol):
    """Whoever wants to know how far it is."""

    def phase(self, what: str, todo: list[Submission]) -> None:
        """Say that *todo* come now, and what is done with them: GRADE or CONFIRM."""

    def begins(self, submission: str) -> None:
        """Say that this one is under way."""

    def ended(self, record: Record, *, final: bool) -> None:
        """Say that this one is done; *final*: nothing more will be looked at."""


@dataclass
class Batch:
    """What is graded, and where its results go."""

    folder: Path
    store: Store
    settings: Settings
    keys: dict[str, str]
    watcher: Watcher
    over: threading.Event = field(default_factory=threading.Event)

    def settings_for(self, name: str, only: tuple[str, ...]) -> Settings:
        """Return the settings of one submission, whose run is kept in an empty folder of its own.

        *only*: ids of the checks that are looked at again, which are kept beside the first run.
        """
        folder = self.folder / SUBMISSIONS / name / (ALONE if only else "")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        # whoever grades it works in another folder
        return replace(self.settings, folder=str(folder.resolve()), only=only)


Task = Callable[[Batch, Worker, Submission], None]


def at_once(wanted: int | None) -> int:
    """Return how many are graded at a time: they mostly wait, so more than there are cores."""
    if wanted is not None:
        return wanted
    return max(1, min(2 + 2 * cores(), _memory_free() // MEMORY_EACH))


def cores() -> int:
    """Return how many CPUs we may use."""
    return len(os.sched_getaffinity(0))


def _memory_free() -> int:
    """Return how many bytes can be had without swapping (proc(5), MemAvailable)."""
    with open("/proc/meminfo") as file:
        fields = dict(line.split(":", 1) for line in file)
    return int(fields["MemAvailable"].split()[0]) << 10


def run(batch: Batch, submissions: Sequence[Submission], many: int) -> None:
    """Grade *submissions* that have no final result yet; each result is kept as it ends.

    Raises:
        KeyboardInterrupt: it was interrupted; what had ended is kept, and nothing runs any more.
    """
    todo = list(submissions)
    kept = batch.store.kept()
    batch.watcher.phase(GRADE, waiting := [s for s in todo if _is_fresh(s, kept, batch.keys)])
    _in_parallel(batch, waiting, many, _first)
    kept = batch.store.kept()
    batch.watcher.phase(CONFIRM, waiting := [s for s in todo if not kept[s.name].final])
    _in_parallel(batch, waiting, min(many, cores()), _again)


def _is_fresh(submission: Submission, kept: dict[str, Kept], keys: dict[str, str]) -> bool:
    """Whether nothing is known of it, or of another version."""
    return submission.name not in kept or kept[submission.name].key != keys[submission.name]


def _in_parallel(batch: Batch, submissions: list[Submission], many: int, task: Task) -> None:
    todo = deque(submissions)
    logs = batch.folder / LOGS
    logs.mkdir(parents=True, exist_ok=True)
    workers = [
        Worker(batch.settings.sandbox, logs / f"{number}.txt")
        for number in range(1, min(many, len(todo)) + 1)
    ]
    with ThreadPoolExecutor(max(1, len(workers))) as pool:
        try:
            works = [pool.submit(_work, batch, worker, todo, task) for worker in workers]
            for work in as_completed(works):  # a fault of one ends all, whoever it is
                work.result()
        except BaseException:
            batch.over.set()
            for worker in workers:
                worker.stop()
            raise


def _work(batch: Batch, worker: Worker, todo: deque[Submission], task: Task) -> None:
    """Take one submission after another until there is none."""
    try:
        while not batch.over.is_set():
            try:
                submission = todo.popleft()
            except IndexError:
                return worker.end()
            batch.watcher.begins(submission.name)
            task(batch, worker, submission)
    finally:
        worker.kill()


def _first(batch: Batch, worker: Worker, submission: Submission) -> None:
    """Grade it, and keep what came out."""
    found = _tried(batch, worker, submission)
    if found is not None:
        final = not doubtful(found)
        batch.store.put(found, batch.keys[submission.name], final=final)
        batch.watcher.ended(found, final=final)


def _again(batch: Batch, worker: Worker, submission: Submission) -> None:
    """Look once more at what failed by waiting in vain, and keep what counts."""
    found = batch.store.record(submission.name)
    again = _tried(batch, worker, submission, tuple(doubtful(found)))
    if again is not None:
        found = confirmed(found, again)
        batch.store.put(found, batch.keys[submission.name], final=True)
        batch.watcher.ended(found, final=True)


def _tried(
    batch: Batch, worker: Worker, submission: Submission, only: tuple[str, ...] = ()
) -> Record | None:
    """Run it, again if forklab could not look, but not for ever; None if all is over meanwhile."""
    whys: list[str] = []
    for _ in range(ATTEMPTS):
        settings = batch.settings_for(submission.name, only)
        found = worker.grade(submission, settings)
        if batch.over.is_set():
            return None
        found["attempts"] = len(whys) + 1
        if not is_broken(found):
            break
        whys.append(why_broken(found))
    if whys:
        found["notes"] = [*found["notes"], *(f"forklab could not look: {why}" for why in whys)]
    return found
