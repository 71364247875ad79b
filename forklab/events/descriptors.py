"""Who came to hold a descriptor, and who let go of one, between two snapshots.

An inode that nobody held before was made meanwhile: listened on, accepted, connected. One that was
held before, and is held now by a process that was there already, can only have been passed
(unix(7), SCM_RIGHTS); a process that is new has what its parent had at the fork.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from forklab.events.event import A_CLIENT, SERVER, SOMEBODY, Change, PeerAt, Who
from forklab.events.interval import Interval
from forklab.facts import Descriptor, Process, Snapshot, TcpSocket
from forklab.facts.snapshot import Key


def descriptor_changes(between: Interval) -> list[Change]:
    """Return what changed in the descriptors of every process; see `differences`."""
    known = between.before.by_key
    changed = [
        process
        for process in between.after.live
        if process.key not in known or known[process.key].fds != process.fds
    ]
    if not changed and _states(between.before) == _states(between.after):
        return []
    pair = _Pair(between)
    found = [*pair.listens(), *pair.connections()]
    for process in changed:
        was = known.get(process.key)
        found += pair.not_inherited(process) if was is None else pair.differ(was, process)
    return found


def _states(snapshot: Snapshot) -> set[tuple[int, str]]:
    """A descriptor may stay the same while its socket begins to listen, or is connected."""
    return {(found.inode, found.state) for found in snapshot.tcp}


class _Pair:
    """Two snapshots in a row, and the questions that are asked of both."""

    def __init__(self, between: Interval) -> None:
        self.before, self.after, self.between = between.before, between.after, between
        self.tcp = between.tcp
        self.known = {found.inode for found in between.before.tcp}
        self._may_accept: dict[int, list[Process]] = {}

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
                holder = self.between.have[found.inode][0]
                yield self.change("listen", holder, found.inode, port=found.port)

    def connections(self) -> Iterator[Change]:
        """Connections that somebody has now who had them not."""
        for inode, holders in self.between.have.items():
            found = self.tcp.get(inode)
            if found is None or found.state == "LISTEN":
                continue
            had = self.between.had.get(inode)
            if had is None or inode not in self.known:  # it was held, and not yet connected
                yield from self._new(found, holders)
            else:
                yield from self._passed(found, had, holders)

    def _new(self, found: TcpSocket, holders: list[Process]) -> Iterator[Change]:
        """A connection that nobody of the program had before."""
        if self._is_to_the_server(found):
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
        mine = [process for process in old if self._number(process, found.inode)]
        by, client = (mine or old)[0], PeerAt(found.peer_port, A_CLIENT)
        unsure = len(mine) > 1 or (not mine and len(listeners) > 1)
        doubt = {"sure": False} if unsure else {}
        number = self._number(by, found.inode)
        yield self.change("accept", by, found.inode, to=client, **number, **doubt)
        yield from self._passed(found, [by], holders)
        if self.after.is_live(by.key) and not mine:
            yield self.change("close", by, found.inode, of=client, what="connection", **doubt)

    def _whose(self, found: TcpSocket) -> PeerAt:
        """Whose connection it is: a client's, or of a client that is examined the server's."""
        if self._is_to_the_server(found):
            return PeerAt(found.port, SERVER)
        return PeerAt(found.peer_port, A_CLIENT)

    def _is_to_the_server(self, found: TcpSocket) -> bool:
        start = self.between.start
        return not start.serves and found.peer_port == start.port

    def _number(self, process: Process, inode: int) -> dict[str, int]:
        """Return its lowest descriptor on socket *inode*; nothing if it has none."""
        held = self.after.held(inode)
        mine = (fd.number for holder, fd in held if holder.key == process.key)
        number = next(mine, None)
        return {} if number is None else {"fd": number}

    def _listeners(self, port: int) -> list[Process]:
        """Who may have accepted on *port*, as they are now; those who listened before first."""
        if port not in self._may_accept:
            self._may_accept[port] = self._find_listeners(port)
        return self._may_accept[port]

    def _find_listeners(self, port: int) -> list[Process]:
        both = (self.before, self.between.had), (self.after, self.between.have)
        found = {
            process.key: self.after.by_key.get(process.key, process)
            for snapshot, holders in both
            for listener in snapshot.listeners(port)
            for process in holders.get(listener.inode, ())
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
        number = self._number(to, found.inode)
        client = PeerAt(found.peer_port, A_CLIENT)
        change = self.change(
            "pass", to, found.inode, to=to.key, of=client, what="connection", **number
        )
        return change._replace(who=who)

    def differ(self, was: Process, now: Process) -> Iterator[Change]:
        """Differences of the descriptors of a process that was there in both."""
        old, new = _places(was), _places(now)
        for place in sorted(old.keys() - new.keys()):
            yield self._descriptor("close", now, old[place])
        for place in sorted(new.keys() - old.keys()):
            if new[place].inode not in self.tcp:  # those are told by what they are for
                more = {"inherited": True} if self._has_heir(now, new[place]) else {}
                yield self._descriptor("open", now, new[place], **more)

    def _has_heir(self, parent: Process, fd: Descriptor) -> bool:
        """Whether a child that is new has what *parent* opened; a pipe is one, whichever end."""
        new = self._new_children.get(parent.pid, {})
        if fd.inode:
            return any(holder.key in new for holder, _ in self.after.held(fd.inode))
        return any((fd.number, fd.target) in _places(child) for child in new.values())

    @cached_property
    def _new_children(self) -> dict[int, dict[Key, Process]]:
        """Processes that were forked meanwhile, by the pid of their parent."""
        found: dict[int, dict[Key, Process]] = {}
        for process in self.after.live:
            if process.key not in self.before.by_key:
                found.setdefault(process.ppid, {})[process.key] = process
        return found

    def not_inherited(self, process: Process) -> Iterator[Change]:
        """What its parent had all the time, and a process that is new has not: it closed it."""
        parent = self.between.by_pid.get(process.ppid)
        was = self.before.by_key.get(parent.key) if parent is not None else None
        if parent is None or was is None or not self.after.is_live(parent.key):
            return
        old, kept = _places(was), _places(parent)
        for place in sorted((old.keys() & kept.keys()) - _places(process).keys()):
            change = self._descriptor("close", process, old[place])
            yield change._replace(t=max(change.t, self.between.began(process)))

    def _descriptor(self, kind: str, process: Process, fd: Descriptor, **more: Any) -> Change:
        of: Who = ""
        what = fd.kind
        if (found := self.tcp.get(fd.inode)) is not None and fd.kind == "socket":
            what = "listener" if found.state == "LISTEN" else "connection"
            of = self._whose(found) if what == "connection" else ""
        elif fd.inode in self.before.unix or fd.inode in self.after.unix:
            what = "unix"
        facts: dict[str, Any] = {"what": what, "fd": fd.number}
        facts |= {"inode": fd.inode} if fd.inode else {"path": fd.target}
        return self.change(kind, process, fd.inode if of else 0, of=of, **facts, **more)


def _places(process: Process) -> dict[tuple[int, str], Descriptor]:
    """Its descriptors by number and target; whether its flags were asked for is no difference."""
    return {(fd.number, fd.target): fd for fd in process.fds}
