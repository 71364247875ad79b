"""`forklab events`: a log of events, checked against its schema, or shown in another form."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from forklab import file_of_run
from forklab.errors import UsageError
from forklab.events import lines
from forklab.events.lines import Recorded
from forklab.reports.folder import LOG
from forklab.views.mermaid import mermaid
from forklab.views.perfetto import perfetto
from forklab.views.timeline import timeline


@dataclass(frozen=True)
class Wanted:
    """What is to be shown of a log.

    Attributes:
        only: id of the check whose events are shown; "": of all.
        validate: say whether it is right; text, mermaid: print it so.
        perfetto: the file to write; None: none.
    """

    only: str = ""
    validate: bool = False
    text: bool = False
    mermaid: bool = False
    perfetto: Path | None = None


def find(source: str, runs: Path) -> Path:
    """Return the log that *source* names: a file, the folder of a run, or a lab's last run.

    Raises:
        UsageError: there is none.
    """
    return file_of_run.find(source, runs, LOG, "its program was never started")


def show(path: Path, wanted: Wanted, say: Callable[[str], None]) -> bool:
    """Do what is *wanted* with the log at *path*; whether it is right, if that was asked.

    Raises:
        UsageError: it cannot be read, is no log, or has no such check.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    right = not wanted.validate or _is_right(text, path, say)
    if not right:
        return False
    recorded = _only(lines.read(text.splitlines()), wanted.only)
    for line in _views(recorded, wanted):
        say(line)
    if wanted.perfetto is not None:
        _write(wanted.perfetto, recorded)
        say(f"{wanted.perfetto}: open it at ui.perfetto.dev, which uploads nothing")
    return True


def _is_right(text: str, path: Path, say: Callable[[str], None]) -> bool:
    from forklab.events.schema import faults  # jsonschema takes a while to import

    found = list(faults(text.splitlines()))
    for fault in found:
        say(f"{path}: {fault}")
    if not found:
        say(f"{path}: {len(text.splitlines()) - 1} events, as {lines.SCHEMA} demands")
    return not found


def _only(recorded: Recorded, check: str) -> Recorded:
    if not check:
        return recorded
    events = [event for event in recorded.events if event.check == check]
    if not events:
        known = ", ".join(dict.fromkeys(e.check for e in recorded.events if e.check))
        raise UsageError(f"the log has no check {check!r}; it has: {known}")
    return recorded._replace(events=events)


def _views(recorded: Recorded, wanted: Wanted) -> Iterator[str]:
    asked = wanted.validate or wanted.mermaid or wanted.perfetto is not None
    if wanted.text or not asked:
        yield from timeline(recorded)
    if wanted.mermaid:
        yield from mermaid(recorded)


def _write(path: Path, recorded: Recorded) -> None:
    try:
        path.write_text(json.dumps(perfetto(recorded)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
