"""When each process ended, when it was reaped and by whom.

A pidfd says both (pidfd_open(2)): readable = ended; hang-up = reaped, since Linux 6.9. Older
kernels only say the first; then "reaped" is seen by the next look at the table. What nobody else
reaps comes to us, as init or subreaper: a process that *we* reaped was an orphan.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import struct
import time
from typing import Any

from . import proc

PIDFD_GET_INFO = 0xC040FF0B
PIDFD_INFO_EXIT = 8
WALL = 0x40000000  # __WALL of waitpid(2)


class End:
    """What is known of the end of one process; times are of the monotonic clock, in seconds."""

    __slots__ = ("by_agent", "ended", "pid", "pidfd", "reaped", "start_ticks", "started", "status")

    def __init__(self, pid: int, start_ticks: int, pidfd: int) -> None:
        self.pid = pid
        self.start_ticks = start_ticks
        self.pidfd = pidfd
        self.ended: float | None = None
        self.reaped: float | None = None
        self.by_agent = False
        self.started = False  # the agent started it itself, so it reaps it as its parent
        self.status: int | None = None

    def as_list(self) -> list[Any]:
        """Return [pid, start ticks, ended, reaped, reaped by the agent, started, wait status]."""
        return [
            self.pid,
            self.start_ticks,
            self.ended,
            self.reaped,
            self.by_agent,
            self.started,
            self.status,
        ]


class Ends:
    """Every process of the program that was ever seen, and how it ended."""

    def __init__(self, poll: select.epoll) -> None:
        self._poll = poll
        self._by_fd: dict[int, End] = {}
        self._by_pid: dict[int, End] = {}
        self._past: list[End] = []
        self.hang_up_means_reaped = _hang_up_means_reaped()

    def watch(self, pid: int, start_ticks: int, *, started: bool = False) -> None:
        """Follow *pid* from now on; does nothing if it is followed already."""
        known = self._by_pid.get(pid)
        if known is not None:
            if known.start_ticks == start_ticks:
                return
            self._retire(known)
        try:
            pidfd = os.pidfd_open(pid)
        except ProcessLookupError:
            return
        end = End(pid, start_ticks, pidfd)
        end.started = started
        self._by_fd[pidfd] = self._by_pid[pid] = end
        self._poll.register(pidfd, select.EPOLLIN)

    def owns(self, fd: int) -> bool:
        """Whether *fd* is one of our pidfds."""
        return fd in self._by_fd

    def ready(self, fd: int, events: int) -> None:
        """Note what the pidfd says."""
        end = self._by_fd[fd]
        now = time.monotonic()
        if end.ended is None:
            end.ended = now
            self._poll.modify(fd, 0)  # a hang-up is always told
        if events & select.EPOLLHUP:
            self._reaped(end, now)

    def look(self, present: dict[int, int]) -> None:
        """Compare with *present* (pid to start ticks): what is gone was reaped."""
        now = time.monotonic()
        for end in list(self._by_fd.values()):
            if present.get(end.pid) != end.start_ticks:
                end.ended = end.ended or now
                self._reaped(end, now)

    def reap(self, tools: set[int]) -> list[tuple[int, int]]:
        """Reap every child of ours that has ended; return (pid, wait status) of each.

        *tools* are no part of the program: their ends are nobody's evidence.
        """
        reaped: list[tuple[int, int]] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return reaped
            if pid == 0:
                return reaped
            if os.WIFSTOPPED(status):  # a tracee told us that it stopped
                continue
            reaped.append((pid, status))
            if pid not in tools:
                self.note_reaped(pid, status)

    def note_reaped(self, pid: int, status: int) -> None:
        """Note that the agent itself reaped *pid*."""
        end = self._by_pid.get(pid)
        if end is None:  # so short that no look ever saw it
            end = End(pid, 0, -1)
            self._past.append(end)
        now = time.monotonic()
        end.by_agent = True
        end.status = status
        end.ended = end.ended or now
        if end.pidfd >= 0:
            self._reaped(end, now)
        end.reaped = end.reaped or now

    def _reaped(self, end: End, now: float) -> None:
        end.reaped = end.reaped or now
        if end.status is None:
            end.status = _wait_status(end.pidfd)
        self._retire(end)

    def _retire(self, end: End) -> None:
        if end.pidfd < 0:
            return
        with contextlib.suppress(OSError):
            self._poll.unregister(end.pidfd)
        os.close(end.pidfd)
        self._by_fd.pop(end.pidfd, None)
        if self._by_pid.get(end.pid) is end:
            del self._by_pid[end.pid]
        end.pidfd = -1
        self._past.append(end)

    def all(self) -> list[End]:
        """Every process that was seen since the last `forget`, ended or not."""
        return self._past + list(self._by_fd.values())

    def forget(self) -> None:
        """Drop everything: a new program is about to be started."""
        for end in list(self._by_fd.values()):
            self._retire(end)
        self._past.clear()


def _wait_status(pidfd: int) -> int | None:
    """Return the wait status that an already reaped process left, where Linux tells (6.15)."""
    info = bytearray(64)
    struct.pack_into("=Q", info, 0, PIDFD_INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, PIDFD_GET_INFO, info)
    except OSError:
        return None
    if not struct.unpack_from("=Q", info, 0)[0] & PIDFD_INFO_EXIT:
        return None
    return int(struct.unpack_from("=i", info, 60)[0])


def _hang_up_means_reaped() -> bool:
    """Find out, with a child of our own, whether a pidfd hangs up when it is reaped."""
    child = os.fork()
    if child == 0:
        os._exit(0)
    try:
        pidfd = os.pidfd_open(child)
    except OSError:
        os.waitpid(child, 0)
        return False
    os.waitpid(child, 0)
    poll = select.poll()
    poll.register(pidfd, 0)
    told = any(events & select.POLLHUP for _, events in poll.poll(0))
    os.close(pidfd)
    return told


def kill_all_as_init(deadline_s: float) -> list[tuple[int, int]] | None:
    """Kill and reap every other process of our pid namespace; None if some would not die.

    For PID 1 only: `kill(-1)` reaches everybody, and "no child left" proves the table empty,
    since everything in the namespace descends from us.
    """
    return _until_childless(lambda: os.kill(-1, 9), deadline_s)


def kill_all_as_subreaper(deadline_s: float) -> list[tuple[int, int]] | None:
    """Kill and reap everything that descends from us; None if some would not die.

    Stopped first, and listed again until the list is whole, so that nobody forks away meanwhile.
    """
    return _until_childless(_kill_descendants, deadline_s)


def _kill_descendants() -> None:
    stopped: set[int] = set()
    while new := descendants(os.getpid()) - stopped:
        for pid in new:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 19)
        stopped |= new
    for pid in stopped:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)


def descendants(ancestor: int) -> set[int]:
    """Every process below *ancestor*, zombies included."""
    children: dict[int, list[int]] = {}
    for found in proc.stats().values():
        children.setdefault(found.ppid, []).append(found.pid)
    below: set[int] = set()
    todo = [ancestor]
    while todo:
        for child in children.get(todo.pop(), []):
            if child not in below:
                below.add(child)
                todo.append(child)
    return below


def _until_childless(kill: Any, deadline_s: float) -> list[tuple[int, int]] | None:
    reaped = []
    end = time.monotonic() + deadline_s
    while time.monotonic() < end:
        with contextlib.suppress(ProcessLookupError):
            kill()
        try:
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG | WALL)
                if pid == 0:
                    break
                if not os.WIFSTOPPED(status):
                    reaped.append((pid, status))
        except ChildProcessError:
            return reaped
        select.select([], [], [], 0.0002)  # dying takes the kernel a moment; nobody tells us
    return None
