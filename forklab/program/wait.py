"""The two waiting verbs; there is no other sleep in the project.

All deadlines are multiplied by one factor, FORKLAB_TIMEOUT_SCALE, and a deadline has passed only
when the time is over and at least MIN_LOOKS looks were made: a machine that stalls us fails
nobody.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

from forklab.errors import CheckFailure, UsageError
from forklab.facts import Snapshot

MIN_LOOKS = 20
FAST_LOOKS = 50
FAST_S, SLOW_S = 0.001, 0.005
STEADY_S = 0.010  # of `throughout`, which needs no haste: a look costs CPU time that others want

T = TypeVar("T")
S = TypeVar("S")


def scale() -> float:
    """Return the factor on every deadline.

    Raises:
        UsageError: FORKLAB_TIMEOUT_SCALE is no number above 0.
    """
    text = os.environ.get("FORKLAB_TIMEOUT_SCALE") or "1"
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < 1000:
        raise UsageError(
            f"FORKLAB_TIMEOUT_SCALE is {text!r}; it must be a number above 0, such as 2"
        )
    return factor


class Waiting:
    """Looks, spaced and counted, until a deadline."""

    def __init__(self, within_s: float) -> None:
        self.began = time.monotonic()
        self.within_s = within_s * scale()
        self.looks = 0

    @property
    def over(self) -> bool:
        """Whether the deadline has passed: the time is over and enough looks were made."""
        return self.elapsed_s >= self.within_s and self.looks >= MIN_LOOKS

    @property
    def elapsed_s(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self.began

    def nap(self) -> None:
        """Wait a moment before the next look; what is to come may come soon, or late."""
        self._nap(FAST_S if self.looks + 1 < FAST_LOOKS else SLOW_S)

    def steady_nap(self) -> None:
        """Wait as long before each look; those of a short window are spread over it."""
        self._nap(min(max(self.within_s / MIN_LOOKS, FAST_S), STEADY_S))

    def _nap(self, nap_s: float) -> None:
        self.looks += 1
        slept = time.monotonic()
        time.sleep(nap_s)
        overslept_s = time.monotonic() - slept - nap_s
        if overslept_s > SLOW_S:  # the machine keeps us waiting, and the program, too
            self.within_s += overslept_s

    def describe(self) -> str:
        """Return how long and how often was looked, in words."""
        return f"looked {self.looks + 1} times in {self.elapsed_s:.1f} s"


def eventually(look: Callable[[], S], check: Callable[..., T], *args: Any, within_s: float) -> T:
    """Return what *check* returns once it does not fail, on a fresh look each time.

    A look is a snapshot, or what the program has printed.

    Raises:
        CheckFailure: it still failed when the deadline had passed; with the last snapshot.
    """
    waiting = Waiting(within_s)
    while True:
        seen = look()
        try:
            return check(seen, *args)
        except CheckFailure as failure:
            if waiting.over:
                if isinstance(seen, Snapshot):
                    failure.snapshot = failure.snapshot or seen
                failure.waited = waiting.describe()
                raise
        waiting.nap()


def throughout(look: Callable[[], S], check: Callable[..., T], *args: Any, for_s: float) -> T:
    """Demand that *check* never fails during *for_s* seconds, and return its last value."""
    waiting = Waiting(for_s)
    while True:
        try:
            found = now(look, check, *args)
        except CheckFailure as failure:
            failure.waited = f"after {waiting.elapsed_s:.2f} s"
            raise
        if waiting.over:
            return found
        waiting.steady_nap()


def now(look: Callable[[], S], check: Callable[..., T], *args: Any) -> T:
    """Return what *check* returns on one look."""
    seen = look()
    try:
        return check(seen, *args)
    except CheckFailure as failure:
        if isinstance(seen, Snapshot):
            failure.snapshot = failure.snapshot or seen
        raise
