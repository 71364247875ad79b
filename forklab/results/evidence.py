"""The tables of one instant, with names before numbers: who was there, and who held what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forklab.facts import Descriptor, End, Process, Snapshot, describe_status
from forklab.facts.snapshot import Key

UNIX_LISTEN = 10
STANDARD = {0: "stdin", 1: "stdout", 2: "stderr"}


@dataclass(frozen=True)
class ProcessRow:
    """One line of the process table; `mark` says why it is a culprit."""

    who: str
    pid: int
    ppid: int
    state: str
    waits_in: str
    command: str
    mark: str = ""


@dataclass(frozen=True)
class DescriptorRow:
    """One descriptor of one process, and what it is; `mark` says why it is a culprit.

    Attributes:
        kind: listener, connection, unix, socket, pipe, terminal, anon or file.
        side: of a pipe "r" or "w", of a socket "".
        other: who or what is at the other end, where one is known: the name of a client, or the
            target of the other socket of a pair.
    """

    who: str
    pid: int
    number: int
    what: str
    target: str
    mark: str = ""
    kind: str = ""
    side: str = ""
    other: str = ""


@dataclass(frozen=True)
class EndRow:
    """One process that was gone by then: how it ended, who reaped it.

    Attributes:
        how: such as "killed by SIGPIPE"; "ended" where the kernel did not tell.
        ago_s: how long before the instant it ended; None: unknown.
        reaped_by: "its parent" or "PID 1", the latter also for the started process.
        plain: it exited with status 0, or nobody knows how.
    """

    who: str
    pid: int
    how: str
    ago_s: float | None
    reaped_by: str
    plain: bool


@dataclass(frozen=True)
class Evidence:
    """Everything of one instant.

    Attributes:
        whole: no process came or went while it was looked at.
        ends: processes of the program that were gone by then, the last one last.
    """

    processes: tuple[ProcessRow, ...]
    descriptors: tuple[DescriptorRow, ...]
    whole: bool = True
    ends: tuple[EndRow, ...] = ()

    @property
    def culprits(self) -> list[ProcessRow]:
        """Processes that are marked, or have a marked descriptor."""
        pids = {row.pid for row in self.descriptors if row.mark}
        return [row for row in self.processes if row.mark or row.pid in pids]


def evidence(
    snapshot: Snapshot,
    marks: Mapping[int | tuple[int, int], str],
    names: Mapping[Key, str],
    clients: Mapping[int, str],
) -> Evidence:
    """Return the tables of *snapshot*.

    Args:
        snapshot: the picture that was judged.
        marks: pid, or (pid, descriptor), to a few words.
        names: what the processes are called.
        clients: local port of each client to its name.
    """
    processes = tuple(
        ProcessRow(
            who=names.get(process.key, ""),
            pid=process.pid,
            ppid=process.ppid,
            state=process.state,
            waits_in=process.waits_in(),
            command=process.command + " <defunct>" * process.is_zombie,
            mark=marks.get(process.pid, ""),
        )
        for process in snapshot.processes
    )
    describe = _Describer(snapshot, names, clients)
    descriptors = tuple(
        describe.row(process, fd, marks.get((process.pid, fd.number), ""))
        for process in snapshot.processes
        for fd in process.fds
    )
    return Evidence(processes, descriptors, snapshot.whole, _ends(snapshot, names))


def _ends(snapshot: Snapshot, names: Mapping[Key, str]) -> tuple[EndRow, ...]:
    gone = [end for end in snapshot.ends.values() if end.key not in snapshot.by_key]
    gone.sort(key=lambda end: (end.ended or 0.0, end.pid))
    return tuple(_end_row(end, snapshot.time, names) for end in gone)


def _end_row(end: End, now: float, names: Mapping[Key, str]) -> EndRow:
    return EndRow(
        who=names.get(end.key, ""),
        pid=end.pid,
        how=describe_status(end.status).removeprefix("was "),
        ago_s=None if end.ended is None else max(now - end.ended, 0.0),
        reaped_by="PID 1" if end.by_agent or end.started else "its parent",
        plain=not end.status,
    )


def _few(found: list[str], most: int = 4) -> str:
    rest = len(found) - most
    return ", ".join(found[:most]) + (f" and {rest} more" if rest > 0 else "")


class _Describer:
    """Put a descriptor into words: what it is, and who holds the other end."""

    def __init__(
        self, snapshot: Snapshot, names: Mapping[Key, str], clients: Mapping[int, str]
    ) -> None:
        self._snapshot = snapshot
        self._names = names
        self._clients = clients
        self._tcp = {s.inode: s for s in snapshot.tcp if s.inode}

    def row(self, process: Process, fd: Descriptor, mark: str) -> DescriptorRow:
        return DescriptorRow(
            who=self._names.get(process.key, ""),
            pid=process.pid,
            number=fd.number,
            what=self.descriptor(process, fd),
            target=fd.target,
            mark=mark,
            kind=self.kind(fd),
            side=fd.access if fd.kind == "pipe" else "",
            other=self.other(fd),
        )

    def descriptor(self, process: Process, fd: Descriptor) -> str:
        if fd.kind == "socket":
            return self._socket(fd.inode)
        if fd.kind == "pipe":
            return self._pipe(process, fd)
        if fd.number in STANDARD and fd.kind in ("terminal", "pipe"):
            return STANDARD[fd.number]
        return fd.target

    def kind(self, fd: Descriptor) -> str:
        if fd.kind != "socket":
            return fd.kind
        tcp = self._tcp.get(fd.inode)
        if tcp is not None:
            return "listener" if tcp.state == "LISTEN" else "connection"
        return "unix" if fd.inode in self._snapshot.unix else "socket"

    def other(self, fd: Descriptor) -> str:
        if fd.kind != "socket":
            return ""
        tcp, unix = self._tcp.get(fd.inode), self._snapshot.unix.get(fd.inode)
        if tcp is not None and tcp.state != "LISTEN":
            return self._clients.get(tcp.peer_port, "")
        return f"socket:[{unix.peer}]" if unix is not None and unix.peer else ""

    def _socket(self, inode: int) -> str:
        tcp = self._tcp.get(inode)
        if tcp is not None and tcp.state == "LISTEN":
            return f"listening socket, port {tcp.port}"
        if tcp is not None:
            whose = self._clients.get(tcp.peer_port, f"port {tcp.peer_port}")
            state = "" if tcp.state == "ESTABLISHED" else f", {tcp.state}"
            return f"connection of {whose}{state}"
        unix = self._snapshot.unix.get(inode)
        if unix is None:
            return f"socket {inode}"
        if unix.state == UNIX_LISTEN:
            return f"listening Unix {unix.type} socket"
        if not unix.peer:
            return f"Unix {unix.type} socket, other end closed"
        return f"Unix {unix.type} socket, other end: {self._holders(unix.peer)}"

    def _pipe(self, process: Process, fd: Descriptor) -> str:
        others = [
            f"{self._name(other)} fd {end.number}"
            for other, end in self._snapshot.held(fd.inode)
            if end.access != fd.access
        ]
        if not others:
            name = STANDARD.get(fd.number, "")
            return f"{name or 'pipe'} ({'read' if fd.access == 'r' else 'write'} end)"
        side = "read end" if fd.access == "r" else "write end"
        return f"pipe {fd.inode}, {side}; other end: {_few(others)}"

    def _holders(self, inode: int) -> str:
        found = [
            f"{self._name(process)} fd {fd.number}" for process, fd in self._snapshot.held(inode)
        ]
        return _few(found) if found else "in flight, in no process"

    def _name(self, process: Process) -> str:
        return self._names.get(process.key, f"pid {process.pid}")
