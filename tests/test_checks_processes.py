"""Judgements on processes, on literal pictures."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from forklab.checks import processes
from forklab.facts import Snapshot, Usage
from tests.pictures import PORT, Row, failure, key, listener, picture, process, reaped, zombie

LISTENER = listener()
NAMES = {key(10): "parent", key(11): "child-1", key(12): "child-2"}
GONE = picture()


def test_a_name_stands_before_the_number() -> None:
    assert processes.named(key(11), NAMES) == "child-1 (pid 11)"
    assert processes.named(key(77), NAMES) == "pid 77"


def test_a_list_of_many_says_how_many_more() -> None:
    keys = [key(pid) for pid in range(10, 16)]

    assert processes.listed(keys[:2], NAMES) == "parent (pid 10), child-1 (pid 11)"
    assert processes.listed(keys, NAMES, most=3).endswith("child-2 (pid 12) and 3 more")


def test_listens_gives_the_oldest_that_does() -> None:
    taken = picture(process(12, fds={3: LISTENER}), process(10, fds={5: LISTENER}), process(11))

    assert processes.listens(taken, PORT).pid == 10


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        (GONE, "all have ended"),
        (picture(zombie(10)), "all have ended"),
        (picture(process(10)), "1 of its processes are alive"),
        (picture(process(10, fds={3: listener(500, 7002)})), "no process of it listens on port"),
        (picture(process(10), LISTENER), "no process of it listens on port"),  # somebody else's
    ],
)
def test_listens_fails_where_no_process_of_it_does(taken: Snapshot, seen: str) -> None:
    assert seen in failure(processes.listens, taken, PORT).seen


def test_no_zombie_passes_where_everybody_was_waited_for() -> None:
    processes.no_zombie(picture(process(10), reaped(11)), NAMES)


def test_no_zombie_tells_how_many_how_old_and_who() -> None:
    told = failure(
        processes.no_zombie,
        picture(process(10), zombie(11, since=0.5), zombie(12, since=2.0)),
        NAMES,
    )

    assert told.seen == (
        "2 zombies are left, the oldest for 2.0 s: child-1 (pid 11), child-2 (pid 12)"
    )
    assert set(told.marks) == {11, 12}


def test_no_zombie_lets_the_last_one_wait_a_moment() -> None:
    taken = picture(process(10), zombie(11), zombie(12))

    processes.no_zombie(taken, NAMES, but={key(11), key(12)})
    assert "1 zombie is left" in failure(processes.no_zombie, taken, NAMES, but={key(12)}).seen


def test_none_left_of_counts_only_those_asked_for() -> None:
    taken = picture(process(10), zombie(11), process(12), reaped(13))

    processes.none_left_of(taken, [key(12), key(13)], NAMES)
    told = failure(processes.none_left_of, taken, [key(11), key(12), key(13)], NAMES)
    assert told.seen == "1 of 3 are zombies: child-1 (pid 11)"
    assert set(told.marks) == {11}


def test_a_pid_that_is_used_again_is_another_process() -> None:
    taken = picture(process(10), zombie(11))

    processes.none_left_of(taken, [(11, 3)], NAMES)
    processes.dead(picture(process(11)), [(11, 3)], NAMES)


def test_dead_is_true_of_zombies_and_of_those_that_are_gone() -> None:
    taken = picture(process(10), zombie(11), reaped(12))

    processes.dead(taken, [key(11), key(12)], NAMES)
    told = failure(processes.dead, taken, [key(10), key(11)], NAMES)
    assert told.seen == "still alive: parent (pid 10)"
    assert set(told.marks) == {10}


def test_gone_is_not_true_of_a_zombie() -> None:
    taken = picture(process(10), zombie(11), process(12), reaped(13))

    processes.gone(taken, [key(13)], NAMES)
    alone = failure(processes.gone, taken, [key(11)], NAMES)
    assert alone.seen == "still there: child-1 (pid 11), a zombie"
    both = failure(processes.gone, taken, [key(11), key(12), key(13)], NAMES)
    assert both.seen.endswith("1 of them zombies")
    assert both.marks == {11: "ended, nobody waited for it", 12: "alive"}


@pytest.mark.parametrize("judgement", [processes.none_left_of, processes.dead, processes.gone])
def test_nobody_to_look_at_is_no_proof(
    judgement: Callable[..., None],
) -> None:
    assert failure(judgement, picture(process(10)), [], NAMES).seen == "there is none"


def test_all_ended_wants_an_empty_table() -> None:
    processes.all_ended(picture(reaped(10)), NAMES)

    left = failure(processes.all_ended, picture(process(10), zombie(11)), NAMES)
    assert left.marks == {10: "alive, waits in poll", 11: "a zombie"}


def test_told_why_wants_a_status_and_a_word() -> None:
    expected = "where nobody listens, it ends with a message and a non-zero status"
    processes.told_why(256, "connect: Connection refused\n", expected)

    for status, output, seen in (
        (0, "connect() error!", "it exited with status 0"),
        (signal.SIGSEGV, "oh", "it was killed by SIGSEGV"),
        (None, "", "it ended"),
        (256, " \n", "it exited with status 1 without a word"),
    ):
        told = failure(processes.told_why, status, output, expected)
        assert told.seen == seen
        assert told.expected.startswith("where nobody listens, it ends with a message")


def test_nobody_left_wants_an_empty_table_and_a_free_port() -> None:
    processes.nobody_left(picture(reaped(10)), PORT, NAMES)

    left = failure(
        processes.nobody_left, picture(process(10, call=("accept", 3)), zombie(11)), PORT, NAMES
    )
    assert left.marks == {10: "alive, waits in accept on 3", 11: "a zombie"}
    running = failure(processes.nobody_left, picture(process(10, state="R")), PORT, NAMES)
    assert running.marks == {10: "alive, is running"}
    assert "still listens" in failure(processes.nobody_left, picture(LISTENER), PORT, NAMES).seen


def test_no_new_process_counts_the_living_only() -> None:
    before = {key(10)}

    processes.no_new_process(picture(process(10), zombie(11)), before, NAMES)
    processes.no_new_process(picture(zombie(10)), before, NAMES)
    told = failure(processes.no_new_process, picture(process(10), process(11)), before, NAMES)
    assert told.seen == "1 more: child-1 (pid 11)"
    assert told.marks == {11: "was not there before"}


def test_asleep_gives_who_waits() -> None:
    taken = picture(process(10, call=("accept", 3)), process(11, state="R"), zombie(12))

    assert processes.asleep(taken, key(10), NAMES).call == ("accept", 3)
    assert processes.asleep(picture(process(10, state="D")), key(10), NAMES).pid == 10
    assert failure(processes.asleep, taken, key(11), NAMES).seen == "its state is R"
    assert "has ended" in failure(processes.asleep, taken, key(12), NAMES).seen
    assert "has ended" in failure(processes.asleep, taken, key(99), NAMES).seen


def test_in_state_is_true_of_one_that_is_gone() -> None:
    processes.in_state(picture(process(10, state="T")), key(10), "TtZ")
    processes.in_state(GONE, key(10), "TtZ")
    told = failure(processes.in_state, picture(process(10)), key(10), "TtZ")
    assert told.expected == "pid 10 is in state T or t or Z"


def test_decided_is_to_listen_or_to_have_ended() -> None:
    both = picture(process(10, fds={3: LISTENER, 4: listener(501, 80)}))

    assert processes.decided(both) == [80, PORT]
    assert processes.decided(GONE) == []
    assert processes.decided(picture(zombie(10))) == []


@pytest.mark.parametrize(
    ("row", "seen"),
    [
        (process(10, call=("wait4", 0)), "pid 10 waits in wait4"),
        (process(10, state="R"), "pid 10 is running"),
        (process(10, call=None), "pid 10 sleeps"),
    ],
)
def test_decided_says_what_an_undecided_one_does(row: Row, seen: str) -> None:
    told = failure(processes.decided, picture(row))

    assert told.seen == f"1 of its processes are alive; {seen}"


# Rows of a table that was measured: a window of 1 s, CPU and waiting in ms, voluntary switches;
# alone, with four busy loops beside it, and at a tenth of a CPU with a busy loop beside it.
SPINS = [
    ("a loop, alone", 1000, 0, 0),
    ("a loop, busy machine", 290, 710, 0),
    ("a loop, less busy machine", 420, 590, 0),
    ("a loop, throttled", 42, 1050, 0),
    ("a loop, throttled, more CPU", 57, 1050, 0),
    ("usleep(1), alone: a fifth of a quiet CPU", 283, 6, 12000),
    ("prints its error, alone", 990, 10, 9),
    ("prints its error, busy machine", 357, 631, 112),
    ("prints its error, throttled", 36, 964, 12),
    ("prints its error, throttled, no switch", 36, 964, 0),
]
SLEEPS = [
    ("usleep(1), busy machine", 179, 222, 11500),
    ("usleep(1), throttled", 12, 1050, 547),
    ("usleep(1000), alone", 23, 3.5, 912),
    ("usleep(1000), busy machine", 12, 145, 800),
    ("usleep(1000), throttled", 6, 762, 300),
    ("10 ms timer, alone", 5, 0.5, 100),
    ("10 ms timer, busy machine", 1.3, 90, 100),
    ("10 ms timer, throttled", 1.1, 800, 90),
    ("100 ms timer, alone", 0.6, 0, 10),
    ("100 ms timer, busy machine", 0.1, 62, 10),
    ("100 ms timer, throttled", 2.4, 186, 10),
    ("blocked", 0, 0, 0),
    ("blocked, throttled once", 0, 94, 0),
]


def used(*rows: tuple[int, float, float, int], seconds: float = 1.0, printed: int = 0) -> Usage:
    """Usage of processes: pid, ms on a CPU, ms waiting for one, voluntary switches."""
    in_ns = [[pid, int(cpu * 1e6), int(waiting * 1e6), n] for pid, cpu, waiting, n in rows]
    value = {"seconds": seconds, "last_pid": [9, 12], "printed": printed, "rows": in_ns}
    return Usage.parse(value, 32768)


@pytest.mark.parametrize("row", SPINS, ids=lambda row: str(row[0]))
def test_who_wants_the_cpu_all_the_time_spins(row: tuple[str, float, float, int]) -> None:
    told = processes.spinners(used((11, *row[1:])), NAMES, {11: key(11)})

    assert told is not None
    assert "child-1 (pid 11) used the CPU for" in told.seen
    assert set(told.marks) == {11}


@pytest.mark.parametrize("row", SLEEPS, ids=lambda row: str(row[0]))
def test_who_gives_the_cpu_back_does_not_spin(row: tuple[str, float, float, int]) -> None:
    assert processes.spinners(used((11, *row[1:])), NAMES, {11: key(11)}) is None


def test_the_busiest_of_several_spinners_is_told_of() -> None:
    told = processes.spinners(
        used((10, 0, 0, 5), (11, 90, 200, 0), (12, 200, 90, 0), seconds=0.3), NAMES, {12: key(12)}
    )

    assert told is not None
    assert "used the CPU for 200 of 300 ms (and waited 90 ms for one)" in told.seen
    assert "pid 11" in told.seen
    assert set(told.marks) == {11, 12}


def test_pids_used_are_counted_where_the_numbers_begin_anew() -> None:
    around = {"seconds": 1.0, "last_pid": [32760, 310], "printed": 0, "rows": []}

    assert used().pids_used == 3
    assert Usage.parse(around, 32768).pids_used == 318


def test_who_prints_all_the_time_spins_though_it_waits_for_its_reader() -> None:
    told = processes.spinners(used((11, 20, 30, 500), printed=3_000_000), NAMES, {11: key(11)})

    assert told is not None
    assert "3000000 bytes were printed meanwhile" in told.seen
    assert processes.spinners(used((11, 20, 30, 500), printed=100_000), NAMES, {}) is None
    assert processes.spinners(used(printed=3_000_000), NAMES, {}) is None
