"""What the log of events and the report cost: `python -m bench.pictures [RUNS]`.

Each lab with its reference program, with and without them by turns, each run in a process of its
own; medians.
"""

from __future__ import annotations

import io
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.timing import machine
from forklab import labs
from forklab.check import check
from forklab.order import Order

RUNS = 5
ONE = "--one-run"


def main(runs: int) -> None:
    """Print a row for each lab."""
    print(machine())
    print(f"  {'lab':<20} {'with':>7}  {'without':>7}  {'more':>7}   medians of {runs}")
    for lab in labs.names():
        times: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(runs):
            for events, found in times.items():
                found.append(seconds(lab, events))
        more, less = statistics.median(times[True]), statistics.median(times[False])
        print(f"  {lab:<20} {more:>5.2f} s  {less:>5.2f} s  {100 * (more / less - 1):>+5.1f} %")


def seconds(lab: str, events: bool) -> float:
    """Return how long a run takes, from the start of its process to its end.

    Raises:
        CalledProcessError: not everything passed: then its time says nothing.
    """
    with tempfile.TemporaryDirectory() as runs:
        began = time.monotonic()
        words = [ONE, lab, runs, str(events)]
        subprocess.run([sys.executable, "-m", "bench.pictures", *words], check=True)
        return time.monotonic() - began


def one_run(lab: str, runs: Path, events: bool) -> None:
    """Do what `forklab check` does, with or without events and report."""
    run = check(Order(lab, runs=runs, events=events), io.StringIO(), lambda said: None)
    sys.exit(bool(run.failures or run.broken))


if __name__ == "__main__":
    if sys.argv[1:2] == [ONE]:
        one_run(sys.argv[2], Path(sys.argv[3]), sys.argv[4] == "True")
    main(int(sys.argv[1]) if sys.argv[1:] else RUNS)
