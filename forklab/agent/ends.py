"""When each process ended, when it was reaped and by whom.

A pidfd says both (pidfd_open(2)): readable = ended; hang-up = reaped, since Linux 6.9. Older
kernels only say the first, or have none (before 5.3); then "reaped" is seen by the next look at
the table. What nobody else reaps comes to us, as init or subreaper: a process that *we* reaped
was an orphan.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import struct
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from . import proc

PIDFD_GET_INFO = 0xC040FF0B
PIDFD_INFO_EXIT = 8
WALL = 0x40000000  # __WALL of waitpid(2)
MOST_PAST = 5000


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
        self._by_pid: dict[int, End] = {}  # those that are not reaped yet
        # a program that forks without end must not fill our memory
        self._past: deque[End] = deque(maxlen=MOST_PAST)
        self.hang_up_means_reaped = _hang_up_means_reaped()

    def watch(self, pid: int, start_ticks: int, *, started: bool = False) -> None:
        """Follow *pid* from now on; does nothing if it is followed already."""
        known = self._by_pid.get(pid)
        if known is not None:
            if known.start_ticks == start_ticks:
                return
            self._retire(known)
        try:
            pidfd = _pidfd(pid)
        except ProcessLookupError:
            return
        end = End(pid, start_ticks, pidfd)
        end.started = started
        self._by_pid[pid] = end
        if pidfd >= 0:
            self._by_fd[pidfd] = end
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

    def look(self, present: dict[int, tuple[int, str]]) -> None:
        """Compare with *present* (pid to start ticks and state): what is gone was reaped."""
        now = time.monotonic()
        for end in list(self._by_pid.values()):
            start_ticks, state = present.get(end.pid, (-1, "X"))
            if start_ticks != end.start_ticks:
                end.ended = end.ended or now
                self._reaped(end, now)
            elif state in "ZX" and end.pidfd < 0:
                end.ended = end.ended or now

    def reap(self, foreign: Callable[[int], bool]) -> list[tuple[int, int]]:
        """Reap every child of ours that has ended; return (pid, wait status) of each.

        What is *foreign* is no part of the program: its end is nobody's evidence.
        """
        reaped = []
        while (pid := _ended_child()) is not None:
            tool = foreign(pid)  # asked while it is still in the table
            status = os.waitpid(pid, 0)[1]
            reaped.append((pid, status))
            if not tool:
                self.note_reaped(pid, status)
        return reaped

    def note_reaped(self, pid: int, status: int) -> None:
        """Note that the agent itself reaped *pid*."""
        end = self._by_pid.get(pid)
        if end is None:  # so short that no look ever saw it
            end = End(pid, 0, -1)
            self._past.append(end)
        end.by_agent = True
        end.status = status
        now = time.monotonic()
        end.ended = end.ended or now
        if end.pid in self._by_pid:
            self._reaped(end, now)
        end.reaped = end.reaped or now

    def _reaped(self, end: End, now: float) -> None:
        end.reaped = end.reaped or now
        if end.status is None and end.pidfd >= 0:
            end.status = _wait_status(end.pidfd)
        self._retire(end)

    def _retire(self, end: End) -> None:
        if self._by_pid.get(end.pid) is not end:
            return
        del self._by_pid[end.pid]
        self._past.append(end)
        if end.pidfd >= 0:
            with contextlib.suppress(OSError):
                self._poll.unregister(end.pidfd)
            del self._by_fd[end.pidfd]
            os.close(end.pidfd)
            end.pidfd = -1

    def all(self) -> list[End]:
        """Every process that was seen since the last `forget`, ended or not."""
        return [*self._past, *self._by_pid.values()]

    def forget(self) -> None:
        """Drop everything: a new program is about to be started."""
        for end in list(self._by_pid.values()):
            self._retire(end)
        self._past.clear()


def _pidfd(pid: int) -> int:
    """Return a pidfd of *pid*, -1 where the kernel gives none.

    Raises:
        ProcessLookupError: there is no such process.
    """
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        raise
    except OSError:  # ENOSYS before Linux 5.3; EPERM under a filter that does not know the call
        return -1


def _ended_child() -> int | None:
    """Return the pid of a child that has ended, and leave it in the table; None if there is none.

    A tracee that only stopped is none (waitid(2) is asked for WEXITED alone).
    """
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found is not None else None


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
    pidfd = _pidfd(child)
    os.waitpid(child, 0)
    if pidfd < 0:
        return False
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
        _send(new, signal.SIGSTOP)
        stopped |= new
    _send(stopped, signal.SIGKILL)


def _send(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # set-uid: not ours to kill
            os.kill(pid, number)


def descendants(ancestor: int, table: dict[int, proc.Stat] | None = None) -> set[int]:
    """Every process below *ancestor*, zombies included, in *table* (None: as it is now)."""
    children: dict[int, list[int]] = {}
    for found in (proc.stats() if table is None else table).values():
        children.setdefault(found.ppid, []).append(found.pid)
    below: set[int] = set()
    todo = [ancestor]
    while todo:
        for child in children.get(todo.pop(), []):
            if child not in below:
                below.add(child)
                todo.append(child)
    return below


def _until_childless(kill: Callable[[], None], deadline_s: float) -> list[tuple[int, int]] | None:
    reaped: list[tuple[int, int]] = []
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
