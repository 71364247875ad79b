"""Exec worker: the workers of the pool are a program of their own, started by fork and exec."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from forklab.checks import execed, processes, traffic
from forklab.checks.declare import check
from forklab.facts import Snapshot
from forklab.program.client import Client
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from forklab.program.started import at_rest
from scenarios.servers import demand_declared
from scenarios.test_prefork import NO_PEERS, PreforkChecks

GIVES_UP_S = 2.0
UNASKED_S = 0.2
CONNECTIONS = 3
PROBE = Path(__file__).with_name("probe_worker.py").read_bytes()
NO_PROTOCOL = "the program does not declare the one-byte protocol between dispatcher and worker"


class TestExecWorker(PreforkChecks):
    """The checks of the lab exec_worker."""

    lab = "exec_worker"
    crowd = 3

    @check("runs-another-program", "core", needs=("starts",))
    def test_runs_another_program(self, lab: Lab) -> None:
        """Every worker runs another program than the dispatcher.

        After fork alone code and stack begin where the dispatcher's do; exec lays them anew.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)

        server.eventually(
            execed.runs_another_program, server.port, lab.built().folder, server.names
        )

    @check("channel-is-descriptor-0", "core", needs=("starts",))
    def test_channel_is_descriptor_0(self, lab: Lab) -> None:
        """Descriptor 0 of each worker is a Unix socket whose other end the dispatcher holds.

        A program that is executed knows no other number: nobody told it one.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)

        server.eventually(execed.channel_is_descriptor_0, server.port, server.names)

    @check("inherits-nothing-else", "core", needs=("starts",))
    def test_inherits_nothing_else(self, lab: Lab) -> None:
        """An idle worker has above descriptor 2 nothing that it did not open itself.

        What is open goes through exec, unless it was closed before or is close-on-exec; the new
        program does not even know that it is there.
        """
        lab.demand("unix_peers", NO_PEERS)
        server = self.start(lab)

        server.eventually(self.inherited_nothing, server)

    @staticmethod
    def inherited_nothing(snapshot: Snapshot, server: Program) -> None:
        """Judge one picture, and which of its descriptors are one open file."""
        shared = server.one_open_file(snapshot)
        execed.inherits_nothing_else(snapshot, server.port, shared, server.names)

    @check("missing-worker", "robust", needs=("starts", "runs-another-program"))
    def test_missing_worker(self, lab: Lab) -> None:
        """Without a worker to execute, the dispatcher says so and ends within two seconds.

        A failed exec returns: the child must end then, or it becomes another dispatcher; and one
        that is started again without end never shows in a picture.
        """
        with lab.without_worker():
            self.gives_up(lab, lab.launch(), f"{lab.worker()} is not there")
        with lab.unexecutable_worker():
            server = lab.launch()
            if not self.needs_no_permission(server):
                self.gives_up(lab, server, f"{lab.worker()} is not executable")

    def needs_no_permission(self, server: Program) -> bool:
        """Whether it works all the same: an interpreter that is given a script only reads it."""
        server.settle(processes.all_ended, server.names, within_s=GIVES_UP_S)
        if not server.snapshot().listeners(server.port):
            return False
        server.wait_until_listening()
        return server.visit().answered

    def gives_up(self, lab: Lab, server: Program, what: str) -> None:
        """Demand that it ends, because of *what*."""
        server.settle(processes.all_ended, server.names, within_s=GIVES_UP_S)
        snapshot, status, used = server.snapshot(), server.ended(), server.pids_used()
        size, said = lab.spec.workers, server.output()
        execed.gave_up(snapshot, status, said, used, size, what, server.names)

    @check("worker-works-alone", "robust", needs=("starts",))
    def test_worker_works_alone(self, lab: Lab) -> None:
        """A worker serves whoever keeps the protocol, and reports idle once a connection.

        Here the harness is its dispatcher: a program that is executed shares nothing else with it.
        """
        demand_declared(lab, "protocol_one_byte", NO_PROTOCOL)
        with closing(lab.listen()) as listener:
            worker = lab.launch(lab.worker_argv, stdin="channel", port=listener.port)
            execed.says_nothing(worker.report(UNASKED_S), "before the first connection")
            for _ in range(CONNECTIONS):
                client = worker.connect()
                worker.pass_connection(listener.accept())
                self.serves(worker, client)

    def serves(self, worker: Program, client: Client) -> None:
        """Demand an echo, silence on the channel, and one report when the client has left."""
        traffic.echoed(HELLO, client.exchange(HELLO), client.state, client.name)
        execed.says_nothing(worker.report(0.0), f"while {client.name} is served")
        client.close()
        execed.reports_idle(self.reported(worker), client.name)

    def reported(self, worker: Program) -> bytes | None:
        """Return all that it reports until it sleeps again: a stream does not tell how often."""
        report = worker.report()
        if report:
            worker.settle(at_rest)
            report += worker.report(0.0) or b""
        return report

    @check("dispatcher-works-alone", "robust", needs=("starts",))
    def test_dispatcher_works_alone(self, lab: Lab) -> None:
        """A dispatcher works with any worker that keeps the protocol.

        Here the harness's own is executed in the worker's place: it demands exactly one byte with
        each connection, and reports with one message of four.
        """
        demand_declared(lab, "protocol_one_byte", NO_PROTOCOL)
        with lab.probe_worker(PROBE):
            server = self.start(lab)
            for _ in range(2):
                clients = server.connect_all(lab.spec.workers)
                for client in clients:
                    execed.served_by_probe(HELLO, client.exchange(HELLO), client.name)
                self.leave(server, clients)
