"""One whole picture of the program: processes, descriptors, sockets, and how processes ended."""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from forklab.facts.calls import ON_A_DESCRIPTOR, call_name

TCP_STATES = {
    1: "ESTABLISHED", 2: "SYN_SENT", 3: "SYN_RECV", 4: "FIN_WAIT1", 5: "FIN_WAIT2", 6: "TIME_WAIT",
    7: "CLOSE", 8: "CLOSE_WAIT", 9: "LAST_ACK", 10: "LISTEN", 11: "CLOSING", 12: "NEW_SYN_RECV",
}  # fmt: skip
# with inode 0 in another state its process has closed it, and only the kernel still knows it
NOT_ACCEPTED = ("SYN_RECV", "NEW_SYN_RECV", "ESTABLISHED", "CLOSE_WAIT")
UNIX_TYPES = {1: "stream", 2: "datagram", 5: "seqpacket"}
CLOSE_ON_EXEC = 0o2000000

Key = tuple[int, int]  # (pid, start ticks): a pid alone may be used again


class Descriptor(NamedTuple):
    """One number of one process (proc_pid_fd(5)).

    Attributes:
        target: what the link says, such as `socket:[4711]` or a path.
        access: "r", "w", "rw", or "" where it does not matter (sockets).
        flags: file status flags with close-on-exec, octal 02000000; None when not asked for.
    """

    number: int
    target: str
    access: str
    flags: int | None

    @property
    def kind(self) -> str:
        """`socket`, `pipe` (a FIFO is one), `terminal`, `anon` (epoll, pidfd ...) or `file`."""
        return _kind(self.target)

    @property
    def inode(self) -> int:
        """Inode of a socket or a pipe; 0 for anything else."""
        return _inode(self.target)


@lru_cache(maxsize=256)  # the same few targets are judged in every snapshot
def _kind(target: str) -> str:
    if target.startswith("/dev/pts/"):
        return "terminal"
    if target.startswith("/"):
        return "file"
    head = target.partition(":")[0]
    return {"anon_inode": "anon", "fifo": "pipe"}.get(head, head)


@lru_cache(maxsize=256)
def _inode(target: str) -> int:
    head, _, tail = target.partition(":[")
    return int(tail[:-1]) if head in ("socket", "pipe", "fifo") and tail else 0


class Process(NamedTuple):
    """One process of the program; start_ticks are clock ticks since boot."""

    pid: int
    ppid: int
    pgrp: int
    session: int
    state: str
    start_ticks: int
    start_code: int
    start_stack: int
    cpu_ticks: int
    threads: int
    comm: str
    args: tuple[str, ...]
    exe: str
    call: tuple[str, int] | None
    fds: tuple[Descriptor, ...]

    @property
    def key(self) -> Key:
        """What identifies it."""
        return self.pid, self.start_ticks

    @property
    def is_zombie(self) -> bool:
        """It has ended and nobody has waited for it."""
        return self.state in "ZX"

    @property
    def sleeps(self) -> bool:
        """It waits for something."""
        return self.state in "SD"

    def numbers(self, inode: int) -> list[int]:
        """Return its descriptors on socket or pipe *inode*."""
        return [fd.number for fd in self.fds if inode and fd.inode == inode]

    def holds(self, inode: int) -> bool:
        """Whether it has a descriptor on socket or pipe *inode*."""
        return any(fd.inode == inode for fd in self.fds) if inode else False

    @property
    def sockets(self) -> set[int]:
        """Inodes of the sockets that it holds."""
        return {fd.inode for fd in self.fds if fd.kind == "socket"}

    @property
    def command(self) -> str:
        """Its command line, or [name] for a zombie, as ps shows it."""
        return " ".join(self.args) if self.args else f"[{self.comm}]"

    @property
    def doing(self) -> str:
        """What it does, as the end of a sentence: "waits in accept on 3", "is running" ..."""
        if self.is_zombie:
            return "is a zombie"
        what = self.waits_in()
        if self.call is not None:
            return f"waits in {what}"
        return f"is {what}" if what != "-" else "sleeps"

    def waits_in(self) -> str:
        """Return "accept on 3", "wait4", "running" ..., or "-" for a zombie."""
        if self.is_zombie:
            return "-"
        if self.call is None:
            return {"R": "running", "T": "stopped", "t": "frozen"}.get(self.state, "-")
        name, first = self.call
        return f"{name} on {first}" if name in ON_A_DESCRIPTOR else name


class TcpSocket(NamedTuple):
    """One TCP socket of the network namespace; queues are in bytes.

    For a listening socket `unread` counts connections that wait to be accepted, and `unsent` is
    its backlog. Inode 0: not accepted yet, or closed by its process.
    """

    version: int
    state: str
    address: str
    port: int
    peer_address: str
    peer_port: int
    unread: int
    unsent: int
    inode: int


class UnixSocket(NamedTuple):
    """One Unix socket; peer 0 means that the other end is closed, or that there is none."""

    inode: int
    type: str
    state: int
    peer: int
    unread: int
    shutdown: int


