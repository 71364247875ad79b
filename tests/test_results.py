"""Points, verdicts and exit statuses of a run; the tables of evidence."""

from __future__ import annotations

from typing import Any

import pytest

from forklab.results.evidence import evidence
from forklab.results.record import Check, Result, Run, Verdict, points, shares
from tests.pictures import (
    File,
    Socket,
    connection,
    key,
    listener,
    pair,
    picture,
    pipe,
    process,
    reaped,
    widow,
    zombie,
)

PASS, FAIL, BROKEN, SKIPPED = Verdict.PASS, Verdict.FAIL, Verdict.BROKEN, Verdict.SKIPPED


def result(verdict: Verdict, level: str = "core", weight: float = 1.0, **more: Any) -> Result:
    """The result of a check of *level*."""
    check = Check("a-check", "fork_echo", level, "It holds", "It matters.", weight)
    return Result(check, verdict, 0.1, **more)


def run(*results: Result, **more: Any) -> Run:
    """A run with these results."""
    return Run("fork_echo", "Fork echo", "server.c", "docker", "", results=list(results), **more)


def test_core_is_worth_60_and_robust_40() -> None:
    some = [result(PASS), result(PASS), result(FAIL), result(PASS, "robust")]

    assert shares(some) == pytest.approx([20, 20, 20, 40])
    assert points(some) == pytest.approx((80, 100))


def test_a_weight_is_a_share_within_its_level() -> None:
    some = [result(PASS, "robust", 1.0), result(FAIL, "robust", 0.5), result(PASS, "robust", 0.5)]

    assert shares(some) == pytest.approx([20, 10, 10])
    assert points(some) == pytest.approx((30, 40))


@pytest.mark.parametrize(
    ("other", "possible"),
    [
        (result(FAIL), 60),
        (result(SKIPPED, because="starts", reason="because of starts"), 60),
        (result(SKIPPED, reason="this kernel does not tell"), 30),
        (result(BROKEN, reason="SandboxError: gone"), 30),
    ],
)
def test_what_could_not_be_looked_at_costs_nothing(other: Result, possible: float) -> None:
    assert points([result(PASS), other]) == pytest.approx((30, possible))


def test_no_check_is_no_point() -> None:
    assert points([]) == (0, 0)


@pytest.mark.parametrize(
    ("found", "verdict", "status"),
    [
        (run(result(PASS)), PASS, 0),
        (run(result(PASS), result(SKIPPED)), PASS, 0),
        (run(result(SKIPPED)), SKIPPED, 0),
        (run(result(PASS), result(FAIL)), FAIL, 1),
        (run(result(BROKEN), result(FAIL)), FAIL, 1),
        (run(result(PASS), result(BROKEN)), BROKEN, 3),
        (run(broken="no engine"), BROKEN, 3),
        (run(result(PASS), broken="no engine"), BROKEN, 3),
        (run(result(FAIL), interrupted=True), FAIL, 130),
    ],
)
def test_the_verdict_and_the_exit_status_of_a_run(
    found: Run, verdict: Verdict, status: int
) -> None:
    assert (found.verdict, found.exit_status) == (verdict, status)


def test_a_full_id_has_its_lab() -> None:
    assert result(PASS).check.full_id == "fork_echo.a-check"


NAMES = {key(10): "dispatcher", key(11): "worker-1", key(12): "worker-2"}
A = pair(700)
STDIN, FEED = pipe(900)
OUT = pipe(901)
INNER = pipe(902)


def described(what: Any, *others: Any) -> str:
    """What the table says of descriptor 5 of worker-1, which holds *what*."""
    taken = picture(process(11, fds={5: what}), *others)
    (row,) = [r for r in evidence(taken, {}, NAMES, {50001: "client-1"}).descriptors if r.pid == 11]
    return row.what


@pytest.mark.parametrize(
    ("what", "words"),
    [
        (listener(500), "listening socket, port 7001"),
        (connection(50001, 601), "connection of client-1"),
        (connection(50001, 601, state="CLOSE_WAIT"), "connection of client-1, CLOSE_WAIT"),
        (connection(50009, 601), "connection of port 50009"),
        (widow(700), "Unix stream socket, other end closed"),
        (A[1], "Unix stream socket, other end: in flight, in no process"),
        (pair(700, kind=2)[0], "Unix datagram socket, other end: in flight, in no process"),
        (Socket(700, "unix", [700, 1, 10, 0, 0, 0]), "listening Unix stream socket"),
        (Socket(700, "udp", []), "socket 700"),
        (INNER[0], "pipe (read end)"),
        (INNER[1], "pipe (write end)"),
        (File("/lab/work-1/echomsg.txt"), "/lab/work-1/echomsg.txt"),
        (File("anon_inode:[eventpoll]"), "anon_inode:[eventpoll]"),
    ],
)
def test_a_descriptor_in_words(what: Any, words: str) -> None:
    assert described(what) == words


def test_who_holds_the_other_end() -> None:
    assert described(A[1], process(10, fds={4: A[0]}), process(77, fds={6: A[0], 7: A[0]})) == (
        "Unix stream socket, other end: dispatcher fd 4, pid 77 fd 6, pid 77 fd 7"
    )
    assert described(INNER[0], process(10, fds={8: INNER[1]})) == (
        "pipe 902, read end; other end: dispatcher fd 8"
    )


def test_the_other_end_in_many_processes_is_not_cut_silently() -> None:
    crowd = [process(pid, fds={3: A[0]}) for pid in range(20, 30)]

    assert described(A[1], *crowd).endswith("pid 22 fd 3, pid 23 fd 3 and 6 more")


def test_standard_descriptors_have_names() -> None:
    terminal = File("/dev/pts/0")
    taken = picture(process(10, fds={0: STDIN, 1: terminal, 2: OUT[1], 3: terminal}))

    rows = evidence(taken, {}, NAMES, {}).descriptors

    assert [row.what for row in rows] == [
        "stdin (read end)", "stdout", "stderr (write end)", "/dev/pts/0",
    ]  # fmt: skip


def test_culprits_are_marked_by_process_or_by_descriptor() -> None:
    taken = picture(process(10, fds={3: listener()}), process(11, fds={4: A[1]}), zombie(12))

    tables = evidence(taken, {(11, 4): "not closed", 12: "ended"}, NAMES, {})

    assert [row.who for row in tables.culprits] == ["worker-1", "worker-2"]
    assert [row.mark for row in tables.descriptors] == ["", "not closed"]
    assert tables.processes[2].command == "[server] <defunct>"
    assert tables.whole


def test_ends_tell_who_reaped_and_how() -> None:
    taken = picture(
        process(10),
        zombie(12),
        reaped(13, status=13, since=0.2),
        reaped(14, status=None, since=0.5),
        reaped(15, by_agent=True, since=0.3),
        reaped(16, status=256, started=True, since=0.4),
    )

    rows = evidence(taken, {}, {key(13): "child-1"}, {}).ends

    assert [(row.pid, row.how, row.reaped_by, row.plain) for row in rows] == [
        (14, "ended", "its parent", True),
        (16, "exited with status 1", "PID 1", False),
        (15, "exited with status 0", "PID 1", True),
        (13, "killed by SIGPIPE", "its parent", False),
    ]
    assert rows[3].who == "child-1"
    assert rows[3].ago_s == pytest.approx(0.2)
