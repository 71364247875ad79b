"""Pipe conversation: parent and child take turns, one pipe for each direction."""

from __future__ import annotations

import contextlib
import random
import signal
import string
from collections.abc import Iterator, Mapping, Sequence

from forklab.checks import pipe_ends, processes, talk
from forklab.checks.declare import check
from forklab.checks.pipe_ends import Pair
from forklab.checks.processes import Names
from forklab.errors import CheckFailure
from forklab.facts import Snapshot
from forklab.facts.calls import ENDED_BY_A_STOP
from forklab.facts.snapshot import Key
from forklab.program.lab import Lab
from forklab.program.program import Program
from forklab.program.started import WINDOW_S

# as long as each other, so that no rest of one shows behind the next; no program says them itself
LINES = (b"otter-5129", b"maple-8834", b"quark-2760", b"tulip-9417", b"basil-3086", b"heron-6651")
# sizes around the usual buffers, each of them both ways, short ones after long ones
SIZES = ((200, 1, 0, 30, 28, 29), (31, 200, 1, 0, 29, 28), (30, 31, 200, 200, 1, 1))
WINDOWS = 5
READY_S = 2.0
END_S = 1.0
NAP_S = 3.0
TABLE_S = 1.0  # both wait by then: what they hold will not change


def turns(pair: Pair, lines: Sequence[bytes]) -> Iterator[tuple[Key, bytes]]:
    """Yield who speaks and what: the child first."""
    for number, line in enumerate(lines):
        yield (pair.parent if number % 2 else pair.child), line


def message(size: int, number: int) -> bytes:
    """Return *size* bytes like those of no other message; a single one is a sign."""
    if size == 1:
        return b"~"
    drawn = random.Random(number).choices(string.ascii_uppercase + string.digits, k=size)
    return "".join(drawn).encode()