class End(NamedTuple):
    """What is known of the end of one process; times as `Snapshot.time`, None: not yet.

    Attributes:
        by_agent: the agent reaped it: it was an orphan, or (`started`) the process that the
            agent started itself.
        status: its wait status, where the kernel told.
    """

    pid: int
    start_ticks: int
    ended: float | None
    reaped: float | None
    by_agent: bool
    started: bool
    status: int | None

    @property
    def key(self) -> Key:
        """What identifies the process."""
        return self.pid, self.start_ticks


class Snapshot:
    """Everything at one time.

    Attributes:
        time: seconds of the agent's monotonic clock.
        whole: no process came, went or changed its parent while it was taken.
        last_pid: the pid given out last in the sandbox.
        processes: the program's, by pid; the observer is never among them.
    """

    def __init__(self, value: dict[str, Any], machine: str) -> None:
        self.time: float = value["time"]
        self.whole: bool = value["whole"]
        self.last_pid: int = value["last_pid"]
        self.processes = tuple(_process(row, machine) for row in value["processes"])
        self.tcp = tuple(
            TcpSocket(r[0], TCP_STATES.get(r[1], str(r[1])), *r[2:]) for r in value["tcp"]
        )
        self.unix = {
            r[0]: UnixSocket(r[0], UNIX_TYPES.get(r[1], str(r[1])), *r[2:]) for r in value["unix"]
        }
        self.ends = {(end[0], end[1]): End(*end) for end in value["ends"]}
        self.raw = value

    @cached_property
    def by_key(self) -> dict[Key, Process]:
        """The processes by (pid, start ticks)."""
        return {process.key: process for process in self.processes}

    @cached_property
    def sockets(self) -> dict[Key, set[int]]:
        """Inodes of the sockets that each process holds."""
        return {process.key: process.sockets for process in self.processes}

    @property
    def live(self) -> list[Process]:
        """Processes that have not ended."""
        return [process for process in self.processes if not process.is_zombie]

    @property
    def zombies(self) -> list[Process]:
        """Processes that have ended and wait to be reaped."""
        return [process for process in self.processes if process.is_zombie]

    def is_live(self, key: Key) -> bool:
        """Whether the process is there and has not ended."""
        return key in self.by_key and not self.by_key[key].is_zombie

    def holders(self, inode: int) -> list[Process]:
        """Processes that have a descriptor on socket or pipe *inode*."""
        found = {process.key: process for process, _ in self.held(inode)}
        return list(found.values())

    def held(self, inode: int) -> list[tuple[Process, Descriptor]]:
        """Descriptors on socket or pipe *inode*, each with its process."""
        return self._held.get(inode, [])

    @cached_property
    def _held(self) -> dict[int, list[tuple[Process, Descriptor]]]:
        found: dict[int, list[tuple[Process, Descriptor]]] = {}
        for process in self.processes:
            for fd in process.fds:
                if inode := fd.inode:
                    found.setdefault(inode, []).append((process, fd))
        return found

    def listeners(self, port: int) -> list[TcpSocket]:
        """Listening sockets on *port* that a process of the program holds."""
        return [s for s in self.listening if s.port == port]

    @cached_property
    def listening(self) -> list[TcpSocket]:
        """Every listening socket that a process of the program holds."""
        held = set().union(*self.sockets.values())
        return [s for s in self.tcp if s.state == "LISTEN" and s.inode in held]

    def connection(self, server_port: int, client_port: int) -> TcpSocket | None:
        """The server's end of a client's connection, None when the server has closed it."""
        for found in self.tcp:
            if (found.port, found.peer_port) == (server_port, client_port):
                return found if found.inode or found.state in NOT_ACCEPTED else None
        return None

    def peer_holders(self, inode: int) -> list[Process]:
        """Processes that hold the other end of Unix socket *inode*."""
        found = self.unix.get(inode)
        return self.holders(found.peer) if found is not None and found.peer else []

    def age(self, zombie: Process) -> float:
        """Seconds for which *zombie* has been one, as far as we know."""
        end = self.ends.get(zombie.key)
        if end is None or end.ended is None:
            return 0.0
        return max(self.time - end.ended, 0.0)  # it may have ended while the picture was taken

    def pictures(self) -> dict[Key, tuple[str, ...]]:
        """What each live process holds, for comparing two snapshots."""
        return {
            process.key: tuple(f"{fd.number} {fd.target}" for fd in process.fds)
            for process in self.live
        }


def _process(row: dict[str, Any], machine: str) -> Process:
    call = row["call"]
    return Process(
        pid=row["pid"],
        ppid=row["ppid"],
        pgrp=row["pgrp"],
        session=row["session"],
        state=row["state"],
        start_ticks=row["start_ticks"],
        start_code=row["start_code"],
        start_stack=row["start_stack"],
        cpu_ticks=row["cpu_ticks"],
        threads=row["threads"],
        comm=row["comm"],
        args=tuple(row["args"]),
        exe=row["exe"],
        call=None if call is None else (call_name(machine, call[0]), call[1]),
        fds=tuple(Descriptor(*fd) for fd in row["fds"]),
    )
