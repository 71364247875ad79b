"""All labs, each with its reference program, several at a time, each in a process of its own.

They mostly wait, so there are more at a time than the machine has cores.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forklab import labs
from forklab.labs import LabInfo

Say = Callable[[str], None]
FOR_EACH_CORE = 2
WORST_FIRST = (130, 2, 1, 3, 0)  # exit statuses of `forklab check`
BROKEN = 3
END_S = 60.0
HEAD = ("lab", "passed", "points", "seconds", "run")


@dataclass(frozen=True)
class Outcome:
    """What came out of one lab.

    Attributes:
        points: earned of possible, in words; "" where nothing was counted.
        folder: where the run is kept.
        trouble: why there are no results, "" if there are.
    """

    name: str
    exit_status: int
    seconds: float
    passed: int = 0
    total: int = 0
    points: str = ""
    folder: str = ""
    trouble: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        """Its row of the table."""
        passed = f"{self.passed} of {self.total}" if not self.trouble else "-"
        return (self.name, passed, self.points or "-", f"{self.seconds:.1f}", self.folder or "-")


class Runs:
    """The processes that are under way, so that an interruption reaches each of them."""

    def __init__(self, folder: Path, sandbox: str) -> None:
        self._folder = folder
        self._sandbox = sandbox
        self._lock = threading.Lock()
        self._under_way: set[subprocess.Popen[str]] = set()
        self._over = False

    def examine(self, info: LabInfo) -> Outcome:
        """Run the checks of one lab, to their end."""
        began = time.monotonic()
        process = self._start(info)
        if process is None:
            return Outcome(info.dashed, 130, 0.0, trouble="it was not begun")
        printed, said = process.communicate()
        with self._lock:
            self._under_way.discard(process)
        return outcome(info, process.returncode, time.monotonic() - began, printed, said)

    def _start(self, info: LabInfo) -> subprocess.Popen[str] | None:
        command = [sys.executable, "-m", "forklab", "check", info.name, "--json"]
        with self._lock:
            if self._over:
                return None
            # a session of its own: Ctrl-C is sent to ours, and comes to each of them once, from us
            process = subprocess.Popen(
                [*command, "--sandbox", self._sandbox, "--runs", str(self._folder)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            )
            self._under_way.add(process)
            return process

    def interrupt(self) -> None:
        """Begin no more, and let those that are under way end as after Ctrl-C."""
        with self._lock:
            self._over = True
            under_way = list(self._under_way)
        for process in under_way:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGINT)
        for process in under_way:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_S)


def outcome(info: LabInfo, status: int, seconds: float, printed: str, said: str) -> Outcome:
    """Read what `forklab check --json` printed."""
    try:
        document: dict[str, Any] = json.loads(printed)
    except ValueError:
        last = (said.strip().splitlines() or [f"it ended with status {status}"])[-1]
        return Outcome(info.dashed, status or BROKEN, seconds, trouble=last)
    points = document["points"]
    return Outcome(
        info.dashed,
        status,
        seconds,
        passed=document["counts"]["PASS"],
        total=document["total"],
        points=f"{points['earned']:.0f} of {points['possible']:.0f}" if points else "",
        folder=document["folder"],
    )


def at_once(wanted: int | None) -> int:
    """Return how many labs run at a time."""
    return wanted or FOR_EACH_CORE * len(os.sched_getaffinity(0))


def examine_all(
    names: Sequence[str], wanted: int | None, folder: Path, say: Say, sandbox: str = ""
) -> int:
    """Run the labs *names*, or all, say what came out, and return the worst exit status.

    Raises:
        UsageError: there is no such lab.
        SandboxError: there is no engine, or no image.
        KeyboardInterrupt: it was interrupted; nothing is under way any more.
    """
    from forklab.sandbox.choose import choose

    infos = sorted(map(labs.read, names or labs.names()), key=lambda info: info.order)
    # engine and image once, before several would do it
    kind = choose(sandbox, say).kind
    many = min(at_once(wanted), len(infos))
    say(f"{len(infos)} labs, {many} at a time (two for each core; --at-once says otherwise)")
    runs, began = Runs(folder, kind), time.monotonic()
    found: dict[str, Outcome] = {}
    with ThreadPoolExecutor(many) as pool:
        try:
            for future in as_completed([pool.submit(runs.examine, info) for info in infos]):
                ended = future.result()
                found[ended.name] = ended
                say(f"  {line(ended)}")
        except KeyboardInterrupt:
            runs.interrupt()
            raise
    for row in summary([found[info.dashed] for info in infos], time.monotonic() - began):
        say(row)
    return worst(ended.exit_status for ended in found.values())


def line(ended: Outcome) -> str:
    """Say in one line how a lab has ended."""
    if ended.trouble:
        return f"{ended.name}: no result: {ended.trouble}"
    return f"{ended.name}: {ended.passed} of {ended.total} passed, {ended.seconds:.1f} s"


def summary(outcomes: Sequence[Outcome], wall_s: float) -> list[str]:
    """Return the table of all labs, and how long they took."""
    rows = [HEAD, *(ended.cells for ended in outcomes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    alone_s = sum(ended.seconds for ended in outcomes)
    return ["", *table, "", f"{wall_s:.1f} s in all; the labs' own seconds are {alone_s:.1f}"]


def worst(statuses: Iterable[int]) -> int:
    """Return the exit status that says most: interrupted, wrong usage, FAIL, BROKEN, all pass."""
    found = set(statuses)
    known = [status for status in WORST_FIRST if status in found]
    return known[0] if found <= set(WORST_FIRST) and known else BROKEN
