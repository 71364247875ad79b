"""The tables of one instant, with names before numbers: who was there, and who held what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forklab.facts import Descriptor, Process, Snapshot
from forklab.facts.snapshot import Key

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
    """One descriptor of one process, and what it is; `mark` says why it is a culprit."""

    who: str
    pid: int
    number: int
    what: str
    target: str
    mark: str = ""


@dataclass(frozen=True)
class Evidence:
    """Everything of one instant; `when` is how many ms after the check began, or unknown."""

    processes: tuple[ProcessRow, ...]
    descriptors: tuple[DescriptorRow, ...]
    whole: bool = True

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
    describe = _Describer(snapshot, names, clients)
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
    descriptors = tuple(
        DescriptorRow(
            who=names.get(process.key, ""),
            pid=process.pid,
            number=fd.number,
            what=describe.descriptor(process, fd),
            target=fd.target,
            mark=marks.get((process.pid, fd.number), ""),
        )
        for process in snapshot.processes
        for fd in process.fds
    )
    return Evidence(processes, descriptors, snapshot.whole)


class _Describer:
    """Put a descriptor into words: what it is, and who holds the other end."""

    def __init__(
        self, snapshot: Snapshot, names: Mapping[Key, str], clients: Mapping[int, str]
    ) -> None:
        self._snapshot = snapshot
        self._names = names
        self._clients = clients
        self._tcp = {s.inode: s for s in snapshot.tcp if s.inode}

    def descriptor(self, process: Process, fd: Descriptor) -> str:
        if fd.kind == "socket":
            return self._socket(fd.inode)
        if fd.kind == "pipe":
            return self._pipe(process, fd)
        if fd.number in STANDARD and fd.kind in ("terminal", "pipe"):
            return STANDARD[fd.number]
        return fd.target

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
        if not unix.peer:
            return f"Unix {unix.type} socket, other end closed"
        return f"Unix {unix.type} socket, other end: {self._holders(unix.peer)}"

    def _pipe(self, process: Process, fd: Descriptor) -> str:
        others = [
            f"{self._name(other)} fd {end.number}"
            for other in self._snapshot.processes
            for end in other.fds
            if end.inode == fd.inode and end.access != fd.access
        ]
        if not others:
            name = STANDARD.get(fd.number, "")
            return f"{name or 'pipe'} ({'read' if fd.access == 'r' else 'write'} end)"
        side = "read end" if fd.access == "r" else "write end"
        return f"pipe {fd.inode}, {side}; other end: {', '.join(others[:3])}"

    def _holders(self, inode: int) -> str:
        found = [
            f"{self._name(process)} fd {number}"
            for process in self._snapshot.holders(inode)
            for number in process.numbers(inode)
        ]
        return ", ".join(found[:4]) if found else "in flight, in no process"

    def _name(self, process: Process) -> str:
        return self._names.get(process.key, f"pid {process.pid}")
