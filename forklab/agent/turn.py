"""Our turn on the CPU, among processes of a program that all want it (sched(7)).

A hundred that spin leave us a hundredth, and a second until we get it. Both are mended without any
right: we ask for short turns, which come soon (EEVDF, Linux 6.12), and when that is not enough
the program is made nicer. At its start it is not: where other containers want the CPU too, a nicer
program would get less of it than they.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
import time

from . import proc

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
RESET_ON_FORK = 1  # those whom we start have turns as ever
SIZE = 48  # of struct sched_attr, first version: sched_setattr(2)
SLICE_NS = 100_000  # the shortest that there is
WINDOW_S = 0.2
STARVED = 0.5  # of the time, in which we waited for a CPU
CROWD = 16  # processes of the program that want it at that time
NICEST = 19


def ask_for_short_turns() -> None:
    """Let us have the CPU for shorter and sooner; older kernels take it for nothing."""
    attributes = struct.pack("=IIQiIQQQ", SIZE, 0, RESET_ON_FORK, 0, 0, SLICE_NS, 0, 0)
    number = SCHED_SETATTR.get(os.uname().machine)
    if number is not None:
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)


class Turn:
    """How much of the time we waited for a CPU."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._waited_ns = _waited_ns()

    def is_starved(self) -> bool:
        """Whether we waited for most of the last window; False while that is under way."""
        elapsed_s = time.monotonic() - self._began
        if elapsed_s < WINDOW_S:
            return False
        waited_ns, before = _waited_ns(), self._waited_ns
        self._began, self._waited_ns = time.monotonic(), waited_ns
        return waited_ns - before > STARVED * elapsed_s * 1e9


def give_way(uid: int) -> None:
    """Make every process of *uid* as nice as can be; to be called as that user."""
    os.setpriority(os.PRIO_USER, uid, NICEST)


def _waited_ns() -> int:
    """Return how long we have waited for a CPU so far; 0 where the kernel does not tell."""
    with contextlib.suppress(OSError):
        return int(proc.read("/proc/self/schedstat").split()[1])
    return 0
