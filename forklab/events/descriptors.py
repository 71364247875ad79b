"""Who came to hold a descriptor, and who let go of one, between two snapshots.

An inode that nobody held before was made meanwhile: listened on, accepted, connected. One that was
held before, and is held now by a process that was there already, can only have been passed
(unix(7), SCM_RIGHTS); a process that is new has what its parent had at the fork.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from forklab.events.event import SOMEBODY, Change, PeerAt, Who
from forklab.events.interval import Interval
from forklab.facts import Descriptor, Process, TcpSocket

SERVER, A_CLIENT = "the server", "a client"


def descriptor_changes(between: Interval) -> list[Change]:
    """Return what changed in the descriptors of every process; see `differences`."""
    pair = _Pair(between)
    found = [*pair.listens(), *pair.connections()]
    for process in between.after.live:
        was = between.before.by_key.get(process.key)
        if was is None:
            found += pair.not_inherited(process)
        elif was.fds != process.fds:
            found += pair.opened_and_closed(was, process)
    return found


def _by_age(processes: list[Process]) -> list[Process]:
    return sorted(processes, key=lambda process: (process.start_ticks, process.pid))


class _Pair:
    """Two snapshots in a row, and the questions that are asked of both."""

    def __init__(self, between: Interval) -> None:
        self.before, self.after, self.between = between.before, between.after, between

    @cached_property
    def tcp(self) -> dict[int, TcpSocket]:
        """Every TCP socket of both, by inode."""
        return {s.inode: s for s in (*self.before.tcp, *self.after.tcp) if s.inode}

    @cached_property
    def held_before(self) -> set[int]:
        """Inodes of the sockets that somebody held before."""
        return set().union(*self.before.sockets.values())

    def change(self, kind: str, process: Process, socket: int = 0, **more: Any) -> Change:
        """Return one change of what *process* has, such as the TCP socket of inode *socket*."""
        found = self.tcp.get(socket)
        port = found.peer_port if found is not None and found.state != "LISTEN" else 0
        return self.between.change(kind, process.key, client_port=port, **more)

    def listens(self) -> Iterator[Change]:
        """Listening sockets that are new."""
        known = {s.inode for s in self.before.listening}
        for found in self.after.listening:
            if found.inode not in known:
                holder = _by_age(self.after.holders(found.inode))[0]
                yield self.change("listen", holder, found.inode, port=found.port)

    def connections(self) -> Iterator[Change]:
        """Connections that somebody has now who had them not."""
        held = set().union(*self.after.sockets.values())
        for found in self.after.tcp:
            if not found.inode or found.inode not in held or found.state == "LISTEN":
                continue
            holders = _by_age(self.after.holders(found.inode))
            if found.inode in self.held_before:
                yield from self._passed(found, _by_age(self.before.holders(found.inode)), holders)
            else:
                yield from self._new(found, holders)

    def _new(self, found: TcpSocket, holders: list[Process]) -> Iterator[Change]:
        """A connection that nobody of the program had before."""
        start = self.between.start
        if not start.serves and found.peer_port == start.port:
            yield self.change("connect", holders[0], found.inode, to=PeerAt(found.port, SERVER))
        elif listeners := self._listeners(found.port):  # else the harness has passed it, and knows
            yield from self._accepted(found, listeners, holders)

    def _accepted(
        self, found: TcpSocket, listeners: list[Process], holders: list[Process]
    ) -> Iterator[Change]:
        """Of several who may have accepted it, those were there before who fork, and have it.

        A child that holds listener and connection has them from its parent, as a rule; that it
        accepted at once itself cannot be excluded, and "sure" says so.
        """
        old = [process for process in listeners if process.key in self.before.by_key] or listeners
        mine = [process for process in old if process.holds(found.inode)]
        by, client = (mine or old)[0], PeerAt(found.peer_port, A_CLIENT)
        unsure = len(mine) > 1 or (not mine and len(listeners) > 1)
        doubt = {"sure": False} if unsure else {}
        number = _number(by, found.inode)
        yield self.change("accept", by, found.inode, to=client, **number, **doubt)
        yield from self._passed(found, [by], holders)
        if self.after.is_live(by.key) and not mine:
            yield self.change("close", by, found.inode, of=client, what="connection", **doubt)

    def _listeners(self, port: int) -> list[Process]:
        """Who may have accepted on *port*, as they are now; those who listened before first."""
        found = {
            process.key: self.after.by_key.get(process.key, process)
            for snapshot in (self.before, self.after)
            for listener in snapshot.listeners(port)
            for process in _by_age(snapshot.holders(listener.inode))
        }
        return list(found.values())

    def _passed(
        self, found: TcpSocket, had: list[Process], holders: list[Process]
    ) -> Iterator[Change]:
        """Whoever has it now, had it not, and was there already."""
        keys = {process.key for process in had}
        for process in holders:
            if process.key not in keys and process.key in self.before.by_key:
                yield self._pass(had[0].key if had else SOMEBODY, process, found)

    def _pass(self, who: Who, to: Process, found: TcpSocket) -> Change:
        number = _number(to, found.inode)
        client = PeerAt(found.peer_port, A_CLIENT)
        change = self.change(
            "pass", to, found.inode, to=to.key, of=client, what="connection", **number
        )
        return change._replace(who=who)

    def opened_and_closed(self, was: Process, now: Process) -> Iterator[Change]:
        """Differences of the descriptors of a process that was there in both."""
        old, new = _places(was), _places(now)
        for place in sorted(old.keys() - new.keys()):
            yield self._descriptor("close", now, old[place])
        for place in sorted(new.keys() - old.keys()):
            if new[place].inode not in self.tcp:  # those are told by what they are for
                yield self._descriptor("open", now, new[place])

    def not_inherited(self, process: Process) -> Iterator[Change]:
        """What its parent had all the time, and a process that is new has not: it closed it."""
        for parent in self.after.live:
            was = self.before.by_key.get(parent.key)
            if parent.pid == process.ppid and was is not None:
                old, kept = _places(was), _places(parent)
                for place in sorted((old.keys() & kept.keys()) - _places(process).keys()):
                    change = self._descriptor("close", process, old[place])
                    yield change._replace(t=max(change.t, self.between.began(process)))

    def _descriptor(self, kind: str, process: Process, fd: Descriptor) -> Change:
        of: Who = ""
        what = fd.kind
        if (found := self.tcp.get(fd.inode)) is not None and fd.kind == "socket":
            what = "listener" if found.state == "LISTEN" else "connection"
            of = PeerAt(found.peer_port, A_CLIENT) if what == "connection" else ""
        elif fd.inode in self.before.unix or fd.inode in self.after.unix:
            what = "unix"
        facts: dict[str, Any] = {"what": what, "fd": fd.number}
        facts |= {"inode": fd.inode} if fd.inode else {"path": fd.target}
        return self.change(kind, process, fd.inode if of else 0, of=of, **facts)


def _places(process: Process) -> dict[tuple[int, str], Descriptor]:
    """Its descriptors by number and target; whether its flags were asked for is no difference."""
    return {(fd.number, fd.target): fd for fd in process.fds}


def _number(process: Process, inode: int) -> dict[str, int]:
    numbers = process.numbers(inode)
    return {"fd": numbers[0]} if numbers else {}