class TestPipeConversation:
    """The checks of the lab pipe_conversation."""

    lab = "pipe_conversation"

    # how it is spoken to

    def pair_of(self, program: Program) -> Pair:
        """Return parent and child, once they are there and, as soon as may be, both wait.

        A process that was launched by another one may not have forked yet.
        """
        program.settle(self.both_wait, program.names, within_s=READY_S)
        return program.eventually(pipe_ends.one_child, program.names)

    @staticmethod
    def both_wait(snapshot: Snapshot, names: Names) -> None:
        """Judge one picture: the child waits for its line, and the parent for the child."""
        pair = pipe_ends.one_child(snapshot, names)
        pipe_ends.in_turn(snapshot, pair, pair.child, names)

    def turn(self, program: Program, pair: Pair, speaker: Key) -> None:
        """Wait until *speaker*, alone, waits for its line.

        Of one that polls nobody can say what it polls: it must stay so for a while.
        """
        judgement = (pipe_ends.in_turn, pair, speaker, program.names)
        for _ in range(WINDOWS):
            if program.eventually(*judgement):
                return
            with contextlib.suppress(CheckFailure):
                program.throughout(*judgement)
                return

    def speak(self, program: Program, pair: Pair, lines: Sequence[bytes]) -> None:
        """Type each of *lines* in its turn, and wait until the other side has printed it."""
        for number, (speaker, line) in enumerate(turns(pair, lines)):
            try:
                self.turn(program, pair, speaker)
                program.type(line + b"\n")
                who = program.name(pair.other(speaker))
                program.eventually_printed(talk.said, line, who)
            except CheckFailure as failure:
                if number == 0:  # not even the first line: there is no conversation
                    failure.breaks = ("talks",)
                raise

    # the checks

    @check("one-child", "core", needs=())
    def test_one_child(self, lab: Lab) -> None:
        """The program is two processes: a parent and its one child.

        A conversation with oneself needs no pipe, and a third process would listen in.
        """
        program = lab.launch()

        self.pair_of(program)

        program.throughout(pipe_ends.one_child, program.names)

    @check("one-pipe-per-direction", "core", needs=("one-child",))
    def test_one_pipe_per_direction(self, lab: Lab) -> None:
        """One pipe leads from child to parent, and another one from parent to child.

        What is in a pipe goes to whoever reads first: with one for both directions a process may
        read back its own words.
        """
        program = lab.launch()
        pair = self.pair_of(program)

        program.eventually(pipe_ends.one_each_way, pair, program.names, within_s=TABLE_S)

    @check("three-exchanges", "core", needs=("one-child",))
    def test_three_exchanges(self, lab: Lab) -> None:
        """Each of six lines is printed by the side that receives it, once.

        The side that is to print is held while the line is typed and sent: nothing may appear.
        Then the other one is held, and the line must appear.
        """
        if not self.held_in_turn(lab):
            self.speak(*self.started(lab), LINES)

    def started(self, lab: Lab) -> tuple[Program, Pair]:
        """Start it on a terminal; return it, and who talks."""
        program = lab.launch(stdin="pty")
        return program, self.pair_of(program)

    def held_in_turn(self, lab: Lab) -> bool:
        """Hold each side in turn; False if holding it was what ended it.

        A stop ends some calls with EINTR (signal(7)) although no handler runs: what a program
        does then is looked at without a stop.
        """
        program, pair = self.started(lab)
        for speaker, line in turns(pair, LINES):
            self.turn(program, pair, speaker)
            calls = {p.key: p.call[0] for p in program.snapshot().live if p.call is not None}
            try:
                self.exchange(program, pair, speaker, line)
            except CheckFailure:
                if self.ended_by_the_stop(program, calls):
                    return False
                raise
        return True

    @staticmethod
    def ended_by_the_stop(program: Program, calls: Mapping[Key, str]) -> bool:
        """Whether somebody is gone who slept in a call that a stop ends."""
        snapshot = program.snapshot()
        return any(
            call in ENDED_BY_A_STOP and not snapshot.is_live(key) for key, call in calls.items()
        )

    def exchange(self, program: Program, pair: Pair, speaker: Key, line: bytes) -> None:
        """Demand that the other one prints what *speaker* is given, and nobody else.

        They are held by ptrace: of SIGSTOP for the child its parent would hear, by SIGCHLD.
        """
        listener = program.snapshot().by_key[pair.other(speaker)]
        who = program.name(listener)
        with contextlib.ExitStack() as held:
            with program.frozen(listener):
                program.type(line + b"\n")
                self.let_send(program, speaker)
                talk.unsaid(program.printed(), line, who)
                self.hold(program, speaker, held)
                talk.unsaid(program.printed(), line, who)
            program.eventually_printed(talk.said, line, who)

    @staticmethod
    def let_send(program: Program, speaker: Key) -> None:
        """Wait until *speaker* has sent its line; one that naps first is waited for longer."""
        sent = (pipe_ends.has_sent, speaker, program.names)
        program.settle(*sent, within_s=WINDOW_S)
        if pipe_ends.naps(program.snapshot(), speaker):
            program.settle(pipe_ends.awake, speaker, program.names, within_s=NAP_S)
            program.settle(*sent, within_s=WINDOW_S)

    @staticmethod
    def hold(program: Program, speaker: Key, held: contextlib.ExitStack) -> None:
        """Hold who has spoken; not one of whom that is not certain: it might still have to."""
        snapshot = program.snapshot()
        with contextlib.suppress(CheckFailure):
            pipe_ends.has_sent(snapshot, speaker, program.names)
            if snapshot.is_live(speaker):
                held.enter_context(program.frozen(snapshot.by_key[speaker]))

    @check("works-on-a-terminal", "core", needs=("one-child",))
    def test_works_on_a_terminal(self, lab: Lab) -> None:
        """Six lines, each typed at a terminal when its turn has come, are printed.

        Both processes read the same terminal: they must take turns there, too.
        """
        program, pair = self.started(lab)

        self.speak(program, pair, LINES)

        talk.said_in_order(program.printed(), LINES, "on a terminal")

    @check("works-from-a-pipe", "robust", needs=("one-child",))
    def test_works_from_a_pipe(self, lab: Lab) -> None:
        """Six lines that are all there at once, in a pipe or in a file, are printed.

        A process that reads them into a buffer leaves none to the other.
        """
        everything = b"".join(line + b"\n" for line in LINES)
        program = lab.launch()
        program.type(everything)
        program.end_input()
        program.eventually_printed(talk.said_in_order, LINES, "in a pipe")

        program = lab.launch(stdin="file", content=everything)
        program.eventually_printed(talk.said_in_order, LINES, "in a file")

    @check("unused-ends-closed", "robust", needs=("one-child",))
    def test_unused_ends_closed(self, lab: Lab) -> None:
        """Of each pipe one process has only the write end, and the other only the read end.

        A read says end of file when every write end is closed, and a copy that is never used
        is open, too.
        """
        program = lab.launch()
        pair = self.pair_of(program)

        program.eventually(pipe_ends.ends_closed, pair, program.names, within_s=TABLE_S)

    @check("notices-a-dead-partner", "robust", needs=("one-child", "talks"))
    def test_notices_a_dead_partner(self, lab: Lab) -> None:
        """When one of the two is killed, the other one ends within a second.

        Who waits in a pipe reads end of file, who writes gets EPIPE or SIGPIPE: but only if
        nobody keeps an end that is not its own.
        """
        for lines in ((), LINES[:1]):  # the child's turn, and the parent's
            self.kills(lab, lines, waiting=False)
            self.kills(lab, lines, waiting=True)

    def kills(self, lab: Lab, lines: Sequence[bytes], *, waiting: bool) -> None:
        """After *lines*, kill whose turn it is; or who is waiting, and then type a line."""
        program = lab.launch()
        pair = self.pair_of(program)
        self.speak(program, pair, lines)
        speaker = pair.parent if len(lines) % 2 else pair.child
        self.turn(program, pair, speaker)
        victim = pair.other(speaker) if waiting else speaker
        survivor = pair.other(victim)

        program.signal(victim, signal.SIGKILL)
        when = f"when {program.name(victim)} is killed"
        program.eventually(talk.ended, victim, program.names, when)
        if waiting:
            program.type(LINES[-1] + b"\n")
            when += " and a line is typed"

        program.eventually(talk.ended, survivor, program.names, when, within_s=END_S)

    @check("ends-and-reaps", "core", needs=("one-child", "talks"))
    def test_ends_and_reaps(self, lab: Lab) -> None:
        """After the third exchange both end, and the parent waits for its child.

        A parent that ends first leaves its child to PID 1, and never learns how it ended.
        """
        program = lab.launch()
        pair = self.pair_of(program)

        self.speak(program, pair, LINES[:-1])
        self.turn(program, pair, pair.parent)
        program.type(LINES[-1] + b"\n")

        program.eventually(processes.all_ended, program.names)
        talk.reaped_by_the_parent(program.snapshot(), pair, program.names)

    @check("keeps-long-messages-whole", "robust", needs=("one-child", "talks"))
    def test_keeps_long_messages_whole(self, lab: Lab) -> None:
        """Messages of 0 to 200 bytes arrive whole, and nothing of an earlier one behind them.

        A line may be as long as the buffer, or longer; an empty one is a message, too.
        """
        for sizes in SIZES:
            messages = [message(size, number) for number, size in enumerate(sizes)]
            program, pair = self.started(lab)
            for number, (speaker, line) in enumerate(turns(pair, messages), 1):
                self.turn(program, pair, speaker)
                program.type(line + b"\n")
                who = program.name(pair.other(speaker))
                program.eventually_printed(talk.whole, messages[:number], who)
