"""Repeat something, take the median, print a row."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

MS = 1000.0


class Timing(NamedTuple):
    """Durations of one thing, in seconds."""

    what: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.seconds)


def measure(what: str, action: Callable[[], object], times: int) -> Timing:
    """Do *action* so many times and return how long each took."""
    seconds = []
    for _ in range(times):
        began = time.monotonic()
        action()
        seconds.append(time.monotonic() - began)
    return Timing(what, seconds)


def rows(timings: Sequence[Timing]) -> list[str]:
    """Return a line each: median, fastest, how often; and how many times the first's median."""
    base = timings[0].median
    return [
        f"  {timing.what:<46} {timing.median * MS:>9.2f} {min(timing.seconds) * MS:>9.2f}"
        f" {len(timing.seconds):>5} {timing.median / base:>8.1f}"
        for timing in timings
    ]


def heading(title: str) -> str:
    """Return the line above `rows`."""
    return f"{title:<48} {'median ms':>9} {'least':>9} {'times':>5} {'ratio':>8}"


def machine() -> str:
    """Say how busy and how fast the machine is now: figures of a busy one are no figures."""
    one, five, _ = Path("/proc/loadavg").read_text().split()[:3]
    work = measure("", lambda: sum(range(1_000_000)), 20)
    return (
        f"this machine now: load {one} (five minutes: {five}); a million additions take "
        f"{work.median * MS:.0f} ms, at best {min(work.seconds) * MS:.0f}"
    )
