"""Fork echo: one child per connection, each socket open where it is used, no zombie left."""

from __future__ import annotations

import signal

from forklab.checks import descriptors, processes, traffic
from forklab.checks.declare import check
from forklab.errors import CheckFailure, LabUnsupported
from forklab.facts import Process, Snapshot
from forklab.facts.calls import ENDED_BY_A_STOP
from forklab.facts.snapshot import Key
from forklab.program.client import Client
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from scenarios.servers import ServerChecks
from scenarios.spinning import does_not_spin

N = 4
BURST = 16
BUSY = 300
# a server that reaps seldom, and rightly so, has hundreds of zombies for a moment
ROOM = 2 * BUSY + 100
PIDS_PER_CLIENT = 4
PIDS_IN_A_SHORTAGE = 20
REAPED_S = 1.0
# how long an accept that was interrupted is watched, and a shortage lasts at least
APART_S = 0.1


class ForkEchoChecks(ServerChecks):
    """What a server owes that forks a child for each connection."""

    def helpers(self) -> set[Key]:
        """Return who was there before the first client and serves none: their end is no child's."""
        return set()

    def parent_of(self, server: Program) -> tuple[Process, set[Key]]:
        """Return who listens before the first client, and everybody who is there by then."""
        parent = server.eventually(processes.listens, server.port)
        return parent, {process.key for process in server.stable().live}

    def children(
        self, server: Program, clients: list[Client], before: set[Key]
    ) -> dict[int, Process]:
        """Return who serves each client, by the client's port, once each has a child."""
        ports = {client.port: client.name for client in clients}
        return server.eventually(descriptors.a_child_each, server.port, ports, before, server.names)

    def one_served(self, server: Program, parent: Process) -> tuple[Client, Key]:
        """Return a client that was answered, and the process beside the parent that serves it."""
        client = server.connect()
        child = server.eventually(
            descriptors.server_of, server.port, client.port, client.name, parent, server.names
        )
        traffic.answered(client.ask(HELLO), client.name)
        return client, child.key

    @check("a-child-per-connection", "core", needs=("starts",))
    def test_a_child_per_connection(self, lab: Lab) -> None:
        """Each of several silent clients has a child process of its own.

        One process for all of them would be another design.
        """
        server = self.start(lab)
        _, before = self.parent_of(server)

        clients = server.connect_all(N)

        self.children(server, clients, before)

    @check("parent-closes-the-connection", "core")
    def test_parent_closes_the_connection(self, lab: Lab) -> None:
        """The parent keeps no copy of a connection that a child serves.

        A connection is closed when its last copy is: a copy in the parent holds back the end of
        file, and each client costs it a descriptor.
        """
        server = self.start(lab)
        parent, before = self.parent_of(server)
        clients = server.connect_all(N)
        server.settle(self.one_connection_each, server, before, clients)

        server.eventually(self.parent_holds_none, server, parent.key, clients)

    @staticmethod
    def parent_holds_none(
        snapshot: Snapshot, server: Program, parent: Key, clients: list[Client]
    ) -> None:
        """Judge one picture: all clients are connected and the parent holds none of them."""
        seats = descriptors.seats(snapshot, server.port, {c.port: c.name for c in clients})
        descriptors.holds_none(snapshot, parent, seats, server.names, "parent")
        if not any(snapshot.by_key[parent].holds(s.inode) for s in snapshot.listeners(server.port)):
            raise CheckFailure("the parent listens", "the parent does not listen any more")

    @check("child-closes-the-listener", "core")
    def test_child_closes_the_listener(self, lab: Lab) -> None:
        """No child holds the listening socket.

        A child that keeps it keeps the port taken when the parent is gone.
        """
        server = self.start(lab)
        _, before = self.parent_of(server)
        clients = server.connect_all(N)
        self.children(server, clients, before)

        server.eventually(self.no_child_listens, server, before)

    @staticmethod
    def no_child_listens(snapshot: Snapshot, server: Program, before: set[Key]) -> None:
        """Judge one picture: nobody who came with the clients listens."""
        new = [process.key for process in snapshot.live if process.key not in before]
        descriptors.holds_no_listener(snapshot, new, server.port, server.names, "child")

    @check("child-holds-no-other-client", "robust")
    def test_child_holds_no_other_client(self, lab: Lab) -> None:
        """Each child holds the connection that it serves, and no other client's.

        What the parent has open at fork, the child inherits: an earlier client would not be
        closed before a later one has left.
        """
        server = self.start(lab)
        _, before = self.parent_of(server)
        clients = server.connect_all(N)

        server.eventually(self.one_connection_each, server, before, clients)

    @staticmethod
    def one_connection_each(
        snapshot: Snapshot, server: Program, before: set[Key], clients: list[Client]
    ) -> None:
        """Judge one picture: no child holds two connections."""
        seats = descriptors.seats(snapshot, server.port, {c.port: c.name for c in clients})
        descriptors.at_most_one_each(snapshot, seats, before, server.names)

    @check("reaps-each-child", "core")
    def test_reaps_each_child(self, lab: Lab) -> None:
        """Children end with their clients and are waited for; only the last may wait a moment.

        22 clients, each comes when the child of the one before is dead.
        """
        server = self.start(lab)
        parent, _ = self.parent_of(server)
        served = set()

        for _ in range(22):
            client, child = self.one_served(server, parent)
            client.close()
            server.eventually(processes.dead, [child], server.names)
            served.add(child)

        server.eventually(
            self.reaped_but, server, served, {child} | self.helpers(), within_s=REAPED_S
        )

    @staticmethod
    def reaped_but(snapshot: Snapshot, server: Program, served: set[Key], but: set[Key]) -> None:
        """Judge one picture: everybody was reaped, but perhaps the last."""
        processes.dead(snapshot, served, server.names)
        processes.no_zombie(snapshot, server.names, but)

    @check("reaps-within-a-second", "robust")
    def test_reaps_within_a_second(self, lab: Lab) -> None:
        """A child that has ended is waited for within a second, though nobody else comes.

        A server that reaps only at the next client leaves a zombie for as long as nobody comes.
        """
        server = self.start(lab)
        parent, _ = self.parent_of(server)
        client, child = self.one_served(server, parent)

        client.close()

        server.eventually(processes.dead, [child], server.names)
        server.eventually(processes.no_zombie, server.names, self.helpers(), within_s=REAPED_S)

    @check("reaps-a-burst", "core")
    def test_reaps_a_burst(self, lab: Lab) -> None:
        """Children that end together are all waited for.

        Signals do not queue: one SIGCHLD may stand for many deaths. The parent is stopped while
        16 children end, so that there is one.
        """
        if not self.burst(lab, stop=True):
            self.burst(lab, stop=False)

    def burst(self, lab: Lab, *, stop: bool) -> bool:
        """Let 16 children end together; False if the stop itself ended the parent.

        A stop and its continuation end some calls with EINTR (signal(7)) although no handler
        runs: what a program does then is looked at without a stop.
        """
        server = self.start(lab)
        parent, before = self.parent_of(server)
        clients = []
        for _ in range(BURST):
            clients.append(server.connect())
            self.children(server, clients[-1:], before)
        children = [child.key for child in self.children(server, clients, before).values()]
        waits_in = server.snapshot().by_key[parent.key].call

        if stop:
            server.signal(parent, signal.SIGSTOP)
            server.eventually(processes.in_state, parent.key, "TtZ")
        for client in clients:
            client.close()
        try:
            server.eventually(processes.dead, children, server.names)
        finally:
            if stop:
                server.signal(parent, signal.SIGCONT)
        one_more = server.try_to_connect()
        ended = one_more is None or not server.snapshot().is_live(parent.key)
        if stop and ended and waits_in is not None and waits_in[0] in ENDED_BY_A_STOP:
            return False
        if one_more is None:
            raise CheckFailure("the server goes on", "nobody listens any more")
        traffic.answered(one_more.ask(HELLO), f"{one_more.name}, after the burst,")
        server.eventually(processes.none_left_of, children, server.names, within_s=REAPED_S)
        return True

    @check("reaps-while-busy", "robust")
    def test_reaps_while_busy(self, lab: Lab) -> None:
        """With clients coming and leaving all the time, no child is forgotten.

        Children end while others are being forked and waited for.
        """
        server = self.start(lab, processes=ROOM)
        _, before = self.parent_of(server)
        for number, state in enumerate(server.visits(BUSY, at_once=5), 1):
            traffic.answered(state, f"client {number} of {BUSY}")
        server.settle(processes.no_new_process, before, server.names)

        one_more = server.connect()
        traffic.answered(one_more.ask(HELLO), f"{one_more.name}, which stays,")
        server.eventually(processes.no_zombie, server.names, self.helpers(), within_s=REAPED_S)

    @check("accept-survives-sigchld", "core")
    def test_accept_survives_sigchld(self, lab: Lab) -> None:
        """A child's end while the parent waits in accept changes nothing.

        accept then fails with EINTR: a server must neither end nor fork for that -1.
        """
        server = self.start(lab)
        parent, _ = self.parent_of(server)
        first = server.last_pid()

        for _ in range(5):
            client, child = self.one_served(server, parent)
            server.eventually(processes.asleep, parent.key, server.names)
            client.close()
            server.settle(processes.dead, [child], server.names)
            server.lasts(processes.listens, server.port, for_s=APART_S)
        traffic.answered(self.visit(server), "the next client")

        used = server.pids_used(first)
        if used > 6 * PIDS_PER_CLIENT:
            raise CheckFailure(
                f"6 clients cost at most {6 * PIDS_PER_CLIENT} process ids",
                f"they cost {used}: processes were forked for nobody",
            )

    @check("survives-fork-failure", "robust")
    def test_survives_fork_failure(self, lab: Lab) -> None:
        """A fork that fails costs one client at most, and that one is told.

        RLIMIT_NPROC of the parent is lowered for a while: fork says EAGAIN.
        """
        lab.demand("limits_bite", "process limits do not bind root")
        server = self.start(lab)
        parent, _ = self.parent_of(server)

        with server.limited(parent, "nproc", 0):
            refused = server.connect()
            refused.ask(HELLO, within_s=0.5)

        traffic.answered_or_ended(refused.answer(), f"{refused.name}, for whom fork failed,")
        traffic.answered(self.visit(server), "the next client")

    @check("survives-descriptor-shortage", "robust")
    def test_survives_descriptor_shortage(self, lab: Lab) -> None:
        """When descriptors run out the server lives, and serves on when there are some again.

        RLIMIT_NOFILE of the parent is lowered for a while: accept says EMFILE.
        """
        server = self.start(lab)
        parent, _ = self.parent_of(server)

        with server.limited(parent, "nofile", None):
            clients = self.waiting_clients(server)
            server.usage(APART_S)

        for client in clients:
            traffic.answered_or_ended(client.answer(), f"{client.name}, who waited,")
        traffic.answered(self.visit(server), "the next client")

    def waiting_clients(self, server: Program) -> list[Client]:
        """Return three clients that have sent a line and wait for no answer."""
        clients = [client for _ in range(3) if (client := server.try_to_connect()) is not None]
        for client in clients:
            client.send(HELLO)
        return clients

    @check("waits-out-a-shortage", "robust", weight=0.5)
    def test_waits_out_a_shortage(self, lab: Lab) -> None:
        """While descriptors are short, nobody spins.

        accept fails at once, again and again, as long as a client waits in the queue.
        """
        lab.demand("sched", "this kernel does not tell who waits for a CPU (schedstat)")
        server = self.start(lab)
        parent, _ = self.parent_of(server)

        with server.limited(parent, "nofile", None):
            first = server.last_pid()
            self.waiting_clients(server)
            server.usage(APART_S)  # what there is to do at once is done by then
            if not server.snapshot().is_live(parent.key):
                raise LabUnsupported(
                    "the server ended of the shortage", because="survives-descriptor-shortage"
                )
            does_not_spin(server)
            used = server.pids_used(first)
        if used > PIDS_IN_A_SHORTAGE:
            raise CheckFailure(
                f"3 waiting clients cost at most {PIDS_IN_A_SHORTAGE} process ids",
                f"they cost {used}",
            )

    @check("a-killed-child-hurts-nobody", "robust")
    def test_a_killed_child_hurts_nobody(self, lab: Lab) -> None:
        """When a child is killed its client sees the end, and nobody else notices.

        The end comes only if no other process holds a copy of the connection.
        """
        server = self.start(lab)
        _, before = self.parent_of(server)
        clients = self.served(server, N)
        victim = self.children(server, clients, before)[clients[0].port]

        server.signal(victim, signal.SIGKILL)

        clients[0].end()
        self.ended(server, clients[0], f"{clients[0].name}, whose child was killed,")
        others = clients[1:]
        for client in set(others) - set(server.ask_all(others)):
            raise CheckFailure(
                f"{client.name} is served on", f"{client.name} {client.state.describe()}"
            )
        one_more = server.connect()
        traffic.answered(one_more.ask(HELLO), f"{one_more.name}, who comes later,")
        server.eventually(processes.gone, [victim.key], server.names, within_s=REAPED_S)


class TestForkEcho(ForkEchoChecks):
    """The checks of the lab fork_echo."""

    lab = "fork_echo"
