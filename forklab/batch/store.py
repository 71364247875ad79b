"""The results of a batch in SQLite: a transaction for each, so that none is lost or half there."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from forklab.grading.record import Record

NAME = "results.sqlite"
VERSION = 1  # of the tables, in the file's user_version
SCHEMA = """
CREATE TABLE IF NOT EXISTS said (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS result (
    submission TEXT PRIMARY KEY,
    key TEXT NOT NULL,      -- hash of all that decides the verdicts
    final INTEGER NOT NULL, -- 0: its failures are still to be looked at again, alone
    verdict TEXT NOT NULL,
    ended TEXT NOT NULL,    -- ISO 8601, UTC
    record TEXT NOT NULL    -- JSON, forklab-record/1
) STRICT;
"""


@dataclass(frozen=True)
class Kept:
    """What is known of a submission without reading its record."""

    key: str
    final: bool
    verdict: str


class Store:
    """The file of one batch; its methods may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        """Open, or make, the file in *folder*.

        Raises:
            sqlite3.Error: it is no such file, one of another version, or cannot be written.
        """
        self._lock = threading.Lock()
        # each statement is a transaction; a commit returns when it is on disk (PRAGMA synchronous)
        self._db = sqlite3.connect(folder / NAME, isolation_level=None, check_same_thread=False)
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError(f"its tables have version {version}, not {VERSION}")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        if version == 0:
            self._db.executescript(f"{SCHEMA}PRAGMA user_version={VERSION};")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def say(self, name: str, value: Any) -> None:
        """Keep something about the whole batch; *value* must fit JSON."""
        with self._lock:
            self._db.execute("REPLACE INTO said VALUES (?, ?)", (name, json.dumps(value)))

    def said(self, name: str) -> Any:
        """Return what was kept by `say`, None if nothing was."""
        with self._lock:
            row = self._db.execute("SELECT value FROM said WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, record: Record, key: str, *, final: bool) -> None:
        """Keep *record*, in the place of an earlier one of the same submission."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = (record["submission"], key, final, record["verdict"], now, json.dumps(record))
        with self._lock:
            self._db.execute("REPLACE INTO result VALUES (?, ?, ?, ?, ?, ?)", row)

    def kept(self) -> dict[str, Kept]:
        """Return what is there, by submission."""
        with self._lock:
            rows = self._db.execute("SELECT submission, key, final, verdict FROM result").fetchall()
        return {name: Kept(key, bool(final), verdict) for name, key, final, verdict in rows}

    def record(self, submission: str) -> Record:
        """Return the record of *submission*."""
        with self._lock:
            row = self._db.execute(
                "SELECT record FROM result WHERE submission = ?", (submission,)
            ).fetchone()
        found: Record = json.loads(row[0])
        return found

    def records(self) -> Iterator[Record]:
        """Yield every record, by name; one at a time is in memory."""
        for name in sorted(self.kept()):
            yield self.record(name)

    def forget(self, submissions: list[str]) -> None:
        """Remove what is known of *submissions*, all in one transaction."""
        with self._lock, self._db:
            self._db.execute("BEGIN")
            self._db.executemany(
                "DELETE FROM result WHERE submission = ?", [(name,) for name in submissions]
            )
