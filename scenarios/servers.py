"""What every server owes, whatever it does with processes inside.

A lab's checks inherit these. `crowd` is how many clients are served at the same time beside one
that is idle; `between` waits, where a lab needs it, until the program is ready for the next client.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import closing
from typing import Any

from forklab.checks import descriptors, processes, traffic
from forklab.checks.declare import check
from forklab.errors import CheckFailure, LabUnsupported
from forklab.facts import ClientState
from forklab.facts.calls import WRITES
from forklab.program.client import Client
from forklab.program.clients import VISITS_S
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from forklab.program.wait import Waiting
from scenarios.spinning import does_not_spin

LINES = (b"hello\n", b"a line that is a good deal longer than the first\n", b"x\n", b"ten more\n")
SIZES = (1, 29, 30, 31, 79, 80, 99, 100, 1024, 65536)
EVERY_BYTE = bytes(range(256)) + b"\n"
MIB = 1 << 20
STALL = 16 * MIB
QUIET_S = 0.1
STALLED_S = 0.4
TRIES = 3


class ServerChecks:
    """Checks of every server lab."""

    lab: str
    crowd = 4

    # what a lab may do differently

    def start(self, lab: Lab, **changes: Any) -> Program:
        """Start the program afresh and wait until it listens; *changes*: see `Lab.launch`."""
        return lab.start(**changes)

    def settled(self, server: Program, inode: int = 0) -> None:
        """Wait a while until the server is ready for the next client; *inode*: the last one's."""

    def between(self, server: Program, inode: int = 0) -> None:
        """Wait until the server is ready for the next client, as it must become."""

    def visit(self, server: Program) -> ClientState:
        """Be one whole client, and wait a while until the server is ready for the next."""
        return self._visit(server, self.settled)

    def visit_in_turn(self, server: Program) -> ClientState:
        """Be one of many clients in turn: the server must become ready for the next."""
        return self._visit(server, self.between)

    def _visit(self, server: Program, wait: Callable[[Program, int], None]) -> ClientState:
        """A client that is closed at once is tried again: a full pool may tell it so."""
        for _ in range(TRIES):
            state = server.visit()
            if state.answered:
                wait(server, state.inode)
                return state
            if not state.over or state.error == "ECONNREFUSED":
                break
            self.settled(server)
        return state

    def served(self, server: Program, count: int) -> list[Client]:
        """Return *count* clients that are connected and were answered, one after another."""
        clients = []
        for _ in range(count):
            client = server.connect()
            clients.append(client)
            traffic.answered(client.ask(HELLO), client.name)
        return clients

    def still_serves(self, server: Program) -> None:
        """Demand that the server lives, does not spin, and serves the next client."""
        does_not_spin(server)
        traffic.answered(self.visit(server), "the next client")

    # the checks

    @check("starts", "core", needs=())
    def test_starts(self, lab: Lab) -> None:
        """The server listens on its port and stays alive.

        Ready is what the kernel says: a process of the program holds a listening socket.
        """
        server = self.start(lab)

        server.lasts(processes.listens, server.port, for_s=0.05)

    @check("bad-usage", "robust", needs=("starts",))
    def test_bad_usage(self, lab: Lab) -> None:
        """Wrong arguments, or a port in use, end the program with a message and a non-zero status.

        A word that atoi turns into port 0, or a bind whose failure nobody looks at, gives a server
        on a port that nobody knows.
        """
        if lab.spec.run is None:
            self.refuses(
                lab, lab.launch(lab.spec.without_arguments(lab.built().argv)), "no argument"
            )
        if lab.spec.takes_port:
            self.refuses(lab, lab.launch(port_word="seven"), "the word `seven` for the port")
        with closing(lab.listen()) as listener:
            what = f"port {listener.port}, which is in use"
            self.refuses(lab, lab.launch(port=listener.port), what)

    def refuses(self, lab: Lab, program: Program, what: str) -> None:
        """Demand that the program ends by itself, says why and leaves nothing."""
        expected = f"given {what}, it ends with a message and a non-zero status"
        ports = program.eventually(processes.decided)
        if ports:
            where = " and ".join(map(str, ports))
            raise CheckFailure(expected, f"given {what}, it listens on port {where}")
        processes.told_why(program.ended(), program.output(), expected, f"given {what}, it")

    @check("echoes", "core", needs=("starts",))
    def test_echoes(self, lab: Lab) -> None:
        """Every line comes back as it was sent, in order.

        A short line after a long one shows what is left in a buffer.
        """
        server = self.start(lab)
        client = server.connect()

        for line in LINES:
            got = client.exchange(line)
            if line is LINES[0] and not got:
                self.nobody_is_answered(server, client)
            traffic.echoed(line, got, client.state, client.name)

    def nobody_is_answered(self, server: Program, client: Client) -> None:
        """Fail, and with it every check that needs an answer, if a second client is not either."""
        client.close()
        other = server.connect()
        traffic.answered(other.ask(HELLO), "a client that sends a line", breaks=("answers",))
        traffic.answered(client.state, client.name)

    @check("echoes-any-bytes", "robust")
    def test_echoes_any_bytes(self, lab: Lab) -> None:
        """Blocks of any bytes and of any size come back unchanged.

        A length taken by strlen stops at the first NUL; sizes around the usual buffers show an
        off-by-one.
        """
        server = self.start(lab)
        client = server.connect()

        for block in (EVERY_BYTE, *(b"7" * size + b"\n" for size in SIZES)):
            traffic.echoed(block, client.exchange(block), client.state, client.name)

    @check("echoes-a-large-stream", "robust")
    def test_echoes_a_large_stream(self, lab: Lab) -> None:
        """1 MiB, written and read at once, comes back whole, then the end of file.

        A write may take less than it was given, and a reply may block while more arrives.
        """
        server = self.start(lab)
        client = server.connect()

        client.pattern(MIB)

        traffic.all_back(client.state, client.name)
        self.ended(server, client, client.name, reset_is_fine=False)

    @check("answers-a-half-close", "core")
    def test_answers_a_half_close(self, lab: Lab) -> None:
        """A client that has half-closed gets all its bytes, and then the end.

        The end comes only when every copy of the connection is closed, in every process.
        """
        server = self.start(lab)

        for _ in range(10):
            client = self.half_close(server)
            if lab.holds("echoes"):
                traffic.all_back(client.state, client.name)
            else:
                traffic.answered(client.state, client.name)
            self.ended(server, client, client.name)
            client.close()
            self.between(server)

    def ended(
        self, server: Program, client: Client, who: str, *, reset_is_fine: bool = True
    ) -> None:
        """Demand that the connection of *client* has ended; else show who has it open still."""
        try:
            traffic.ended(client.state, who, reset_is_fine=reset_is_fine)
        except CheckFailure as failure:
            raise traffic.held_open(
                failure, server.snapshot(), server.port, client.port, server.names
            ) from None

    def half_close(self, server: Program) -> Client:
        """Return a client that sent a line, half-closed and read on; a refused one tries again."""
        for _ in range(TRIES):
            client = server.connect()
            client.end(HELLO, half_close=True)
            if client.state.answered or not client.state.over:
                break
            self.settled(server)
        return client

    @check("serves-many-at-once", "core")
    def test_serves_many_at_once(self, lab: Lab) -> None:
        """While one client is silent, others come and are answered.

        One has already come and left: a blocking wait in a handler stops a server just then.
        """
        self.demand_crowd(lab)
        server = self.start(lab)
        idle = server.connect()
        server.eventually(descriptors.seats, server.port, {idle.port: idle.name})

        second = server.connect()
        traffic.answered(second.ask(HELLO), f"{second.name}, beside a silent one,")
        self.leave_and_end(server, second)

        clients = server.connect_all(self.crowd)
        server.ask_all(clients)
        for client in clients:
            traffic.answered(client.state, f"{client.name}, beside a silent one,")

    def demand_crowd(self, lab: Lab) -> None:
        """Skip where a program serves one client at a time because it was told so."""

    def leave_and_end(self, server: Program, client: Client) -> None:
        """Let *client* leave, and wait a while for whoever served it to let go or to end."""
        inode = client.look().inode
        client.close()
        if inode:
            server.settle(descriptors.let_go, inode, server.names)
        self.settled(server, inode)

    @check("survives-a-reset", "robust")
    def test_survives_a_reset(self, lab: Lab) -> None:
        """Clients that reset their connections hurt only themselves.

        After a reset a read fails once, a write raises SIGPIPE: each must end that one service.
        """
        server = self.start(lab)
        client = server.connect()
        client.send(HELLO)
        server.eventually(descriptors.seats, server.port, {client.port: client.name})
        client.reset()
        self.survived(server)

        server = self.start(lab)
        client = server.connect()
        self.stall(server, client)
        client.reset()
        self.survived(server)

    def stall(self, server: Program, client: Client) -> None:
        """Send without reading until nothing moves: the server sleeps in a write to the client.

        One that waits otherwise until it can write is given half a second without progress.
        """
        client.stall(STALL, quiet_s=QUIET_S)
        server.settle(descriptors.blocked_in, WRITES, within_s=STALLED_S)

    def survived(self, server: Program) -> None:
        """What must be true after a reset."""
        self.still_serves(server)

    @check("survives-a-slow-reader", "robust")
    def test_survives_a_slow_reader(self, lab: Lab) -> None:
        """A client that does not read delays nobody else, and loses nothing.

        The server's write to it blocks once the buffers of both sides are full.
        """
        self.demand_crowd(lab)
        server = self.start(lab)
        slow = server.connect(receive_buffer=4096)
        self.stall(server, slow)

        for _ in range(2):
            traffic.answered(self.visit(server), "a client beside one that does not read")

        slow.resume()
        traffic.all_back(slow.state, slow.name)

    @check("does-not-spin", "robust")
    def test_does_not_spin(self, lab: Lab) -> None:
        """With nothing to do, every process sleeps.

        Seen before the first client, beside idle ones, and after clients came and left.
        """
        lab.demand("sched", "this kernel does not tell who waits for a CPU (schedstat)")
        server = self.start(lab)
        does_not_spin(server)

        clients = self.served(server, 1)
        if self.crowd > 1:
            clients.append(server.connect())  # it will leave without a word
        does_not_spin(server)

        for client in clients:
            client.close()
        self.settled(server)
        does_not_spin(server)

    @check("leaks-nothing", "core")
    def test_leaks_nothing(self, lab: Lab) -> None:
        """After 100 clients the program holds what it held before.

        Descriptors of every process that stays, and the number of live processes.
        """
        server = self.start(lab)
        self.warm_up(server)
        first = server.stable()
        before = {process.key: len(process.fds) for process in first.live}

        waiting = Waiting(VISITS_S)
        for number in range(1, 101):
            traffic.answered(self.visit_in_turn(server), f"client {number} of 100")
            if waiting.elapsed_s > waiting.within_s:
                break  # it lets each of them wait, for as long as it may
            if number % 20 == 0 and len(server.snapshot().live) >= len(first.live) + number:
                break  # a process stays for each client: known by now, and a hundred are too many

        server.eventually(descriptors.holds_as_before, before, len(first.live), server.names)

    def warm_up(self, server: Program) -> None:
        """Let the server do once what it does at first use."""
        for _ in range(2):
            state = self.visit(server)
            traffic.answered(state, "the first client")
            server.settle(descriptors.let_go, state.inode, server.names)

    @check("stops-clean", "robust")
    def test_stops_clean(self, lab: Lab) -> None:
        """SIGTERM to the parent, then its clients leave: nothing is left of the program.

        Children may serve on until their clients leave; after that, nobody stays behind.
        """
        server = self.start(lab)
        parent = server.eventually(processes.listens, server.port)
        clients = self.served(server, 1)
        more = server.connect_all(self.crowd - 1)
        server.ask_all(more)
        server.stable()

        server.signal(parent, signal.SIGTERM)
        for client in clients + more:
            client.close()

        server.eventually(processes.nobody_left, server.port, server.names)


def demand_declared(lab: Lab, what: str, reason: str) -> None:
    """Skip a check of something that the program does not declare."""
    if what not in lab.spec.declared:
        raise LabUnsupported(reason)
