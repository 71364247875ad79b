"""Split client: two processes on one connection, a half-close, and nobody left behind.

The harness is the server. Standard input is a terminal, and standard output another one: what a
program prints there shows at once, and on a pipe perhaps only at its end.
"""

from __future__ import annotations

from typing import Any

from forklab.checks import processes, split
from forklab.checks.declare import check
from forklab.errors import CheckFailure
from forklab.facts import describe_status
from forklab.program.lab import Lab
from forklab.program.peer import Peer
from forklab.program.program import READY_S, Program, last_lines
from forklab.program.started import at_rest
from scenarios.spinning import does_not_spin

LINES = (b"1203\n", b"456789012345678901234567\n", b"7\n", b"80\n")
TEN_LINES = tuple(b"%d0%d\n" % (number, number) for number in range(1, 11))
REPLIES = (b"3141592653589793\n", b"2718281\n", b"16180339887498948482\n")
LAST_REPLY = b"57721566490153286060\n"
# around the usual buffers, newline included, and longer than any of them
SIZES = (28, 29, 30, 31, 32, 60, 100, 1024, 70_000)
# no longer than this: 128 KiB of output are kept, and each few bytes may have a prefix
REPLY_SIZES = (*SIZES[:-1], 10_000)
WITH_A_NUL = b"2236067977\x0049978969\n"
MORE_S = 0.1
REAPED_S = 1.0


