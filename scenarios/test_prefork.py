"""Prefork: workers forked in advance; a dispatcher accepts and passes the connection."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

from forklab.checks import descriptors, passing, pool, processes, traffic
from forklab.checks.declare import check
from forklab.errors import CheckFailure, LabUnsupported
from forklab.facts import Process, Snapshot
from forklab.facts.roles import Pool
from forklab.facts.roles import pool as find_pool
from forklab.facts.snapshot import Key
from forklab.facts.status import describe_status, failed_by_itself
from forklab.program.client import Client
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from scenarios.servers import ServerChecks, demand_declared
from scenarios.spinning import does_not_spin

NO_PEERS = "this kernel does not tell the other end of a Unix socket"
ENDS_S = 1.0
FORKS_S = 0.5
READY_S = 1.0
# a thousand forks may come after listen, and a busy machine takes its time for them
FORKS_ALL_S = 20.0
TOLD_S = 0.1
AFTER_A_KILL = 8
MANY_WORKERS = 1000
# a pool of a thousand needs room for a thousand
ROOM = MANY_WORKERS + 200


class PreforkChecks(ServerChecks):
    """What a server owes that passes connections to workers forked in advance."""

    # how a pool is treated

    def start(self, lab: Lab, **changes: Any) -> Program:
        """Start the program afresh; one that listens before it forks is given time to do so."""
        server = super().start(lab, **changes)
        server.settle(pool.has_workers, server.port, server.workers, within_s=FORKS_S)
        return server

    def settled(self, server: Program, inode: int = 0) -> None:
        """Wait a while for the idle picture."""
        server.settle(pool.idle, server.port, inode, server.names, within_s=READY_S)

    def between(self, server: Program, inode: int = 0) -> None:
        """Wait for the idle picture, as it must come."""
        server.eventually(pool.idle, server.port, inode, server.names, within_s=READY_S)

    def warm_up(self, server: Program) -> None:
        """Let every worker serve once."""
        clients = server.connect_all(server.workers)
        for client in clients:
            client.ask(HELLO)
        self.leave(server, clients)

    def leave(self, server: Program, clients: Sequence[Client]) -> None:
        """Let *clients* leave, and wait a while for the idle picture."""
        for client in clients:
            self.leave_and_end(server, client)

    def survived(self, server: Program) -> None:
        """The pool still serves as many clients at once as it has workers."""
        does_not_spin(server)
        self.settled(server)
        self.all_answered(server, server.connect_all(server.workers))

    def all_answered(self, server: Program, clients: Sequence[Client]) -> None:
        """Demand that each of *clients*, all connected at once, is answered."""
        answered = server.ask_all(clients)
        silent = [client for client in clients if client not in answered]
        if silent:
            raise CheckFailure(
                f"{len(clients)} clients at once are all answered",
                f"{len(silent)} of {len(clients)} are not: {silent[0].name} "
                f"{silent[0].state.describe()}",
            )

    def pool_of(self, server: Program) -> Pool:
        """Return the pool once its picture stays the same."""
        return find_pool(server.stable(), server.port)

    def workers_of(self, server: Program) -> Pool:
        """Return the pool, with at least one worker.

        Raises:
            CheckFailure: there is none.
        """
        found = self.pool_of(server)
        if found.dispatcher is None or not found.workers:
            raise CheckFailure(
                "workers have a channel to the dispatcher before the first client",
                f"none of {len(found.others)} processes has one",
            )
        return found

    def demand_two(self, lab: Lab) -> None:
        """Skip a check that needs two workers where there is one.

        Raises:
            LabUnsupported: the pool has one worker.
        """
        if lab.spec.workers < 2:
            raise LabUnsupported("the pool has one worker only")

    def demand_crowd(self, lab: Lab) -> None:
        """Serving beside a silent client takes a second worker."""
        self.crowd = max(lab.spec.workers - 1, 1)
        self.demand_two(lab)

    def serve_one(self, server: Program, before: set[Key], name: str) -> None:
        """Let one client be answered by one process of *before*, leave, and be forgotten."""
        client = server.connect()
        traffic.answered(client.ask(HELLO), name)
        server.eventually(
            passing.served_by_old_ones, server.port, client.port, client.name, before, server.names
        )
        inode = client.look().inode
        client.close()
        self.between(server, inode)

    # the checks

    @check("forks-in-advance", "core", needs=("starts",))
    def test_forks_in_advance(self, lab: Lab) -> None:
        """Before the first client there are exactly as many workers as were asked for.

        A worker is a process that has a channel to the dispatcher; whose child it is is free.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)

        server.eventually(pool.has_pool, server.port, lab.spec.workers, server.names)

        server.eventually(self.others_apart, server)

    @staticmethod
    def others_apart(snapshot: Snapshot, server: Program) -> None:
        """Judge one picture: a helper that was just forked may still hold what it will close."""
        found = find_pool(snapshot, server.port)
        pool.others_are_apart(snapshot, found, server.port, server.names)

    @check("forks-for-nobody", "core")
    def test_forks_for_nobody(self, lab: Lab) -> None:
        """Every client is served by a process that was there before the first one.

        Forking for each connection is what a pool is to save.
        """
        server = self.start(lab)
        before = {process.key for process in server.stable().live}

        for number in range(3 * lab.spec.workers):
            self.serve_one(server, before, f"client {number + 1}")

        server.eventually(processes.no_new_process, before, server.names)

    @check("passes-the-connection", "core")
    def test_passes_the_connection(self, lab: Lab) -> None:
        """A client's connection is in exactly one process: a worker that does not listen.

        The same socket, by its inode, has moved from the dispatcher to the worker.
        """
        server = self.start(lab)
        before = {process.key for process in server.stable().live}
        (client,) = self.served(server, 1)

        server.eventually(
            passing.passed_to_a_worker, server.port, client.port, client.name, before, server.names
        )

    @check("dispatcher-closes-its-copy", "core")
    def test_dispatcher_closes_its_copy(self, lab: Lab) -> None:
        """The dispatcher keeps no copy of a connection that it has passed.

        Passing a descriptor makes a second one: the first must be closed.
        """
        server = self.start(lab)
        (client,) = self.served(server, 1)

        server.eventually(
            passing.dispatcher_let_go, server.port, client.port, client.name, server.names
        )

    @check("workers-do-not-accept", "core", needs=("starts",))
    def test_workers_do_not_accept(self, lab: Lab) -> None:
        """No worker holds the listening socket.

        Workers that accept by themselves are the other kind of prefork.
        """
        server = self.start(lab)
        self.pool_of(server)
        server.eventually(pool.workers_do_not_listen, server.port, server.names)

        server.ask_all(server.connect_all(2), 1)

        server.eventually(pool.workers_do_not_listen, server.port, server.names)

    @check("one-channel-each", "core", needs=("starts",))
    def test_one_channel_each(self, lab: Lab) -> None:
        """Each worker has an end of a Unix socket pair whose other end the dispatcher holds.

        Descriptors travel only over Unix sockets. One pair shared by all workers is as good.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)

        server.eventually(pool.one_channel_each, server.port, lab.spec.workers, server.names)

    @check("channels-are-private", "robust", needs=("starts",))
    def test_channels_are_private(self, lab: Lab) -> None:
        """Each end of a channel is open only in the process that it is for.

        A worker inherits the channels of those forked before it: while it lives, they do not see
        the dispatcher's end.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)
        self.workers_of(server)

        server.eventually(pool.channels_are_private, server.port, server.names)

    @check("spreads-over-workers", "core")
    def test_spreads_over_workers(self, lab: Lab) -> None:
        """As many clients at once as there are workers are all answered.

        The dispatcher must know who is idle.
        """
        self.demand_two(lab)
        server = self.start(lab)
        self.pool_of(server)

        clients = server.connect_all(lab.spec.workers)
        self.all_answered(server, clients)

        ports = {client.port: client.name for client in clients}
        server.eventually(passing.not_in_the_dispatcher_alone, server.port, ports, server.names)

    @check("the-next-one-waits-or-is-told", "core")
    def test_the_next_one_waits_or_is_told(self, lab: Lab) -> None:
        """A client more than there are workers waits its turn, or is told at once.

        Whichever it is: the others are served on, and the next free worker takes the next client.
        """
        server = self.start(lab)
        self.pool_of(server)
        clients = server.connect_all(lab.spec.workers)
        self.all_answered(server, clients)

        surplus = server.connect()
        surplus.ask(HELLO, within_s=TOLD_S)
        told = surplus.state.over and not surplus.state.answered
        self.go_on(server, clients)
        self.leave_and_end(server, clients[0])
        if not told:
            traffic.answered_or_ended(surplus.answer(), f"{surplus.name}, who waited,")
        surplus.close()
        self.go_on(server, clients[1:])
        traffic.answered(self.visit(server), "a new client, once one has left,")

    def go_on(self, server: Program, clients: Sequence[Client]) -> None:
        """Demand that each of *clients* is answered again."""
        answered = server.ask_all(clients)
        for client in clients:
            if client not in answered:
                raise CheckFailure(
                    f"{client.name} is served on beside one more than there are workers",
                    f"{client.name} {client.state.describe()}",
                )

    @check("comes-back-to-idle", "core")
    def test_comes_back_to_idle(self, lab: Lab) -> None:
        """One worker serves 100 clients, one after another, and holds what it held before.

        It reports idle each time, and closes each connection that it received.
        """
        lab.demand("unix_peers", NO_PEERS)
        one = {"workers": 1} if lab.spec.takes_workers else {}
        server = self.start(lab, **one)
        self.workers_of(server)
        traffic.answered(self.visit(server), "the first client")
        workers = self.workers_of(server).workers
        before = {worker.key: len(worker.fds) for worker in workers}

        for number in range(2, 102):
            traffic.answered(self.visit_in_turn(server), f"client {number} of 101")

        server.eventually(descriptors.holds_as_before, before, None, server.names)

    @check("survives-a-killed-worker", "robust")
    def test_survives_a_killed_worker(self, lab: Lab) -> None:
        """A killed worker is reaped, its client sees the end, and clients are served on.

        Its channel has no other end any more: reading it says so for ever, writing raises SIGPIPE.
        """
        lab.demand("unix_peers", NO_PEERS)
        self.demand_two(lab)
        server, victim = self.kill_an_idle_worker(lab)
        self.goes_on_without(server, victim)

        server, victim = self.kill_a_busy_worker(lab)
        self.goes_on_without(server, victim)

    def kill_an_idle_worker(self, lab: Lab) -> tuple[Program, Process]:
        """Kill the first worker; return the program and whom it hit."""
        server = self.start(lab)
        victim = self.workers_of(server).workers[0]
        server.signal(victim, signal.SIGKILL)
        return server, victim

    def kill_a_busy_worker(self, lab: Lab) -> tuple[Program, Process]:
        """Kill a worker that serves; its client must see the end."""
        server = self.start(lab)
        before = {worker.key for worker in self.workers_of(server).workers}
        (client,) = self.served(server, 1)
        victim = server.eventually(
            passing.worker_of, server.port, client.port, client.name, before, server.names
        )
        server.signal(victim, signal.SIGKILL)
        client.end()
        self.ended(server, client, f"{client.name}, whose worker was killed,")
        client.close()
        return server, victim

    def goes_on_without(self, server: Program, victim: Process) -> None:
        """Demand that the pool lives on after *victim* was killed."""
        server.eventually(processes.gone, [victim.key], server.names, within_s=ENDS_S)
        does_not_spin(server)
        for number in range(1, AFTER_A_KILL + 1):
            self.between(server)
            traffic.answered(
                self.visit_in_turn(server),
                f"client {number} of {AFTER_A_KILL} after a worker was killed",
            )

    @check("replaces-a-killed-worker", "robust")
    def test_replaces_a_killed_worker(self, lab: Lab) -> None:
        """A killed worker is replaced: the pool is as large as before.

        Only where the program declares it.
        """
        lab.demand("unix_peers", NO_PEERS)
        demand_declared(
            lab, "replaces_killed_worker", "the program does not declare that it replaces workers"
        )
        server, victim = self.kill_an_idle_worker(lab)
        server.eventually(processes.gone, [victim.key], server.names)

        server.eventually(pool.has_workers, server.port, lab.spec.workers)

    @check("workers-end-with-the-dispatcher", "robust")
    def test_workers_end_with_the_dispatcher(self, lab: Lab) -> None:
        """When the dispatcher is killed, idle workers end, and a busy one after its client.

        They see the end of file on their channel, unless somebody else holds the other end.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)
        found = self.workers_of(server)
        assert found.dispatcher is not None
        server.signal(found.dispatcher, signal.SIGKILL)
        keys = [worker.key for worker in found.workers]
        when = "once the dispatcher was killed"
        server.eventually(pool.ended, keys, server.names, when, within_s=ENDS_S)

        if lab.spec.workers > 1:
            self.end_with_the_last_busy(lab)

    def end_with_the_last_busy(self, lab: Lab) -> None:
        """The worker that was forked last is busy: it may hold the channels of all others."""
        server = self.start(lab)
        found = self.workers_of(server)
        assert found.dispatcher is not None
        client, busy = self.occupy_the_last(server, found)
        idle = [worker.key for worker in found.workers if worker.key != busy.key]

        server.signal(found.dispatcher, signal.SIGKILL)
        when = f"once the dispatcher was killed, while {server.name(busy)} is busy"
        server.eventually(pool.ended, idle, server.names, when, within_s=ENDS_S)
        client.close()
        when = "once the dispatcher was killed and its client has left"
        server.eventually(pool.ended, [busy.key], server.names, when, within_s=ENDS_S)

    def occupy_the_last(self, server: Program, found: Pool) -> tuple[Client, Process]:
        """Return a client of the worker that was forked last, and that worker; all others leave."""
        clients = server.connect_all(server.workers)
        self.all_answered(server, clients)
        snapshot = server.snapshot()
        served = {
            worker.key: client
            for client in clients
            for worker in passing.serving(snapshot, server.port, client.port, client.name)
        }
        busy = [worker for worker in found.workers if worker.key in served]
        if not busy:
            raise CheckFailure("workers serve the clients", "none of them holds a connection")
        kept = served[busy[-1].key]
        self.leave(server, [client for client in clients if client is not kept])
        return kept, busy[-1]

    @check("takes-any-pool-size", "robust")
    def test_takes_any_pool_size(self, lab: Lab) -> None:
        """Pools of 1, 2 and 10 work; 0, -1 and a word are refused; 1000 works or is refused.

        Refused means a message and a non-zero status, not a pool of another size.
        """
        if not lab.spec.takes_workers:
            raise LabUnsupported("the command line has no place for the size of the pool")
        for size in (1, 2, 10):
            server = self.start(lab, workers=size)
            self.pool_of(server)
            traffic.answered(self.visit(server), f"a client of a pool of {size}")
        for word in ("0", "-1", "seven"):
            self.refuses(lab, lab.launch(workers=word), f"{word} for the number of workers")
        self.works_or_refuses(lab)

    def works_or_refuses(self, lab: Lab) -> None:
        """A pool of a thousand serves, or says that it cannot be."""
        server = lab.launch(workers=MANY_WORKERS, processes=ROOM)
        what = f"a pool of {MANY_WORKERS} works, or is refused with a message and a status"
        try:
            server.wait_until_listening()
        except CheckFailure as failure:
            status = server.ended()
            if status is not None and failed_by_itself(status) and server.output().strip():
                return
            failure.expected = what
            if status is not None:
                failure.seen = f"it {describe_status(status)}"
            raise
        state = server.visit(within_s=FORKS_ALL_S)
        if state.answered:
            return
        ports = server.eventually(processes.decided, within_s=30.0)
        status = server.ended()
        if ports or status is None or not failed_by_itself(status) or not server.output().strip():
            raise CheckFailure(what, f"it listens, and a client {state.describe()}")

    @check("survives-a-stopped-worker", "robust")
    def test_survives_a_stopped_worker(self, lab: Lab) -> None:
        """A worker that stands still costs the others nothing, and loses no client.

        It is frozen by ptrace: nobody else hears of it.
        """
        lab.demand("unix_peers", NO_PEERS)
        self.demand_two(lab)
        server = self.start(lab)
        victim = self.workers_of(server).workers[0]

        with server.frozen(victim):
            clients = server.connect_all(lab.spec.workers)
            served = server.ask_all(clients, lab.spec.workers - 1)
            if len(served) < lab.spec.workers - 1:
                raise CheckFailure(
                    f"beside a frozen worker at least {lab.spec.workers - 1} of "
                    f"{lab.spec.workers} clients are answered",
                    f"{len(served)} are",
                    marks={victim.pid: "frozen by the harness"},
                )
        for client in clients:
            traffic.answered(client.answer(), f"{client.name}, once the frozen worker goes on,")


class TestPrefork(PreforkChecks):
    """The checks of the lab prefork."""

    lab = "prefork"
    crowd = 3
