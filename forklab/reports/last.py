"""The last run of a lab, read from its folder: what came out of each check."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forklab.errors import UsageError
from forklab.results.record import REFERENCE, Verdict

RESULTS = "results.json"


@dataclass(frozen=True)
class LastRun:
    """What is known of it.

    Attributes:
        folder: where it is kept.
        program: the path of what was judged, as a person named it, or of the reference program.
        checks: as in results.json, in the order in which they ran.
        whole: neither interrupted nor broken.
    """

    folder: Path
    program: str
    checks: tuple[dict[str, Any], ...]
    whole: bool

    @property
    def first_failure(self) -> dict[str, Any] | None:
        """The check that failed first; None if none did."""
        return next((check for check in self.checks if check["verdict"] == Verdict.FAIL), None)

    @property
    def passed(self) -> frozenset[str]:
        """Ids of the checks that passed."""
        return frozenset(c["id"] for c in self.checks if c["verdict"] == Verdict.PASS)

    @property
    def not_shown_here(self) -> frozenset[str]:
        """Ids of the checks that were SKIPPED for a reason that is not the program's."""
        return frozenset(
            c["id"] for c in self.checks if c["verdict"] == Verdict.SKIPPED and not c["because"]
        )

    @property
    def all_judged(self) -> bool:
        """Whether it came to its end and no check was BROKEN."""
        return (
            self.whole
            and bool(self.checks)
            and all(check["verdict"] != Verdict.BROKEN for check in self.checks)
        )


def last_run(runs: Path, lab: str) -> LastRun | None:
    """Return the last run of *lab* that was finished; None if there is none.

    The names of the folders are times, so no link is needed; a run that is under way has no results
    yet.

    Raises:
        UsageError: its results cannot be read.
    """
    found = sorted((path.parent for path in (runs / lab).glob(f"*/{RESULTS}")), key=_time)
    named = [folder for folder in found if not folder.is_symlink()]
    return _read(named[-1]) if named else None


def _time(folder: Path) -> tuple[str, int]:
    """Order the second run of one second, `...Z-2`, behind the first, and the tenth behind both."""
    found = re.fullmatch(r"(.*Z)-(\d+)", folder.name)
    return (found[1], int(found[2])) if found else (folder.name, 1)


def _read(folder: Path) -> LastRun:
    try:
        document = json.loads((folder / RESULTS).read_text(encoding="utf-8"))
        return LastRun(
            folder,
            document["program"].removeprefix(REFERENCE),
            tuple(document["checks"]),
            not document["interrupted"] and not document["broken"],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder / RESULTS} cannot be used: {error!r}") from error