class SplitClientChecks:
    """What a client owes that reads and writes its connection in two processes."""

    lab: str

    # the conversation

    def connected(self, lab: Lab, **surroundings: Any) -> tuple[Program, Peer]:
        """Start the program and accept it; nothing has been typed."""
        listener = lab.listen()
        program = lab.launch(port=listener.port, **{"stdin": "pty", **surroundings})
        try:
            return program, listener.accept(within_s=READY_S)
        except CheckFailure as failure:
            if (status := program.ended()) is not None:
                said = last_lines(program.output())
                failure.seen = f"it {describe_status(status)} and did not connect{said}"
            raise

    def type(self, program: Program, data: bytes) -> None:
        """Type *data*; on a terminal when one process waits for it, so that it is read by one."""
        if program.stdin == "pty":
            program.settle(split.waits_for_a_line)
        program.type(data)

    def end_input(self, program: Program) -> None:
        """End the standard input, when a process waits for it."""
        if program.stdin == "pty":
            program.settle(split.waits_for_a_line)
        program.end_input()

    def sends(self, program: Program, server: Peer, line: bytes) -> None:
        """Type *line*: it must reach the server, behind what was typed before."""
        typed = server.received + line
        self.type(program, line)
        split.arrived(typed, server.receive(len(typed)), server.state)

    def asks(self, program: Program, server: Peer, line: bytes, reply: bytes) -> None:
        """Type *line*, and reply when it has reached the server, or has not for a while."""
        self.type(program, line)
        server.receive(len(server.received) + len(line))
        server.send(reply)

    def ends(self, program: Program, server: Peer) -> None:
        """End the conversation: `q`, and the server closes when it has read to the end."""
        self.type(program, b"q\n")
        server.read_to_end()
        server.close()

    def nothing_more_arrives(self, server: Peer) -> None:
        """Demand that for a moment the server gets nothing more."""
        typed = server.received
        split.arrived(typed, server.receive(len(typed) + 1, within_s=MORE_S), server.state)

    # the checks

    @check("two-processes", "core", needs=("connects",))
    def test_two_processes(self, lab: Lab) -> None:
        """Once it is connected, two processes hold the connection.

        One reads it and the other writes it, so that neither waits for the other; threads, or one
        process with poll, would be other designs.
        """
        program, server = self.connected(lab)
        program.settle(split.two_processes, server.port, program.port, program.names)
        program.settle(at_rest)  # one that fails at its first line is gone by then

        program.eventually(split.two_processes, server.port, program.port, program.names)

    @check("sends-what-is-typed", "core", needs=("connects",))
    def test_sends_what_is_typed(self, lab: Lab) -> None:
        """The server gets each line as it was typed, in order.

        On a terminal, and from a pipe; each line when the one before was answered.
        """
        for stdin in ("pty", "pipe"):
            program, server = self.connected(lab, stdin=stdin)
            for line in LINES:
                self.sends(program, server, line)
                server.send(LAST_REPLY)
            self.nothing_more_arrives(server)

    @check("prints-what-arrives", "core", needs=("connects",))
    def test_prints_what_arrives(self, lab: Lab) -> None:
        """What the server replies is printed, once and in order.

        On a terminal it is seen as it comes; on a pipe it is there when the program has ended, for
        stdio may keep it until then.
        """
        program, server = self.connected(lab)
        for number, line in enumerate(LINES[: len(REPLIES)], 1):
            self.asks(program, server, line, REPLIES[number - 1])
            program.eventually_printed(split.printed, b"".join(REPLIES[:number]))

        program, server = self.connected(lab, stdout="pipe")
        self.asks(program, server, LINES[0], REPLIES[0])
        self.ends(program, server)
        program.eventually_printed(split.printed, REPLIES[0])

    @check("prints-without-being-asked", "core", needs=("connects",))
    def test_prints_without_being_asked(self, lab: Lab) -> None:
        """What the server sends is printed at once, though nobody types anything.

        Reading does not wait for writing: that is what the second process is for.
        """
        program, server = self.connected(lab)

        for number, reply in enumerate(REPLIES, 1):
            server.send(reply)
            program.eventually_printed(split.printed, b"".join(REPLIES[:number]))

    @check("sends-while-nothing-arrives", "core", needs=("connects",))
    def test_sends_while_nothing_arrives(self, lab: Lab) -> None:
        """Ten lines are sent, each at once, though the server does not answer any.

        Writing does not wait for reading.
        """
        program, server = self.connected(lab)

        for line in TEN_LINES:
            self.sends(program, server, line)

    @check("half-closes-on-q", "core", needs=("connects",))
    def test_half_closes_on_q(self, lab: Lab) -> None:
        """A line q or Q half-closes: the server reads end of file, and what it sends is printed.

        The end of file comes by shutdown: closing one of two copies sends nothing, and closing
        both directions loses the rest.
        """
        for word in (b"q", b"Q"):
            program, server = self.connected(lab)
            self.type(program, word + b"\n")
            server.read_to_end()
            split.half_closed(server.state, f"the line {word.decode()}")

            server.send(LAST_REPLY)
            server.close()
            program.eventually_printed(split.printed, LAST_REPLY)

    @check("half-closes-on-end-of-input", "core", needs=("connects",))
    def test_half_closes_on_end_of_input(self, lab: Lab) -> None:
        """When the input ends, each line has been sent once, and the server reads end of file.

        After a line, after a last line without a newline, and at once. A program that does not
        look at what fgets returns sends the last line for ever.
        """
        for stdin, line, rest in (
            ("pty", LINES[0], b""),
            ("pipe", LINES[0], b""),
            ("pipe", LINES[0], LINES[1].rstrip()),
            ("pipe", b"", b""),
        ):
            program, server = self.connected(lab, stdin=stdin)
            if line:
                self.asks(program, server, line, REPLIES[0])
            if rest:
                program.type(rest)
            self.end_input(program)
            if rest:
                server.receive(len(line + rest))
                server.send(REPLIES[1])
            server.read_to_end()
            split.arrived_once(line + rest, server.received, server.state)
            if lab.can("sched"):
                does_not_spin(program)
            split.half_closed(server.state, "the end of the input")

    @check("ends-when-the-server-closes", "core", needs=("connects",))
    def test_ends_when_the_server_closes(self, lab: Lab) -> None:
        """After the half-close, when the server closes, both processes end.

        The status is 0, or the one that waits is ended by a signal of its partner.
        """
        program, server = self.connected(lab)
        self.asks(program, server, LINES[0], REPLIES[0])

        self.ends(program, server)

        program.eventually(processes.all_ended, program.names)
        split.ended_well(program.ended())

    @check("leaves-no-orphan", "robust", needs=("connects",))
    def test_leaves_no_orphan(self, lab: Lab) -> None:
        """When the server closes first, both processes end, though nothing is typed.

        A writer that waits for a line notices nothing; left behind, it would take what is typed
        next from whoever has the terminal then.
        """
        program, server = self.connected(lab, stdin="pipe")
        program.settle(split.waits_for_a_line)

        server.close()

        program.eventually(processes.all_ended, program.names)

    @check("reaps-its-child", "robust", needs=("connects",))
    def test_reaps_its_child(self, lab: Lab) -> None:
        """A writer that has ended at q is waited for within a second, while the server sends on.

        The reader may have hours to go, and a zombie stays until its parent waits or ends.
        """
        program, server = self.connected(lab)
        program.settle(split.waits_for_a_line)
        before = len(program.stable().live)

        self.type(program, b"q\n")
        server.read_to_end()

        program.settle(split.somebody_ended, before)
        program.eventually(processes.no_zombie, program.names, within_s=REAPED_S)

    @check("long-lines", "robust", needs=("connects",))
    def test_long_lines(self, lab: Lab) -> None:
        """Lines of any length go both ways whole, and a NUL in a reply hides nothing.

        On pipes, since a terminal cuts a line at 4095 bytes; sizes around the usual buffers, and
        one beyond them.
        """
        program, server = self.connected(lab, stdin="pipe", stdout="pipe")
        for size in SIZES:
            self.sends(program, server, line_of(size))
        self.nothing_more_arrives(server)

        for reply in (b"".join(map(line_of, REPLY_SIZES)), WITH_A_NUL):
            program, server = self.connected(lab, stdin="pipe", stdout="pipe")
            server.send(reply)
            self.ends(program, server)
            program.eventually_printed(split.printed, reply)

    @check("no-server", "robust", needs=())
    def test_no_server(self, lab: Lab) -> None:
        """Where nobody listens it ends with a message and a non-zero status, and leaves nothing.

        connect says so (ECONNREFUSED), to whoever looks.
        """
        listener = lab.listen()
        listener.close()

        program = lab.launch(port=listener.port, stdin="pty")

        program.eventually(processes.all_ended, program.names)
        expected = "where nobody listens, it ends with a message and a non-zero status"
        processes.told_why(program.ended(), program.output(), expected)


def line_of(size: int) -> bytes:
    """Return *size* bytes: digits in which each place can be told, and a newline."""
    digits = "".join(map(str, range(size)))
    return digits[: size - 1].encode() + b"\n"


class TestSplitClient(SplitClientChecks):
    """The checks of the lab split_client."""

    lab = "split_client"
