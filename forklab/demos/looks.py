"""What is shown of a scene: rows of plain data, by the word behind `look`."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator
from pathlib import Path

from forklab.demos.happened import Ended, Heard, Ps
from forklab.demos.scene import Scene
from forklab.facts import describe_status

CONTEXT_LINES = 1


def processes(scene: Scene) -> tuple[Ps, ...]:
    """Return the process table: who is alive, and who has ended and was not reaped."""
    return tuple(
        Ps(
            scene.names.get(process.key, "-"),
            process.pid,
            process.ppid,
            process.state,
            without_folders(process.command) + " <defunct>" * process.is_zombie,
            process.waits_in(),
        )
        for process in scene.snapshot.processes
    )


def without_folders(command: str) -> str:
    """Return a command line whose words name files without their folders."""
    return re.sub(r"(^|(?<= ))/\S*/", "", command)


def ends(scene: Scene) -> tuple[Ended, ...]:
    """Return how the processes ended that are gone, the last one last."""
    gone = [end for key, end in scene.snapshot.ends.items() if key not in scene.snapshot.by_key]
    return tuple(
        Ended(
            scene.names.get(end.key, f"pid {end.pid}"),
            describe_status(end.status).removeprefix("was "),
            None if end.ended is None or end.reaped is None else end.reaped - end.ended,
            not (end.by_agent or end.started),
        )
        for end in sorted(gone, key=lambda end: (end.ended or 0.0, end.pid))
    )


def clients(scene: Scene) -> tuple[Heard, ...]:
    """Return what each client has seen."""
    return tuple(
        Heard(name, seen.heard, _state(seen.port, over=seen.state.over))
        for name, seen in scene.seen.items()
    )


def _state(port: int, *, over: bool) -> str:
    if not port:
        return "refused"
    return "ended" if over else "waits"


def differences(right: Path, wrong: Path) -> tuple[str, ...]:
    """Return what *wrong* has instead of what *right* has, without their heads, as diff(1) does."""
    before, after = (list(_code(path.read_text("utf-8"))) for path in (right, wrong))
    found = difflib.unified_diff(before, after, n=CONTEXT_LINES, lineterm="")
    return tuple(line for line in found if not line.startswith(("---", "+++", "@@")))


def _code(text: str) -> Iterator[str]:
    """Yield the lines of a Python file behind its docstring."""
    first = ast.parse(text).body[0]
    yield from text.splitlines()[first.end_lineno or 0 :]
