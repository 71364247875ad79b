"""A running program: its clients, its processes, what is done to it. It does not judge."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from forklab.errors import CheckFailure, NotReady, Overrun
from forklab.facts import ClientState, Process, Snapshot, Usage, describe_status
from forklab.facts.roles import give_names, give_names_by_start
from forklab.facts.snapshot import Key
from forklab.program import wait
from forklab.program.client import ANSWER_S, Client
from forklab.program.journal import Journal
from forklab.program.peer import Peer
from forklab.sandbox.link import AgentRefused, Link

READY_S = 10.0
EVENTUALLY_S = 5.0
WINDOW_S = 0.3
SETTLE_S = 1.0
LOOK_EVERY = 10
MANY = 30
HELLO = b"hello, forklab\n"
LINE = 160
VEOF = b"\x04"

T = TypeVar("T")


class Program:
    """One start of the program under test.

    Attributes:
        pid: the process that was started; it need not be the one that serves, or that stays.
        argv: its command line.
        port: where it is to listen.
        address: where it listens, as a client connects to it.
        folder: its work folder.
        stdin: what its descriptor 0 is: `pipe`, `pty`, `null`, `file`, `channel`.
    """

    def __init__(
        self,
        link: Link,
        journal: Journal,
        argv: Sequence[str],
        port: int,
        workers: int,
        *,
        serves: bool = True,
    ) -> None:
        self.link = link
        self.journal = journal
        self.argv = list(argv)
        self.port = port
        self.workers = workers
        self.is_pool = workers > 0
        self.serves = serves
        self.pid = 0
        self.key: Key = (0, 0)
        self.address = "127.0.0.1"
        self.folder = ""
        self.stdin = "pipe"
        self.first_pid = 0
        self.names: dict[Key, str] = {}
        self.client_names: dict[int, str] = {}
        self.last: Snapshot | None = None
        self._clients = 0

    # start and end

    def started(self, answer: dict[str, Any], stdin: str) -> None:
        """Take what the agent says of its start."""
        self.pid, self.first_pid = answer["pid"], answer["last_pid"]
        self.key = (self.pid, answer["start_ticks"])
        self.folder, self.stdin = answer["folder"], stdin

    def wait_until_listening(self, within_s: float = READY_S) -> None:
        """Return once a process of the program listens on the port.

        Raises:
            NotReady: it ended, listens elsewhere, or does not listen, with one sentence.
        """
        within = within_s * wait.scale()
        found = self._look("listening", port=self.port, pid=self.pid, within=within, wait_s=within)
        if found["addresses"]:
            self.address = _connectable(found["addresses"])
            self.journal.note("listen", f"it listens on {self.address}:{self.port}")
            return
        raise NotReady(
            f"a process of the program listens on port {self.port}",
            self._why_not(found, within),
            breaks=("starts",),
        )

    def _why_not(self, found: dict[str, Any], within: float) -> str:
        said = last_lines(self.output())
        if found["elsewhere"]:
            ports = " and ".join(map(str, found["elsewhere"]))
            return f"it listens on port {ports}, not on {self.port}" + said
        if found["ended"] is not None and not found["count"]:
            return f"it {describe_status(found['ended'])} before it listened" + said
        return f"{within:.0f} s after its start it does not listen on any port" + said

    def ended(self) -> int | None:
        """Return the wait status of the started process, None while it runs."""
        status: int | None = self.link.call("status", pid=self.pid).value
        return status

    def output(self) -> str:
        """Return what it has printed so far, standard output and then standard error."""
        return "".join(self.outputs().values())

    def outputs(self) -> dict[str, str]:
        """Return what it has printed so far, by stream; what was left out is said."""
        reply = self.link.call("output", pid=self.pid)
        texts, at = {}, 0
        for name, (head, left_out, tail) in reply.value.items():
            text = reply.blob[at : at + head].decode(errors="replace")
            if left_out:
                text += f"\n[{left_out} bytes left out]\n"
            texts[name] = text + reply.blob[at + head : at + head + tail].decode(errors="replace")
            at += head + tail
        return texts

    # its terminal and its files

    def type(self, data: bytes) -> None:
        """Write *data* to its standard input, a pipe or a terminal; it may read no more."""
        self.journal.note("type", f"type {_shown(data)}")
        with contextlib.suppress(AgentRefused):
            self.link.call("feed", data, pid=self.pid)

    def end_input(self) -> None:
        """End its standard input: close the pipe; on a terminal the key for it (termios(3))."""
        self.journal.note("type", "the input ends")
        data = VEOF if self.stdin == "pty" else b""
        with contextlib.suppress(AgentRefused):
            self.link.call("feed", data, pid=self.pid, end=self.stdin != "pty")

    def hang_up(self) -> None:
        """Close the other side of its terminal, or of its pipe."""
        self.journal.note("type", "the terminal hangs up")
        self.link.call("feed", pid=self.pid, end=True)

    def printed(self) -> bytes:
        """Return what came on its standard output so far; in a flood, head and tail of it."""
        reply = self.link.call("output", pid=self.pid)
        head, _, tail = reply.value["stdout"]
        return reply.blob[: head + tail]

    def stderr_text(self) -> str:
        """Return what came on its standard error so far."""
        return self.outputs()["stderr"]

    def eventually_printed(
        self, check: Callable[..., T], *args: Any, within_s: float = EVENTUALLY_S
    ) -> T:
        """Return what *check*, of what was printed so far, returns once it holds."""
        return wait.eventually(self.printed, check, *args, within_s=within_s)

    def file(self, name: str) -> bytes | None:
        """Return the content of a file in its work folder; None if there is no regular file."""
        reply = self.link.call("read", path=f"{self.folder}/{name}")
        return reply.blob if reply.value else None

    # observing

    def snapshot(self, *, flags: bool = False) -> Snapshot:
        """Take a whole picture, now.

        Raises:
            Overrun: there are more processes than any right program needs; all were killed.
        """
        value = self._look("snapshot", flags=flags, wait_s=30.0)
        self.last = Snapshot(value, self.link.hello["machine"])
        if self.serves:
            give_names(self.names, self.last, self.port, is_pool=self.is_pool)
        else:
            give_names_by_start(self.names, self.last, self.key)
        return self.last

    def _look(self, op: str, **arguments: Any) -> Any:
        """Ask for what counts processes on the way.

        Raises:
            Overrun: there are more than any right program needs; all were killed.
        """
        try:
            return self.link.call(op, **arguments).value
        except AgentRefused as refused:
            if refused.kind != "overrun":
                raise
            failure = overrun(str(refused))
            failure.snapshot = self.last
            raise failure from None

    def stable(self) -> Snapshot:
        """Take snapshots until two in a row hold the same, at most for a second."""
        waiting = wait.Waiting(1.0)
        before = self.snapshot()
        while True:
            waiting.nap()
            after = self.snapshot()
            if after.pictures() == before.pictures() or waiting.over:
                return after
            before = after

    def eventually(self, check: Callable[..., T], *args: Any, within_s: float = EVENTUALLY_S) -> T:
        """Return what *check* returns once it holds; see `wait.eventually`."""
        return wait.eventually(self.snapshot, check, *args, within_s=within_s)

    def settle(self, check: Callable[..., Any], *args: Any, within_s: float = SETTLE_S) -> None:
        """Wait for *check* to hold, and go on after a while even if it does not."""
        with contextlib.suppress(CheckFailure):
            self.eventually(check, *args, within_s=within_s)

    def throughout(self, check: Callable[..., T], *args: Any, for_s: float = WINDOW_S) -> T:
        """Demand that *check* holds all the time; see `wait.throughout`."""
        with self.journal.waiting(for_s * wait.scale()):
            return wait.throughout(self.snapshot, check, *args, for_s=for_s)

    def usage(self, for_s: float = WINDOW_S) -> Usage:
        """Return who used the CPU during the next *for_s* seconds."""
        with self.journal.waiting(for_s):
            value = self._look("usage", wait_s=for_s, **{"for": for_s})
        return Usage.parse(value, self.link.hello["pid_max"])

    def last_pid(self) -> int:
        """Return the pid that was given out last in the sandbox."""
        pid: int = self.link.call("last_pid").value
        return pid

    def name(self, process: Process | Key) -> str:
        """Return a name and the pid: "worker-2 (pid 31)"."""
        key = process.key if isinstance(process, Process) else process
        name = self.names.get(key)
        return f"{name} (pid {key[0]})" if name else f"pid {key[0]}"

    # clients

    def connect(self, *, receive_buffer: int | None = None) -> Client:
        """Open a connection; it may fail, and the client's state says so."""
        return self._connected(self._connecting(receive_buffer=receive_buffer))

    def _connecting(self, **wanted: Any) -> int:
        within = ANSWER_S * wait.scale()
        return self.link.submit(
            "connect", host=self.address, port=self.port, within=within, **wanted
        )

    def _connected(self, number: int) -> Client:
        self._clients += 1
        name = f"client-{self._clients}"
        try:
            value = self.link.result(number, ANSWER_S * wait.scale()).value
        except AgentRefused as refused:
            raise CheckFailure(
                f"{name} can connect to port {self.port}", f"{name} could not connect: {refused}"
            ) from None
        self.journal.note("connect", f"{name} connects", port=value["port"])
        self.client_names[value["port"]] = name
        return Client(self.link, self.journal, name, value)

    def try_to_connect(self) -> Client | None:
        """Open a connection; None if nobody listens."""
        try:
            return self.connect()
        except CheckFailure:
            return None

    def connect_all(self, count: int) -> list[Client]:
        """Open *count* connections at once."""
        numbers = [self._connecting() for _ in range(count)]
        return [self._connected(number) for number in numbers]

    def ask_all(self, clients: Sequence[Client], count: int | None = None) -> list[Client]:
        """Let each of *clients* send a line; return those answered anew, once *count* (all) are."""
        within = ANSWER_S * wait.scale()
        had = [client.state.received for client in clients]
        self.journal.note("exchange", f"{len(clients)} clients each send a line at once")
        values = self.link.call(
            "gather",
            HELLO,
            wait_s=within,
            conns=[client.conn for client in clients],
            count=len(clients) if count is None else count,
            within=within,
        ).value
        for client, value in zip(clients, values, strict=True):
            client.state = ClientState.parse(value)
        pairs = zip(clients, had, strict=True)
        return [client for client, before in pairs if client.state.received > before]

    def visit(self, data: bytes = HELLO) -> ClientState:
        """Be one whole client: connect, send, wait for the reply, leave."""
        self._clients += 1
        self.journal.note("visit", f"client-{self._clients} comes, is answered, leaves")
        return self._visited(self._visiting(data))

    def _visiting(self, data: bytes) -> int:
        within = ANSWER_S * wait.scale()
        return self.link.submit("visit", data, host=self.address, port=self.port, within=within)

    def _visited(self, number: int) -> ClientState:
        try:
            return ClientState.parse(self.link.result(number, ANSWER_S * wait.scale()).value)
        except AgentRefused as refused:
            error = "ECONNREFUSED" if refused.kind == "refused" else str(refused)
            return ClientState(False, 0, 0, 0, False, error, 0)

    def visits(self, total: int, at_once: int, data: bytes = HELLO) -> Iterator[ClientState]:
        """Be *total* whole clients, *at_once* at any time, each back as soon as one has left.

        No more come once MANY processes are alive that no client needs: a server whose children
        do not end is known by then, and would only bury the machine.
        """
        self.journal.note("visit", f"{total} clients come and leave, {at_once} at a time")
        under_way = {self._visiting(data) for _ in range(min(at_once, total))}
        begun = len(under_way)
        while under_way:
            number = self.link.first(under_way, ANSWER_S * wait.scale())
            under_way.remove(number)
            if begun % LOOK_EVERY == 0 and begun < total and len(self.snapshot().live) > MANY:
                self.journal.note("visit", f"only {begun} of them: their processes do not end")
                total = begun
            if begun < total:
                under_way.add(self._visiting(data))
                begun += 1
            yield self._visited(number)

    # doing things to processes

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process group of the started process, as a terminal's keys do."""
        self.journal.note("signal", f"{number.name} to the whole process group", pid=self.pid)
        with contextlib.suppress(AgentRefused):
            self.link.call("signal", pid=self.pid, number=int(number), group=True)

    def signal(self, process: Process | Key, number: signal.Signals) -> None:
        """Send a signal to one process."""
        key = process.key if isinstance(process, Process) else process
        self.journal.note("signal", f"{number.name} to {self.name(key)}", pid=key[0])
        with contextlib.suppress(AgentRefused):  # it may be gone: what follows will show
            self.link.call("signal", pid=key[0], number=int(number))

    def pass_connection(self, peer: Peer) -> None:
        """Play the dispatcher: send a byte with *peer*'s connection over its channel.

        Raises:
            CheckFailure: its channel is closed.
        """
        self.journal.note("pass", f"the harness passes the connection of {peer.name}")
        try:
            self.link.call("pass", b"c", pid=self.pid, conn=peer.conn)
        except AgentRefused as refused:
            raise CheckFailure(
                "the worker takes a connection from its channel, descriptor 0",
                f"its end of the channel is closed: {refused}",
            ) from None

    def report(self, within_s: float = ANSWER_S) -> bytes | None:
        """Return what the worker says over its channel; b"" at its end, None if nothing came."""
        within = within_s * wait.scale()
        with self.journal.waiting(within):
            reply = self.link.call("report", pid=self.pid, within=within, wait_s=within)
        return None if reply.value is None else reply.blob

    def _act(self, op: str, process: Process, **arguments: Any) -> Any:
        """Do something to *process*, which must be there for it.

        Raises:
            CheckFailure: it has ended meanwhile.
        """
        try:
            return self.link.call(op, pid=process.pid, **arguments).value
        except AgentRefused as refused:
            if refused.kind != "gone":
                raise
            name = self.name(process)
            raise CheckFailure(
                f"{name} is there", f"{name} ended before it could be used"
            ) from None

    @contextlib.contextmanager
    def frozen(self, process: Process) -> Iterator[None]:
        """Freeze one process by ptrace: its parent does not hear of it."""
        self.journal.note("freeze", f"{self.name(process)} is frozen", pid=process.pid)
        self._act("freeze", process)
        try:
            yield
        finally:
            self.journal.note("thaw", f"{self.name(process)} goes on", pid=process.pid)
            with contextlib.suppress(AgentRefused):
                self.link.call("thaw", pid=process.pid)

    @contextlib.contextmanager
    def limited(self, process: Process, name: str, soft: int | None) -> Iterator[None]:
        """Lower a soft limit of one process for a while.

        Args:
            process: the one that is limited.
            name: `nproc` or `nofile`.
            soft: the limit; None: just above the highest open descriptor.
        """
        title = {"nproc": "RLIMIT_NPROC", "nofile": "RLIMIT_NOFILE"}[name]
        what = "just above its highest descriptor" if soft is None else str(soft)
        self.journal.note("limit", f"soft {title} of {self.name(process)} becomes {what}")
        before = self._act("limit", process, name=name, soft=soft)
        try:
            yield
        finally:
            self.journal.note("limit", f"soft {title} of {self.name(process)} is as before")
            with contextlib.suppress(AgentRefused):
                self.link.call("limit", pid=process.pid, name=name, soft=before[0])


