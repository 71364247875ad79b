"""Where a batch is kept, and which one a person means."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forklab.batch.store import NAME, Store
from forklab.errors import UsageError
from forklab.reports.folder import new_folder

FOLDER = "grade"


@dataclass(frozen=True)
class Meant:
    """What makes two calls mean the same batch.

    Attributes:
        lab, paths, sandbox: as they are known everywhere.
        one: what is in a path is one submission, for a format that holds one.
    """

    lab: str
    paths: tuple[str, ...]
    sandbox: str
    one: bool = False

    @classmethod
    def of(cls, lab: str, paths: Sequence[Path], sandbox: str, *, one: bool = False) -> Meant:
        """Return it, with paths that depend neither on the current folder nor on their order."""
        return cls(lab, tuple(sorted({str(path.resolve()) for path in paths})), sandbox, one)

    @property
    def plain(self) -> list[Any]:
        """Return it as JSON has it."""
        return [self.lab, list(self.paths), self.sandbox, self.one]


def newest(runs: Path, meant: Meant, say: Callable[[str], None] = lambda line: None) -> Path | None:
    """Return the folder of the newest batch that is *meant*, None if there is none.

    *say* is told what is passed over because it cannot be read.
    """
    folders: list[Path] = []
    with contextlib.suppress(OSError):  # who wants to write there is told
        folders = [path.parent for path in (runs / FOLDER).glob(f"*/{NAME}")]
    for folder in sorted(folders, key=_order, reverse=True):
        if folder.is_symlink():
            continue
        try:
            with opened(folder) as store:
                if store.said("meant") == meant.plain:
                    return folder
        except (sqlite3.Error, ValueError) as error:
            say(f"{folder / NAME} cannot be used ({error}); this batch is passed over")
    return None


def _order(folder: Path) -> tuple[str, int, str]:
    """Sort by time, and those of one second by their number, which may have two digits."""
    second = folder.name.partition("Z")[0]
    return second, len(folder.name), folder.name


def make(runs: Path, meant: Meant) -> Path:
    """Make the folder of a new batch.

    Raises:
        UsageError: nothing can be written there.
    """
    folder = new_folder(runs, FOLDER)
    with opened(folder) as store:
        store.say("meant", meant.plain)
        store.say("began", datetime.now(UTC).isoformat(timespec="seconds"))
    return folder


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[Store]:
    """Yield the store of a batch, closed afterwards."""
    store = Store(folder)
    try:
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def mine(folder: Path) -> Iterator[None]:
    """Keep others from grading the same batch at the same time; a lock ends with its holder.

    Raises:
        UsageError: somebody does already.
    """
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"another forklab is grading {folder}; wait for it, or begin another batch by --new"
            ) from None
        yield
