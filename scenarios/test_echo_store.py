"""Echo store: one process apart writes what all clients send, fed through a pipe, to its end."""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from forklab.checks import processes, store, traffic
from forklab.checks.declare import check
from forklab.checks.store import FILE
from forklab.errors import CheckFailure, NotReady
from forklab.facts import Process
from forklab.facts.snapshot import Key
from forklab.program.client import Client, exchange_all
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from scenarios.spinning import does_not_spin
from scenarios.test_fork_echo import REAPED_S, ForkEchoChecks, N

GONE_S = 5.0
OPENED_S = 2.0
FORKED_S = 0.3
ANSWERED = ("starts", "answers")
WITH_WRITER = (*ANSWERED, "writer")
STORES = (*ANSWERED, "file")
# a file system gives out whole pages: more than one, or what is left of the last page takes it all
BLOCK = b"".join(b"%04d %s\n" % (line, b"b" * 58) for line in range(64))
VOLUME = 200 * 1024
SIZES = (100, 9, 99, 31, 64, 30, 79, 12)  # at least the mark and a newline


class TestEchoStore(ForkEchoChecks):
    """The checks of the lab echo_store."""

    lab = "echo_store"
    writer: Process | None = None

    # the writer is no child that serves

    def start(self, lab: Lab, **changes: Any) -> Program:
        """Start the program; who is the writer shows before the first client."""
        server = super().start(lab, **changes)
        self.know_the_writer(server)
        return server

    def know_the_writer(self, server: Program) -> None:
        """Find and name the writer, while there is no client."""
        found = store.writers(server.last or server.snapshot(), server.port)
        if not found:  # it may listen first, and fork the writer then
            server.settle(store.one_writer, server.port, server.names, within_s=FORKED_S)
            found = store.writers(server.snapshot(), server.port)
        self.writer = found[0] if found else None
        if self.writer is not None:
            server.names[self.writer.key] = "writer"

    def helpers(self) -> set[Key]:
        """Return the writer: that it ends is judged by checks of its own."""
        return set() if self.writer is None else {self.writer.key}

    def warm_up(self, server: Program) -> None:
        """Let the writer, too, do once what it does at its first message."""
        super().warm_up(server)
        server.settle(store.at_rest)

    # talking, stopping, and what is in the file then

    def converse(
        self, server: Program, clients: Sequence[Client], count: int
    ) -> dict[str, list[bytes]]:
        """Let *clients* send *count* messages in turn, each answered; return what each sent."""
        sent: dict[str, list[bytes]] = {client.name: [] for client in clients}
        for number in range(count):
            client = clients[number % len(clients)]
            message = b"%d of %s\n" % (number + 1, client.name.encode())
            client.exchange(message)
            traffic.answered(client.state, client.name)
            sent[client.name].append(message)
        return sent

    def stored(self, server: Program, clients: Sequence[Client]) -> bytes | None:
        """Let the clients leave, stop the server, and return what is in the file then.

        It may be written as late as that. Whether all processes end is judged elsewhere.
        """
        server.settle(store.at_rest)
        for client in clients:
            client.close()
        parent = server.eventually(processes.listens, server.port)
        server.signal(parent, signal.SIGTERM)
        server.settle(processes.nobody_left, server.port, server.names, within_s=GONE_S)
        return server.file(FILE)

    def the_writer(self) -> Key:
        """Return the writer, which must be there."""
        if self.writer is None:
            raise CheckFailure("there is a writer", "there is none", breaks=("writer",))
        return self.writer.key

    @check("a-writer-apart", "core")
    def test_a_writer_apart(self, lab: Lab) -> None:
        """One process apart, forked before the first client, has the file and no socket.

        One process alone can write down what several clients send without mixing it. A listening
        socket that it keeps is open for as long as it lives.
        """
        server = self.start(lab)
        writer = server.eventually(store.one_writer, server.port, server.names)

        self.served(server, 1)

        server.eventually(store.apart, writer.key, server.port, server.names)

    @check("stores-ten-messages", "core")
    def test_stores_ten_messages(self, lab: Lab) -> None:
        """Ten messages of three clients are in the file, in the order of their coming.

        The next is sent when everybody waits again: a server may store after it has echoed.
        """
        server = self.start(lab)
        clients = server.connect_all(3)
        messages = []

        for number in range(10):
            client = clients[number % 3]
            messages.append(b"%d of %s\n" % (number + 1, client.name.encode()))
            client.exchange(messages[-1])
            traffic.answered(client.state, client.name)
            server.settle(store.at_rest)

        store.holds_in_order(self.stored(server, clients), messages)

    @check("stores-everything", "core", needs=STORES)
    def test_stores_everything(self, lab: Lab) -> None:
        """200 messages, and 64 KiB after them, are all in the file.

        A writer that counts to ten stops there. A pipe that nobody reads holds 64 KiB: when it is
        full the children that feed it wait for ever, and their clients with them.
        """
        server = self.start(lab)
        client = server.connect()
        messages = [b"message %d\n" % number for number in range(1, 201)] + [BLOCK] * 16

        stuck = any(len(client.exchange(message)) < len(message) for message in messages)

        try:
            store.holds_in_order(self.stored(server, [client]), messages)
        except CheckFailure as failure:
            if stuck:  # what the file holds says why
                failure.breaks = ("volume",)
            raise

    @check("keeps-messages-whole", "robust", needs=STORES)
    def test_keeps_messages_whole(self, lab: Lab) -> None:
        """Messages of eight clients at once are whole in the file, each client's in its order.

        A message that goes into the pipe in two pieces has another's between them.
        """
        server = self.start(lab)
        clients = server.connect_all(8)
        sent: dict[str, list[bytes]] = {client.name: [] for client in clients}

        for number in range(40):
            for place, client in enumerate(clients):
                sent[client.name].append(message(place, number, SIZES[(place + number) % 8]))
            exchange_all(clients, [lines[-1] for lines in sent.values()])

        store.holds_whole(self.stored(server, clients), sent)

    @check("keeps-any-bytes", "robust", needs=(*STORES, "volume"))
    def test_keeps_any_bytes(self, lab: Lab) -> None:
        """100 KB of all byte values, NULs among them, are in the file as they were sent.

        A message in a pipe has a length; it is no string that a NUL ends.
        """
        server = self.start(lab)
        client = server.connect()
        line = bytes(byte for byte in range(256) if byte != 10)
        lines = [line[at : at + 85] + b"\n" for at in (0, 85, 170)]
        messages = lines * 390

        for at in range(0, len(messages), 30):
            client.exchange(b"".join(messages[at : at + 30]))
            traffic.answered(client.state, client.name)

        store.holds_in_order(self.stored(server, [client]), messages)

    @check("children-hold-only-the-write-end", "robust", needs=WITH_WRITER)
    def test_children_hold_only_the_write_end(self, lab: Lab) -> None:
        """No child that serves holds the read end of the pipe that feeds the writer.

        When the writer has died, only a pipe without any reader says so; else it fills and blocks.
        """
        server, children = self.served_children(lab)

        server.eventually(store.only_write_ends, self.the_writer(), children, server.names)

    @check("writer-holds-only-the-read-end", "robust", needs=WITH_WRITER)
    def test_writer_holds_only_the_read_end(self, lab: Lab) -> None:
        """The writer does not hold the write end of the pipe that feeds it.

        It reads the end of file when the last write end is closed, and its own copy is one.
        """
        server, children = self.served_children(lab)

        server.eventually(store.only_read_end, self.the_writer(), children, server.names)

    def served_children(self, lab: Lab) -> tuple[Program, list[Key]]:
        """Return a server, and who serves its clients, each of whom has sent a message."""
        server = self.start(lab)
        self.the_writer()
        _, before = self.parent_of(server)
        clients = self.served(server, N)
        children = self.children(server, clients, before)
        return server, [child.key for child in children.values()]

    @check("loses-nothing-on-stop", "core", needs=STORES)
    def test_loses_nothing_on_stop(self, lab: Lab) -> None:
        """Told to stop, the server ends when its clients have left, and the file is complete.

        What is in the pipe, or in a buffer of the writer, is written before the writer ends; it
        ends when the last write end is closed.
        """
        for count in (5, 50) if lab.holds("stores-everything") else (5,):
            for number in (signal.SIGTERM, signal.SIGINT):
                server = self.start(lab)
                clients = server.connect_all(3)
                sent = self.converse(server, clients, count)
                server.settle(store.at_rest)

                server.signal(server.eventually(processes.listens, server.port), number)

                self.lost_nothing(server, clients, sent)

    @check("loses-nothing-on-ctrl-c", "robust", needs=STORES)
    def test_loses_nothing_on_ctrl_c(self, lab: Lab) -> None:
        """SIGINT to all of its processes, as a terminal sends it, costs no message either.

        The writer is in the group, too: it survives the signal, or has nothing left to write.
        """
        server = self.start(lab)
        clients = server.connect_all(3)
        sent = self.converse(server, clients, 50 if lab.holds("stores-everything") else 5)
        server.settle(store.at_rest)
        parent = server.eventually(processes.listens, server.port)

        server.signal_group(signal.SIGINT)
        if parent.pgrp != server.pid:  # a daemon: no terminal reaches it
            server.signal(parent, signal.SIGINT)

        self.lost_nothing(server, clients, sent)

    def lost_nothing(
        self, server: Program, clients: Sequence[Client], sent: Mapping[str, Sequence[bytes]]
    ) -> None:
        """Let the clients leave a server that was told to stop: it ends, and the file is whole."""
        for client in clients:
            client.close()
        server.eventually(processes.nobody_left, server.port, server.names, within_s=GONE_S)
        store.holds_whole(server.file(FILE), sent)

    @check("survives-a-dead-writer", "robust", needs=WITH_WRITER)
    def test_survives_a_dead_writer(self, lab: Lab) -> None:
        """When the writer is killed it is reaped, and all clients are echoed on.

        A write to a pipe without a reader raises SIGPIPE; one with a reader that does not read
        blocks after 64 KiB. Each client sends 200 KiB.
        """
        server = self.start(lab)
        writer = self.the_writer()
        (client,) = self.served(server, 1)

        server.signal(writer, signal.SIGKILL)
        server.settle(processes.dead, [writer], server.names)

        self.goes_on(lab, client, VOLUME)
        self.goes_on(lab, server.connect(), VOLUME)
        server.eventually(processes.gone, [writer], server.names, within_s=REAPED_S)

    def goes_on(self, lab: Lab, client: Client, volume: int) -> None:
        """Demand that a client gets back what it sends: *volume* bytes in all."""
        for _ in range(0, volume, len(BLOCK)):
            got = client.exchange(BLOCK)
            traffic.all_back(client.state, client.name)
            if lab.holds("echoes"):
                traffic.echoed(BLOCK, got, client.state, client.name)

    @check("survives-a-full-disk", "robust", needs=STORES)
    def test_survives_a_full_disk(self, lab: Lab) -> None:
        """On a full disk the server echoes on, says on standard error what is wrong, and waits.

        A failed write shows in its return value; with stdio perhaps only in that of fclose. So what
        was said is looked at after the stop.
        """
        usual = self.said_on(lab, full=False)
        said = self.said_on(lab, full=True)

        store.complains(said, usual, "when the disk is full", "standard error")

    def said_on(self, lab: Lab, *, full: bool) -> str:
        """Return what a server says on standard error that is to store four pages."""
        server = self.start(lab, place="small")
        if full:
            lab.fill_disk()
        (client,) = self.served(server, 1)
        self.goes_on(lab, client, 4 * len(BLOCK))
        does_not_spin(server)
        self.stored(server, [client])
        return server.stderr_text()

    @check("refuses-an-unwritable-file", "robust")
    def test_refuses_an_unwritable_file(self, lab: Lab) -> None:
        """A file that cannot be opened is told, and nobody is served as if it were stored.

        The program may find out at its start or at the first message; that it is looked at is the
        point.
        """
        usual = self.start(lab)
        self.visit(usual)
        self.stored(usual, [])
        said = usual.output()

        server = lab.launch(place="sealed")
        with suppress(NotReady):
            server.wait_until_listening(within_s=OPENED_S)
            self.know_the_writer(server)
            if (client := server.try_to_connect()) is not None:
                client.ask(HELLO)
                client.close()

        server.eventually(store.nobody_serves, server.port, server.names)
        store.did_not_crash(server.ended())
        store.complains(server.output(), said, f"when it cannot open {FILE}", "its output")


def message(place: int, number: int, size: int) -> bytes:
    """Return a message of *size* bytes that no other is equal to."""
    mark = b"%d-%02d " % (place, number)
    return mark.ljust(size - 1, b"abcdefgh"[place : place + 1]) + b"\n"
