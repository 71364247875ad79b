"""Between which two times something happened that was seen in the second of two looks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from forklab.events.event import Change, Who
from forklab.events.start import Start
from forklab.facts import Process, Snapshot, TcpSocket
from forklab.facts.snapshot import Key


class Interval:
    """From the begin of the look *before* to the end of the next one, *after*, of one start."""

    def __init__(self, before: Snapshot, after: Snapshot, start: Start) -> None:
        self.before, self.after, self.start = before, after, start

    @cached_property
    def had(self) -> dict[int, list[Process]]:
        """Who held each socket before, by inode; the oldest first."""
        return _holders(self.before)

    @cached_property
    def have(self) -> dict[int, list[Process]]:
        """Who holds each socket now, likewise."""
        return _holders(self.after)

    @cached_property
    def tcp(self) -> dict[int, TcpSocket]:
        """Every TCP socket of both that a process could hold, by inode."""
        return {s.inode: s for s in (*self.before.tcp, *self.after.tcp) if s.inode}

    @cached_property
    def by_pid(self) -> dict[int, Process]:
        """The processes of both by their pid; where two had the same, the one that is there now."""
        return {p.pid: p for p in (*self.before.processes, *self.after.processes)}

    def change(
        self,
        kind: str,
        key: Key,
        *,
        who: Who | None = None,
        to: Who = "",
        of: Who = "",
        client_port: int = 0,
        likely: float = 0.0,
        **facts: Any,
    ) -> Change:
        """Return what happened to process *key* at some time of the interval.

        Before it ended, and nothing happens to a client's connection before the client asks for it.

        Args:
            kind, to, of, facts: as of `Change`.
            key: of a process.
            who: as of `Change`; None: that process.
            client_port: of the client whose connection it is; 0: of none.
            likely: not certain, but hardly before this time: where it stands among others.
        """
        high = self.after.time + self.after.raw.get("took_s", 0.0)
        low = max(self.before.time, self.asked(client_port))
        end = self.after.ends.get(key)
        if end is not None and end.ended is not None:
            high = min(high, end.ended)
        low = min(low, high)
        t = min(max(low, likely, self._signalled), high)
        return Change(t, kind, key if who is None else who, "snapshot", low, high, to, of, facts)

    def parent_before(self, process: Process) -> Process | None:
        """Return who was the parent of *process* before; None if that is none of the program."""
        return self._pids_before.get(process.ppid)

    @cached_property
    def _pids_before(self) -> dict[int, Process]:
        return {process.pid: process for process in self.before.processes}

    def asked(self, client_port: int) -> float:
        """Return when the client of that port asked to connect, 0 if unknown."""
        found = self.start.asked.get(client_port)
        return 0.0 if found is None else found - self.start.ahead_s

    @property
    def _signalled(self) -> float:
        """When the harness last sent a signal: what is seen next is, as a rule, what came of it."""
        return self.start.signalled - self.start.ahead_s if self.start.signalled else 0.0

    def began(self, process: Process) -> float:
        """Return before when *process*, which is new, was hardly forked.

        As a rule it has the connections from its parent that nobody had at the look before.
        """
        new = [self.tcp[inode] for inode in process.sockets & (self.tcp.keys() - self.had.keys())]
        return max((self.asked(found.peer_port) for found in new), default=0.0)


def _holders(snapshot: Snapshot) -> dict[int, list[Process]]:
    found: dict[int, list[Process]] = {}
    for process in sorted(snapshot.processes, key=lambda p: (p.start_ticks, p.pid)):
        for inode in snapshot.sockets[process.key]:
            found.setdefault(inode, []).append(process)
    return found