def overrun(count: str) -> Overrun:
    """Return the failure of a program of which *count* processes were seen."""
    return Overrun(
        "a bounded number of processes",
        f"{count} processes were there, and more came: it forks without end (all were killed)",
    )


def last_lines(text: str, count: int = 3) -> str:
    """Return the last lines of what it printed, as the end of a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-count:]
    shown = [line if len(line) <= LINE else f"{line[:LINE]} ..." for line in lines]
    return "; it printed: " + " / ".join(shown) if shown else "; it printed nothing"


def at_rest(snapshot: Snapshot) -> None:
    """Demand that every process sleeps."""
    awake = [process for process in snapshot.live if not process.sleeps]
    if awake or not snapshot.live:
        raise CheckFailure("every process sleeps", f"{len(awake)} do not")


def _connectable(addresses: list[str]) -> str:
    """Return the address by which a listening socket is reached in the sandbox."""
    for address in sorted(addresses, key=lambda a: ":" in a):
        if address in ("0.0.0.0", "::", "::ffff:0.0.0.0"):
            return "127.0.0.1"
    address = sorted(addresses, key=lambda a: ":" in a)[0]
    return address.removeprefix("::ffff:")


def _shown(data: bytes) -> str:
    text = repr(data)[1:]
    return text if len(text) <= 60 else f"{len(data)} bytes: {text[:40]} ..."
