"""Judgements on workers that are executed, on literal pictures and reports."""

from __future__ import annotations

from typing import Any

import pytest

from forklab.checks import execed
from forklab.facts import Snapshot
from tests.pictures import (
    PORT,
    File,
    Pipe,
    Row,
    Socket,
    connection,
    failure,
    key,
    listener,
    pair,
    picture,
    pipe,
    process,
)

FOLDER = "/lab/program"
LISTENER = listener(500)
A, B = pair(700), pair(710)  # (the dispatcher's end, the worker's end)
STDOUT = File("/dev/pts/0")
NAMES = {key(10): "dispatcher", key(11): "worker-1", key(12): "worker-2"}
EXITED, KILLED, SUCCESS = 1 << 8, 9, 0


def dispatcher(*more: Socket | File | Pipe) -> Row:
    """Who listens and has the dispatcher's ends of two channels, and *more*."""
    return process(10, fds=dict(enumerate((STDOUT, STDOUT, LISTENER, A[0], B[0], *more), 1)))


def worker(pid: int, at_0: Any, *more: Any) -> Row:
    """A worker with *at_0* as descriptor 0, and *more* from descriptor 3 on."""
    return process(pid, parent=10, fds={0: at_0, 1: STDOUT, 2: STDOUT, **dict(enumerate(more, 3))})


def runs(row: Row, exe: str, stack: int) -> Row:
    """The same process, running *exe*, its stack laid at *stack*."""
    return row._replace(value={**row.value, "exe": exe, "start_stack": stack})


def three(*exes: str, stacks: tuple[int, ...] = (2, 2, 2)) -> Snapshot:
    """Dispatcher and two workers that run *exes*."""
    rows = (dispatcher(), worker(11, A[1]), worker(12, B[1]))
    return picture(*map(runs, rows, exes, stacks))


RIGHT = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]))
NOBODY = picture(process(10, fds={3: LISTENER}), process(11))
PYTHON = "/usr/bin/python3.11"


def test_a_pool_has_workers() -> None:
    assert execed.with_workers(RIGHT, PORT)[0].pid == 10
    for taken in (NOBODY, picture(process(10))):
        assert "has a channel" in failure(execed.with_workers, taken, PORT).seen


@pytest.mark.parametrize(
    "taken",
    [
        three(f"{FOLDER}/server", f"{FOLDER}/worker", f"{FOLDER}/worker"),
        three(f"{FOLDER}/server", PYTHON, PYTHON),
        three(PYTHON, f"{FOLDER}/worker", f"{FOLDER}/worker"),
        three(PYTHON, PYTHON, PYTHON, stacks=(2, 3, 4)),
    ],
)
def test_workers_that_were_executed(taken: Snapshot) -> None:
    execed.runs_another_program(taken, PORT, FOLDER, NAMES)


def test_workers_that_were_only_forked_or_run_the_same_again() -> None:
    forked = failure(
        execed.runs_another_program, three(*[PYTHON] * 3, stacks=(2, 2, 9)), PORT, FOLDER, NAMES
    )
    assert forked.seen == "1 of 2 run the dispatcher's own: worker-1 (pid 11)"
    assert forked.marks == {11: "runs the dispatcher's program"}
    again = three(*[f"{FOLDER}/server"] * 3, stacks=(2, 3, 4))
    told = failure(execed.runs_another_program, again, PORT, FOLDER, NAMES)
    assert told.seen.startswith("2 of 2")
    assert "channel" in failure(execed.runs_another_program, NOBODY, PORT, FOLDER, NAMES).seen


def test_the_channel_is_descriptor_0() -> None:
    execed.channel_is_descriptor_0(RIGHT, PORT, NAMES)
    shared = picture(dispatcher(), worker(11, A[1]), worker(12, A[1]))
    execed.channel_is_descriptor_0(shared, PORT, NAMES)


@pytest.mark.parametrize(
    ("at_0", "seen"),
    [
        (pipe(90)[0], "it is a pipe"),
        (STDOUT, "it is a terminal"),
        (File("anon_inode:[eventpoll]"), "it is an anonymous file"),
        (connection(50001, 601), "it is another socket"),
        (pair(800)[0], "it is another socket"),
    ],
)
def test_something_else_is_descriptor_0(at_0: Any, seen: str) -> None:
    taken = picture(dispatcher(), worker(11, A[1]), worker(12, at_0, B[1]))

    told = failure(execed.channel_is_descriptor_0, taken, PORT, NAMES)

    assert told.seen.startswith("1 of 2 have something else there; of worker-2 (pid 12) ")
    assert told.seen.endswith(seen)
    assert told.marks == {(12, 0): "not its channel"}


def test_descriptor_0_may_be_closed() -> None:
    closed = process(12, fds={3: B[1]})
    taken = picture(dispatcher(), worker(11, A[1]), closed)

    assert failure(execed.channel_is_descriptor_0, taken, PORT, NAMES).seen.endswith("closed")


