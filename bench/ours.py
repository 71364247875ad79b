"""What forklab itself does: one snapshot, one fresh start, one sandbox."""

from __future__ import annotations

import time

from bench.timing import Timing, measure
from forklab import labs
from forklab.labs import LabInfo
from forklab.program.lab import Lab
from forklab.program.program import Program
from forklab.sandbox.choose import choose
from forklab.sandbox.link import Link

WORKERS = 12  # and a dispatcher: 13 processes


def snapshots(link: Link, times: int) -> list[Timing]:
    """Observe 13 processes: in the agent, and as a scenario sees it."""
    lab = _lab(link, labs.read("prefork"), "server.py")
    program = lab.start(workers=WORKERS)
    in_agent = []

    def look() -> None:
        in_agent.append(program.snapshot().raw["took_s"])

    program.stable()
    seen = measure("a snapshot, as a scenario sees it", look, times)
    count = len(program.snapshot().processes)
    lab.reset()
    return [Timing(f"a snapshot of {count} processes, in the agent", in_agent), seen]


def starts(link: Link, times: int) -> list[Timing]:
    """Start a program afresh until it is ready, and end it; the end is proved."""
    found = []
    for name, path in (
        ("prefork", "right/plain.c"),
        ("fork_echo", "right/plain.c"),
        ("prefork", "server.py"),
    ):
        lab = _lab(link, labs.read(name), path)
        lab.start()  # what is compiled is compiled
        what = f"start, ready, end: {name}/{path}"
        found.append(measure(what, lambda lab=lab: _start_and_end(lab), times))  # type: ignore[misc]
    return found


def openings(kinds: list[str], times: int) -> list[Timing]:
    """Open a sandbox of each of *kinds* until its agent answers; its end is not counted."""
    return [
        Timing(f"a sandbox, until its agent answers: {kind}", _opened(kind, times))
        for kind in kinds
    ]


def _opened(kind: str, times: int) -> list[float]:
    seconds = []
    for _ in range(times):
        sandbox = choose(kind, print)
        began = time.monotonic()
        with sandbox.open():
            seconds.append(time.monotonic() - began)
    return seconds


def _start_and_end(lab: Lab) -> Program:
    program = lab.start()
    lab.reset()
    return program


def _lab(link: Link, info: LabInfo, program: str) -> Lab:
    return Lab(link, info.spec, info.folder / program)
