"""Operations that look: whole pictures, use of the CPU, who listens."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

from . import kcmp, proc, sockdiag
from .frames import Message
from .loop import Answer, Failure, Pending
from .state import State

WHOLE_TRIES = 20
FEWEST_TRIES, TRYING_S = 2, 1.0  # hundreds of processes that fork are not looked at for ever
GUARD_EVERY = 32
DESCRIPTORS = 256  # for each process that it may have: all are looked at in a second


class OnLooks(State):
    """The operations that observe and change nothing."""

    def op_snapshot(self, message: Message, blob: bytes) -> Answer:
        """Answer processes, descriptors and sockets, taken whole."""
        tries, whole, began = 0, False, time.monotonic()
        while not whole and tries < WHOLE_TRIES:
            if tries >= FEWEST_TRIES and time.monotonic() - began > TRYING_S:
                break
            tries += 1
            try:
                picture, whole = self._picture(flags=bool(message.get("flags")))
            except PermissionError as error:
                raise Failure("unsupported", f"this user may not read {error.filename}") from error
        self.loop.poll_ends(self._ready)
        self.ends.look(picture.pop("present"))
        picture["ends"] = [end.as_list() for end in self.ends.all()]
        picture["took_s"] = time.monotonic() - began
        return {**picture, "whole": whole, "tries": tries}, b""

    def _picture(self, *, flags: bool) -> tuple[dict[str, Any], bool]:
        """Look at everything once; whether nothing came or went meanwhile."""
        began, last = time.monotonic(), proc.last_pid()
        pids = proc.pids()
        if self.is_init:
            self._guard(len(pids))
        table = proc.stats(pids)
        mine = self._mine(table)
        self._guard(len(mine))
        for found in mine:
            self.ends.watch(found.pid, found.start_ticks)
        rows = list(self._described(mine, flags=flags))
        tcp, unix = sockdiag.tcp(), sockdiag.unix() if self.peers else []
        self._bound(len(tcp) + len(unix), "sockets")  # one in a queue needs no descriptor
        again = self._again(mine)
        for row in rows:
            second = again.get(row["pid"])
            if second is not None and second.is_dead and row["state"] not in "ZX":
                row |= proc.ENDED | {"state": second.state}
        picture = {
            "time": began,
            "last_pid": last,
            "processes": rows,
            "tcp": tcp,
            "unix": unix,
            "present": {pid: (found.start_ticks, found.state) for pid, found in table.items()},
        }
        return picture, self._is_whole(mine, again, last)

    def _described(self, mine: list[proc.Stat], *, flags: bool) -> Iterator[dict[str, Any]]:
        descriptors = 0
        for number, found in enumerate(mine, 1):
            if number % GUARD_EVERY == 0:  # it may grow faster than we can look
                self._guard()
            if row := proc.describe(found, flags=flags):
                if self.tracers and row["state"] == "t":
                    row["state"] = "T"  # so reads a stop by a signal while a tracer is there
                descriptors += len(row["fds"])
                self._bound(descriptors, "descriptors")
                yield row

    def _bound(self, count: int, what: str) -> None:
        """End a program of which there is more to look at than there can be looked at."""
        most = DESCRIPTORS * self.max_processes
        if count > most:
            self.excess = f"it held more than {most} {what}"
            self._kill()
            self._guard()

    def _again(self, mine: list[proc.Stat]) -> dict[int, proc.Stat]:
        """Look at the program's processes a second time, and for new ones.

        In a container of its own a new process shows in the last pid; elsewhere that one moves
        all the time, and the whole table must be read again.
        """
        if not self.is_init:
            return {found.pid: found for found in self._mine(proc.stats())}
        return {
            found.pid: now for found in mine if (now := proc.stat(found.pid, found)) is not None
        }

    def _is_whole(self, mine: list[proc.Stat], again: dict[int, proc.Stat], last: int) -> bool:
        same = {found.identity for found in mine} == {found.identity for found in again.values()}
        return same and (not self.is_init or proc.last_pid() == last)

    def op_usage(self, message: Message, blob: bytes) -> Pending:
        """Answer CPU time, waiting time and switches of each process over a window.

        The answer is {"seconds", "last_pid": [before, after], "printed": bytes, "rows": [[pid,
        ns on a CPU, ns waiting, voluntary switches]]}, differences each, of the processes that
        were there at both ends of the window.
        """
        self._guard()
        began = time.monotonic()
        before = {found.pid: proc.usage(found.pid) for found in self._mine(proc.stats())}
        last_pid, printed = proc.last_pid(), self.children.printed()

        def after() -> Answer:
            seconds = time.monotonic() - began
            rows = []
            for pid, first in before.items():
                second = proc.usage(pid)
                if first is not None and second is not None:
                    rows.append([pid, *(b - a for a, b in zip(first, second, strict=True))])
            return {
                "seconds": seconds,
                "last_pid": [last_pid, proc.last_pid()],
                "printed": self.children.printed() - printed,
                "rows": rows,
            }, b""

        pending = Pending(lambda: None, after, message["for"])
        pending.looks = 1 << 20  # a window ends when its time is over
        return pending

    def op_listening(self, message: Message, blob: bytes) -> Pending:
        """Wait until the program listens on a port, or has ended.

        The answer is {"addresses": [...], "elsewhere": [ports], "ended": wait status or null,
        "count": processes left}.
        """
        port, pid = message["port"], message["pid"]

        def found() -> Answer | None:
            self._guard()
            addresses = [row[2] for row in self._listeners() if row[3] == port]
            if addresses:
                return self._listening(pid, addresses)
            status = self._child(pid).status
            if status is not None and not self._mine(proc.stats()):
                return self._listening(pid, [])
            return None

        return Pending(
            found, lambda: self._listening(pid, []), message.get("within", 10.0), polls=True
        )

    def _listening(self, pid: int, addresses: list[str]) -> Answer:
        mine = self._mine(proc.stats())
        elsewhere = sorted({row[3] for row in self._listeners()} if not addresses else set())
        return {
            "addresses": addresses,
            "elsewhere": elsewhere,
            "ended": self._child(pid).status,
            "count": len(mine),
        }, b""

    def _listeners(self) -> list[sockdiag.TcpRow]:
        """Listening TCP sockets that a process of the program holds."""
        rows = sockdiag.tcp(sockdiag.LISTEN_ONLY)
        own = {os.fstat(listener.fileno()).st_ino for listener in self.listeners.values()}
        rows = [row for row in rows if row[8] not in own]
        if not rows or self.is_init:
            return rows
        held = self._held_sockets()
        return [row for row in rows if row[8] in held]

    def _held_sockets(self) -> set[int]:
        held = set()
        for found in self._mine(proc.stats()):
            row = proc.describe(found, flags=False)
            for _, target, _, _ in row["fds"] if row else []:
                if target.startswith("socket:["):
                    held.add(int(target[8:-1]))
        return held

    def op_last_pid(self, message: Message, blob: bytes) -> Answer:
        """Answer the pid that was given out last."""
        return proc.last_pid(), b""

    def op_same_file(self, message: Message, blob: bytes) -> Answer:
        """Answer of each of `pairs`, [pid, fd, pid, fd], whether both are one open file."""
        return [kcmp.same(*pair) is True for pair in message["pairs"]], b""
