"""What one sandbox is at the moment: a work folder, a program, its clients."""

from __future__ import annotations

import contextlib
import os
import socket
import time

from . import cgroup, conns, ends, proc, sockdiag, spawn, turn
from .frames import Message
from .loop import IDLE_S, Failure, Loop
from .output import Output
from .program import Child, Children, keep_terminals

SMALL = "/small"  # a file system of a megabyte, where the container has one
UNBOUNDED = 1 << 20
KILL_S = 10.0
WATCH_S = 0.02  # a machine fills the last quarter of a gigabyte in a tenth of a second
MIB = 1 << 20
# their buffers are no cgroup's in its first version, and the machine's limit is for all containers
MOST_SOCKETS = 2000


class State:
    """State of one sandbox: a work folder, a program, its clients."""

    def __init__(self, loop: Loop, folder: str, uid: int | None, *, is_init: bool) -> None:
        self.loop = loop
        self.folder = folder
        self.uid = uid
        self.is_init = is_init
        self.ends = ends.Ends(loop.poll)
        self.children = Children(loop.add, loop.drop)
        self.conns: dict[int, conns.Connection] = {}
        self.by_fd: dict[int, conns.Connection] = {}
        self.listeners: dict[int, socket.socket] = {}
        self.frozen: set[int] = set()
        self.cwd: str | None = None
        self.small = SMALL if is_init and os.path.ismount(SMALL) else ""
        self.max_processes = UNBOUNDED
        self.tools: set[int] = set()  # sessions of the tools that were run since the last reset
        self.tracers: set[int] = set()  # strace, as the program's user and no part of it
        self.trace: Output | None = None
        self.trace_path = ""
        self.excess = (
            ""  # what a program took too much of, and was killed for, since the last reset
        )
        if is_init:
            keep_terminals()
            turn.ask_for_short_turns()
        self.memory = cgroup.Memory()
        self.turn = turn.Turn()
        self._watched = 0.0
        self._number = 0
        self.peers = _unix_peers_are_shown()
        loop.on_children = self._reap
        loop.also = self._ready
        loop.watch = self._watch

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _ready(self, fd: int, events: int) -> None:
        if fd in self.by_fd:
            self.by_fd[fd].ready(events)
        elif self.ends.owns(fd):
            self.ends.ready(fd, events)

    def _reap(self) -> None:
        for pid, status in self.ends.reap(self._is_foreign):
            self.children.ended(pid, status)

    def _is_foreign(self, pid: int) -> bool:
        """Whether *pid*, a zombie, is no part of the program, or its parent is still to reap it."""
        found = proc.stat(pid)
        if found is None or found.ppid != os.getpid() or found.session in self.tools:
            return True
        if pid in self.tracers:
            return True
        return self._has_own_user and proc.uid(pid) != self.uid

    @property
    def _has_own_user(self) -> bool:
        return self.uid is not None and self.uid != os.geteuid()

    def _mine(self, table: dict[int, proc.Stat]) -> list[proc.Stat]:
        """Processes of the program: by uid where it has its own, else by descent."""
        tools = self.children.commands() | self.tracers
        if self.is_init and self._has_own_user:
            own = {pid for pid in table if pid not in tools and proc.uid(pid) == self.uid}
        else:
            own = ends.descendants(os.getpid(), table)
            own = {pid for pid in own - self.tracers if table[pid].session not in self.tools}
        return [table[pid] for pid in sorted(own) if pid in table]

    def _guard(self, count: int | None = None) -> None:
        """A program that forks without end is killed first and looked at later.

        *count*: processes of the program; None: as many as there are in a container of its own.
        """
        if self.excess:
            raise Failure("excess", self.excess)
        if count is None:
            count = len(proc.pids()) if self.is_init else 0
        if count > self.max_processes:
            self._kill()
            raise Failure("overrun", str(count))

    def _watch(self) -> float:
        """Kill a program that takes all there is before others want; say when to look again."""
        if not self.is_init or not self.children.by_pid:
            return IDLE_S
        if time.monotonic() - self._watched >= WATCH_S:
            if excess := self._excess():
                self.excess = excess
                self._kill()
            if self.turn.is_starved():
                self._set_back()
            self._watched = time.monotonic()
        return WATCH_S

    def _set_back(self) -> None:
        """Make the program nicer if it is its crowd that keeps us from the CPU."""
        if self._has_own_user and self.uid is not None:
            uid = self.uid
            running = [found for found in self._mine(proc.stats()) if found.state == "R"]
            if len(running) >= turn.CROWD:
                with contextlib.suppress(OSError):
                    spawn.with_uid(uid, lambda: turn.give_way(uid))

    def _excess(self) -> str:
        """Say what there is too much of, "" if nothing."""
        taken = self.memory.taken_bytes()
        if taken > self.memory.most_bytes:
            return f"it took {taken // MIB} MiB of memory"
        if sockdiag.in_use() > MOST_SOCKETS:
            return f"more than {MOST_SOCKETS} TCP and UDP sockets were open together"
        return ""

    def _child(self, pid: int) -> Child:
        try:
            return self.children.by_pid[pid]
        except KeyError:
            raise Failure("gone", f"the agent started no process {pid}") from None

    def _is_over(self) -> bool:
        """Whether a program was started, and nothing of it is there any more."""
        programs = [child for child in self.children.by_pid.values() if not child.command]
        if not programs or any(child.status is None for child in programs):
            return False
        return not self._mine(proc.stats())

    def _conn(self, message: Message) -> conns.Connection:
        try:
            return self.conns[message["conn"]]
        except KeyError:
            raise Failure("gone", f"there is no connection {message['conn']}") from None

    def _kill(self) -> int:
        self.frozen.clear()
        kill = ends.kill_all_as_init if self.is_init else ends.kill_all_as_subreaper
        reaped = kill(KILL_S)
        if reaped is None:
            raise Failure("immortal", f"processes were still there {KILL_S:.0f} s after SIGKILL")
        for pid, status in reaped:
            self.children.ended(pid, status)
            self.ends.note_reaped(pid, status)
        return len(reaped)


def _unix_peers_are_shown() -> bool:
    """Find out, with a pair of our own, whether the kernel names the peer of a Unix socket."""
    a, b = socket.socketpair()
    try:
        rows = {row[0]: row[3] for row in sockdiag.unix()}
        return rows.get(os.fstat(a.fileno()).st_ino) == os.fstat(b.fileno()).st_ino
    except OSError:
        return False
    finally:
        a.close()
        b.close()
