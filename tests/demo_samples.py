"""A demo in small: a script, facts of every kind, and a stage that does what it is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from forklab.demos import expectations, verbs
from forklab.demos.expectations import Judged
from forklab.demos.happened import Did, Ended, Fact, Grid, Heard, Held, Ps, Saw, Thing
from forklab.demos.keys import Command
from forklab.demos.script import Script, Step
from forklab.demos.stage import StepFailed
from forklab.errors import CheckFailure

SEEN = Judged(expectations.parse("no zombies"))
FAILS = Judged(
    expectations.parse("not: each end of a channel is in one process"),
    "worker-2 (pid 12) holds the dispatcher's end of the channel of worker-1",
)
LISTENER = Held(Thing("listener", ("7001",)), {"dispatcher": (3,)})
GRID = Grid(
    ("dispatcher", "worker-1", "worker-2"),
    (
        LISTENER,
        Held(Thing("connection", ("client-1",)), {"worker-1": (3,)}),
        Held(
            Thing("channel", ("worker-1", "dispatcher")), {"dispatcher": (4,), "worker-2": (4, 9)}
        ),
        Held(Thing("channel", ("worker-1", "worker")), {"worker-1": (5,)}),
        Held(Thing("pipe", ("A", "read")), {"worker-2": (7,)}),
        Held(Thing("file", ("log.txt",)), {"worker-2": (8,)}),
    ),
)
CROWD = Grid(
    tuple(f"child-{n}" for n in range(1, 12)), (LISTENER._replace(numbers={"child-9": (4,)}),)
)
COMMAND = "python3 reaps_once_per_signal.py 15347"
PS = (
    Ps("parent", 33, 1, "T", COMMAND, "stopped"),
    *(Ps(f"child-{n}", 33 + n, 33, "Z", "[python3] <defunct>", "-") for n in range(1, 6)),
    Ps("child-6", 39, 33, "S", COMMAND, "recvfrom on 4"),
)
FACTS: tuple[Fact, ...] = (
    Did("start", ("",), "python3 server.py 2 7001", beside=True),
    Did("start-mutant", ("wrong.py",), COMMAND),
    Did("connect", ("client-1", "client-2", "client-3"), "nc 127.0.0.1 7001"),
    Did("refused", ("client-4",), "nc 127.0.0.1 7001"),
    Did("call", ("child", "writer")),
    Did("send", ("client-1",), text="hello"),
    Did("ask", ("client-1",), text="hello", reply="hello"),
    Did("half-close", ("client-1",)),
    Did("leave", ("client-1",)),
    Did("leave", ("client-1", "client-2")),
    Did("type", text="a line"),
    Did("kill", ("worker-1",), "kill -KILL 34"),
    Did("hold", ("dispatcher",), "kill -STOP 33"),
    Did("release", ("dispatcher",), "kill -CONT 33"),
    Saw("ps", PS, (SEEN,), (("parent", 33), ("child-6", 39))),
    Saw("ps", ()),
    Saw("calls", PS),
    Saw("fds", (GRID,), (FAILS,)),
    Saw("fds", (CROWD,)),
    Saw("fds", (Grid((), ()),)),
    Saw(
        "ends",
        (
            Ended("worker-1", "killed by SIGKILL", 0.0204, True),
            Ended("child-1", "exited with status 0", 0.00001, False),
            Ended("child-2", "ended", None, True),
            Ended("child-3", "exited with status 3", 12.0, True),
        ),
    ),
    Saw(
        "clients",
        (
            Heard("client-1", b"hello\nworld\n", "ended"),
            Heard("client-2", b"", "waits"),
            Heard("client-3", b"", "refused"),
        ),
    ),
    Saw("output", ("from child: hello", "\x1b[2J" + "x" * 100)),
    Saw("output", ()),
    Saw("file", ("one",), name="log.txt"),
    Saw("diff", ("     kept" + " long" * 20, "-    right()", "+    wrong()", " ")),
)


def step(name: str, *, starts: bool = False) -> Step:
    """Return a step that looks once."""
    return Step(
        id=name,
        title=f"Title of {name}",
        say=f"{name} is told.",
        ask=f"{name} is asked?",
        answer=f"{name} is answered.",
        look=f"{name} is to be seen.",
        do=(verbs.parse("start" if starts else "hold parent"), verbs.parse("look ps")),
        expect=(expectations.parse("at look 1: no zombies"),),
    )


SCRIPT = Script(
    lab="fork_echo",
    language="en",
    title="A small one",
    minutes=3,
    workers=0,
    steps=(step("one", starts=True), step("two"), step("three"), step("four", starts=True)),
    digest="0123456789abcdef",
)


class Stage:
    """Does nothing, remembers what it was asked to do, and fails where it is told to."""

    def __init__(self, fails: Sequence[int] = (), error: Exception | None = None) -> None:
        self.performed: list[int] = []
        self._fails = fails
        self._error = error

    def perform(self, number: int) -> Iterator[Fact]:
        """Yield what has happened in a step, or break it off."""
        self.performed.append(number)
        yield Did("kill", ("child-1",), f"kill -KILL {number}")
        if number in self._fails:
            failure = CheckFailure("3 zombies", "2 zombies: child-1 (pid 34), child-2 (pid 35)")
            raise self._error or StepFailed(SCRIPT.steps[number - 1], number, failure)
        yield Saw("ps", PS[:1], (SEEN,), (("parent", 33),))


class Pressed:
    """Keys that were decided before; then the end."""

    asks = True

    def __init__(self, *commands: str) -> None:
        self._left = [Command(*_cut(command)) for command in commands]
        self.lent_times = 0

    def forget(self) -> None:
        """Nothing is pressed too early."""

    def wait(self) -> Command:
        """Return the next one."""
        return self._left.pop(0) if self._left else Command("quit")

    def lent(self) -> Pressed:
        """Count how often the terminal is left to others."""
        self.lent_times += 1
        return self

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, *_: object) -> None:
        """End."""


def _cut(command: str) -> tuple[str, int]:
    name, _, number = command.partition(" ")
    return name, int(number or 0)
