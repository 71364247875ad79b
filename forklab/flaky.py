"""One lab's reference, many times, in one process and one sandbox: no check may ever fail.

Each run is a whole one, with a Lab and a journal of its own, so memory that grows is a leak.
"""

from __future__ import annotations

import ctypes
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from forklab import labs
from forklab.agent.proc import resident_kib
from forklab.interrupt import as_ctrl_c
from forklab.results.record import Result, Verdict
from forklab.sandbox.opening import Opening

Say = Callable[[str], None]
BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    sum(range(100000))
"""
LINES = 10
MAX_KEPT = 200
END_S = 5.0


@dataclass
class Tally:
    """What came out of all runs so far.

    Attributes:
        seconds: of each run.
        counts: how many checks had each verdict.
        complaints: a sentence for each check that was FAIL or BROKEN, up to MAX_KEPT.
        memory: (run, KiB of the harness, KiB of the agent).
        interrupted: a person stopped it.
    """

    wanted: int
    seconds: list[float] = field(default_factory=list)
    counts: dict[Verdict, int] = field(default_factory=lambda: dict.fromkeys(Verdict, 0))
    complaints: list[str] = field(default_factory=list)
    memory: list[tuple[int, int, int]] = field(default_factory=list)
    interrupted: bool = False

    @property
    def runs(self) -> int:
        """How many runs are over."""
        return len(self.seconds)

    @property
    def exit_status(self) -> int:
        """As of a single run: FAIL over BROKEN."""
        if self.counts[Verdict.FAIL]:
            return 1
        if self.counts[Verdict.BROKEN] or not self.counts[Verdict.PASS]:
            return 3
        return 130 if self.interrupted else 0

    def add(self, result: Result) -> None:
        """Count one check of the run that is under way."""
        self.counts[result.verdict] += 1
        if result.verdict in (Verdict.FAIL, Verdict.BROKEN) and len(self.complaints) < MAX_KEPT:
            self.complaints.append(f"run {self.runs + 1}: {complaint(result)}")

    def broke(self, why: str) -> None:
        """Count a run that ended without its results."""
        self.counts[Verdict.BROKEN] += 1
        self.complaints.append(f"run {self.runs + 1}: BROKEN {why}")

    def samples(self) -> set[int]:
        """Runs after which memory is read: at 10, 50 and 100 of 100."""
        return {max(1, self.wanted // 10), max(1, self.wanted // 2), self.wanted}

    def progress(self) -> str:
        """Return one line about the runs so far."""
        fails, broken = self.counts[Verdict.FAIL], self.counts[Verdict.BROKEN]
        width = len(str(self.wanted))
        return (
            f"run {self.runs:>{width}} of {self.wanted}   {fails} FAIL   {broken} BROKEN   "
            f"{self.seconds[-1]:.2f} s"
        )

    def summary(self) -> list[str]:
        """Return the lines of the end."""
        lines = [f"  {said}" for said in self.complaints]
        total = sum(self.counts.values())
        counted = "   ".join(f"{self.counts[verdict]} {verdict}" for verdict in Verdict)
        lines.append(f"{self.runs} runs, {total} checks:   {counted}")
        if self.seconds:
            lines.append(f"median of a run   {statistics.median(self.seconds):.2f} s")
        for run, harness, agent in self.memory:
            lines.append(
                f"memory after run {run:>{len(str(self.wanted))}}   "
                f"harness {harness / 1024:.1f} MiB   agent {agent / 1024:.1f} MiB"
            )
        return lines


def complaint(result: Result) -> str:
    """Say in one line what was wrong with a check."""
    if result.verdict is Verdict.BROKEN:
        return f"BROKEN {result.check.id}: {result.reason}"
    waited = f" ({result.waited})" if result.waited else ""
    return (
        f"FAIL {result.check.id}: expected {result.expected}; seen {result.seen}{waited}"
    ).replace("\n", " / ")


def flaky(
    lab: str, runs: int, busy: bool, say: Say, cpus: float | None = None, sandbox: str = ""
) -> Tally:
    """Run the checks of *lab* on its reference *runs* times and return the tally.

    Raises:
        UsageError: there is no such lab.
        SandboxError: there is no sandbox.
    """
    name = labs.read(lab).name
    tally = Tally(runs)
    with Opening(sandbox, say, cpus) as opening, _busy_cores(busy):
        opening.wait()
        cores = f"{os.cpu_count()} cores are kept busy" if busy else "no other work of ours"
        if cpus is not None:
            cores += f", {cpus} of a CPU for the sandbox"
        say(f"lab {name.replace('_', '-')}: {runs} runs in one process and one sandbox, {cores}")
        _run_all(name, opening, tally, say)
    for line in tally.summary():
        say(line)
    return tally


def _run_all(name: str, opening: Opening, tally: Tally, say: Say) -> None:
    with as_ctrl_c():
        for number in range(1, tally.wanted + 1):
            before = len(tally.complaints)
            passed = tally.counts[Verdict.PASS]
            _run_one(name, opening, tally)
            if number in tally.samples():
                agent = opening.wait()[1].call("memory").value
                tally.memory.append((number, resident_kib("/proc/self/status"), agent))
            failed = len(tally.complaints) > before
            if failed or number % max(1, tally.wanted // LINES) == 0:
                say(tally.progress())
            if tally.interrupted or tally.counts[Verdict.PASS] == passed:
                return  # nothing passes any more: to go on would tell nothing new


def _run_one(name: str, opening: Opening, tally: Tally) -> None:
    import pytest

    from forklab.plugin import Wanted
    from forklab.session import run_scenario

    wanted = Wanted(opening=opening, on_result=lambda result, lab, raw: tally.add(result))
    began = time.monotonic()
    status = run_scenario(name, wanted)
    if status == pytest.ExitCode.INTERRUPTED:
        tally.interrupted = True
    elif status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        tally.broke(f"pytest ended with status {status}")
    tally.seconds.append(time.monotonic() - began)
    _give_back()


def _give_back() -> None:
    """Free what a run left behind, down to the kernel: what is resident then is really held."""
    gc.collect()
    with suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


@contextmanager
def _busy_cores(wanted: bool) -> Iterator[None]:
    """Keep every core busy with one process each; they also end by themselves if we die."""
    count = (os.cpu_count() or 1) if wanted else 0
    workers = [subprocess.Popen([sys.executable, "-I", "-c", BUSY]) for _ in range(count)]
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
        for worker in workers:
            worker.wait(END_S)