def inherits(taken: Snapshot, *shared: Any) -> Any:
    """What is said of these pictures."""
    return failure(execed.inherits_nothing_else, taken, PORT, shared, NAMES)


SELF_PIPE = pair(800)
EPOLL, LOG = File("anon_inode:[eventpoll]"), File("/lab/work-1/worker.log")
LIFELINE = pipe(90)


def test_what_a_worker_opened_itself_is_its_own() -> None:
    own = picture(
        dispatcher(LOG), worker(11, A[1], EPOLL, LOG, *SELF_PIPE), worker(12, B[1], EPOLL, LOG)
    )

    execed.inherits_nothing_else(RIGHT, PORT, (), NAMES)
    execed.inherits_nothing_else(own, PORT, (), NAMES)


@pytest.mark.parametrize(
    ("inherited", "what"),
    [
        ([LISTENER], "the listening socket"),
        ([B[1]], "its channel once more"),
        ([B[0]], "a socket that dispatcher (pid 10) holds, too"),
        ([A[0]], "a socket that dispatcher (pid 10) holds, too"),
        ([A[1]], "a socket whose other end dispatcher (pid 10) holds"),
        ([LIFELINE[0]], "a pipe that dispatcher (pid 10) holds, too"),
        ([SELF_PIPE[1]], "a socket whose other end dispatcher (pid 10) holds"),
    ],
)
def test_what_went_through_exec(inherited: list[Any], what: str) -> None:
    more = [thing for thing in (LIFELINE[1], SELF_PIPE[0]) if inherited != [B[1]]]
    taken = picture(dispatcher(*more), worker(11, A[1]), worker(12, B[1], *inherited))

    told = inherits(taken)

    assert told.marks == {(12, 3): what}
    assert told.seen == f"1 of 2 have more; descriptor 3 of worker-2 (pid 12) is {what}"


def test_a_file_that_is_one_with_another_process() -> None:
    taken = picture(dispatcher(LOG), worker(11, A[1], LOG), worker(12, B[1], EPOLL, LOG))

    told = inherits(taken, ((10, 6), (11, 3)), ((11, 3), (12, 4)))

    what = "open in the dispatcher or in another worker, too"
    assert told.marks == {(11, 3): what, (12, 4): what}
    strangers = ((11, 3), (77, 4))
    execed.inherits_nothing_else(taken, PORT, [strangers], NAMES)


def test_without_workers_nothing_is_proved() -> None:
    assert "channel" in inherits(NOBODY).seen


GONE = picture()


def gave_up(taken: Snapshot, status: int | None, output: str, used: int = 5) -> Any:
    """What is said of a dispatcher of 4 workers whose worker is missing."""
    return failure(execed.gave_up, taken, status, output, used, 4, "it is not there", NAMES)


def test_a_dispatcher_without_a_worker_ends() -> None:
    execed.gave_up(GONE, EXITED, "no worker\n", 16, 4, "it is not there", NAMES)
    assert gave_up(GONE, EXITED, "no worker\n", 17).seen == "17 pids were used"
    alive = gave_up(picture(process(10)), None, "no worker\n")
    assert alive.seen == "1 alive when its time was over: dispatcher (pid 10)"
    assert alive.marks == {10: "alive, waits in poll"}
    orphans = gave_up(picture(process(12)), EXITED, "no worker\n")
    assert orphans.marks == {12: "alive, waits in poll"}
    assert gave_up(GONE, SUCCESS, "no worker\n").seen == "it exited with status 0"
    assert gave_up(GONE, KILLED, "no worker\n").seen == "it was killed by SIGKILL"
    assert gave_up(GONE, EXITED, " \n").seen == "it exited with status 1 without a word"


@pytest.mark.parametrize("report", [b"i", bytes(4)])
def test_a_report(report: bytes) -> None:
    execed.reports_idle(report, "client-1")


@pytest.mark.parametrize(
    ("report", "seen"),
    [(None, "nothing came"), (b"", "it closed the channel"), (b"idle\n", "5 bytes came")],
)
def test_no_report(report: bytes | None, seen: str) -> None:
    told = failure(execed.reports_idle, report, "client-1")

    assert (told.expected.startswith("once client-1 has left"), told.seen) == (True, seen)


def test_silence() -> None:
    execed.says_nothing(None, "before the first connection")
    assert failure(execed.says_nothing, b"i", "in between").seen == "1 byte came"
    assert failure(execed.says_nothing, b"", "in between").seen == "it closed the channel"


def test_who_answered() -> None:
    execed.served_by_probe(b"hello\n", b"HELLO\n", "client-1")


@pytest.mark.parametrize(
    ("got", "seen"),
    [
        (b"hello\n", "another worker answered: the program did not execute this one"),
        (b"??????", "it sent another number of bytes, or of connections"),
        (b"", "client-1 got 0 bytes for 6"),
    ],
)
def test_who_did_not(got: bytes, seen: str) -> None:
    assert failure(execed.served_by_probe, b"hello\n", got, "client-1").seen == seen
