"""Judgements on who talks through pipes, on literal pictures."""

from __future__ import annotations

import pytest

from forklab.checks import pipe_ends
from forklab.checks.pipe_ends import Pair
from forklab.facts import Snapshot
from tests.pictures import File, Row, failure, key, pair, picture, pipe, process, zombie

NAMES = {key(10): "parent", key(11): "child", key(12): "child-2"}
TALKERS = Pair(key(10), key(11))
TERMINAL = File("/dev/pts/3")
A_READ, A_WRITE = pipe(700)
B_READ, B_WRITE = pipe(800)
ERRORS = pipe(900)[1]  # the harness reads it
CLOSED = ({3: A_READ, 6: B_WRITE}, {4: A_WRITE, 5: B_READ})
KEPT = {3: A_READ, 4: A_WRITE, 5: B_READ, 6: B_WRITE}


def parent(fds: object = None, call: tuple[str, int] | None = ("read", 3), state: str = "S") -> Row:
    """The parent; it waits in pipe A."""
    held = CLOSED[0] if fds is None else fds
    assert isinstance(held, dict)
    return process(10, fds={0: TERMINAL, 2: ERRORS, **held}, call=call, state=state)


def child(fds: object = None, call: tuple[str, int] | None = ("read", 0), state: str = "S") -> Row:
    """The child; it waits for its line."""
    held = CLOSED[1] if fds is None else fds
    assert isinstance(held, dict)
    return process(11, parent=10, fds={0: TERMINAL, 2: ERRORS, **held}, call=call, state=state)


# who talks


def test_one_child_gives_the_two() -> None:
    assert pipe_ends.one_child(picture(parent(), child()), NAMES) == TALKERS


def test_one_child_is_not_disturbed_by_who_launched_them() -> None:
    launcher = process(9, call=("wait4", 0))
    taken = picture(launcher, process(10, parent=9, fds=CLOSED[0]), child())

    assert pipe_ends.one_child(taken, NAMES) == TALKERS


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        (picture(), "none is there: all have ended"),
        (picture(process(10)), "1 are there: parent (pid 10)"),
        (picture(parent(), zombie(11)), "1 are there: parent (pid 10)"),
        (picture(parent(), child(), process(12, parent=10)), "3 are there: parent (pid 10), child"),
        (picture(parent(), child(), process(12, parent=11)), "3 are there"),
        (picture(parent(), process(12)), "2 are there"),  # strangers to each other
        (picture(process(9, call=("wait4", 0)), process(10, parent=9), process(12)), "3 are there"),
    ],
)
def test_one_child_names_who_is_there(taken: Snapshot, seen: str) -> None:
    assert seen in failure(pipe_ends.one_child, taken, NAMES).seen


# whose turn it is


def test_in_turn_is_certain_of_a_read() -> None:
    assert pipe_ends.in_turn(picture(parent(), child()), TALKERS, key(11), NAMES)


def test_in_turn_stdin_may_be_a_pipe_whose_writer_is_the_harness() -> None:
    stdin = {0: pipe(600)[0]}
    taken = picture(parent({**CLOSED[0], **stdin}), child({**CLOSED[1], **stdin}))

    assert pipe_ends.in_turn(taken, TALKERS, key(11), NAMES)


def test_in_turn_is_not_certain_of_who_sleeps_otherwise() -> None:
    taken = picture(parent(call=None), child(call=("poll", 0)))

    assert not pipe_ends.in_turn(taken, TALKERS, key(11), NAMES)


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        (picture(parent(), child(call=("read", 5))), "child (pid 11) waits in read on 5"),
        (picture(parent(), child(call=("wait4", 0))), "child (pid 11) waits in wait4"),
        (picture(parent(), child(state="R")), "child (pid 11) is running"),
        (picture(parent(call=("read", 0)), child()), "parent (pid 10) reads it at the same time"),
        (picture(parent(state="R"), child()), "meanwhile parent (pid 10) is running"),
        (picture(parent(call=("wait4", 0)), child()), "meanwhile parent (pid 10) waits in wait4"),
        (picture(parent(), zombie(11)), "child (pid 11) has ended"),
        (picture(child()), "parent (pid 10) has ended"),
    ],
)
def test_in_turn_says_what_they_do_instead(taken: Snapshot, seen: str) -> None:
    assert failure(pipe_ends.in_turn, taken, TALKERS, key(11), NAMES).seen == seen


@pytest.mark.parametrize(
    "taken",
    [
        picture(parent(), child(call=("read", 5))),
        picture(parent(), child(call=("wait4", 0))),
        picture(parent(), zombie(11)),
        picture(parent()),
    ],
)
def test_has_sent_passes_where_nothing_else_is_left_to_do(taken: Snapshot) -> None:
    pipe_ends.has_sent(taken, key(11), NAMES)


def test_has_sent_knows_a_socket_that_stands_for_a_pipe() -> None:
    ours, theirs = pair(500)
    taken = picture(parent({3: ours}), child({5: theirs}, call=("read", 5)))

    pipe_ends.has_sent(taken, key(11), NAMES)


@pytest.mark.parametrize(
    ("taken", "seen"),
    [
        (picture(parent(), child()), "child (pid 11) waits in read on 0"),
        (picture(parent(), child(call=("poll", 0))), "child (pid 11) waits in poll"),
        (picture(parent(), child(state="R")), "child (pid 11) is running"),
    ],
)
def test_has_sent_fails_where_it_may_still_have_to(taken: Snapshot, seen: str) -> None:
    assert failure(pipe_ends.has_sent, taken, key(11), NAMES).seen == seen


def test_who_naps_goes_on_by_itself() -> None:
    napping = picture(parent(), child(call=("clock_nanosleep", 0)))
    reading = picture(parent(), child())

    assert pipe_ends.naps(napping, key(11))
    assert not pipe_ends.naps(reading, key(11))
    assert not pipe_ends.naps(reading, key(99))
    pipe_ends.awake(reading, key(11), NAMES)
    told = failure(pipe_ends.awake, napping, key(11), NAMES)
    assert told.seen == "child (pid 11) waits in clock_nanosleep"


# who holds which end


@pytest.mark.parametrize(
    "taken",
    [
        picture(parent(), child()),
        picture(parent(KEPT), child(KEPT)),  # what is not closed is another check
        picture(parent({**CLOSED[0], 7: pipe(950)[0], 8: pipe(950)[1]}), child()),
    ],
)
def test_one_each_way_passes_with_two_pipes(taken: Snapshot) -> None:
    pipe_ends.one_each_way(taken, TALKERS, NAMES)


def test_one_each_way_names_the_one_pipe_and_who_holds_its_ends() -> None:
    both = {3: A_READ, 4: A_WRITE}

    told = failure(pipe_ends.one_each_way, picture(parent(both), child(both)), TALKERS, NAMES)

    assert told.seen == "pipe A: read end in parent and child, write end in parent and child"
    assert set(told.marks) == {(10, 3), (10, 4), (11, 3), (11, 4)}


@pytest.mark.parametrize(
    "taken",
    [
        picture(parent({3: A_READ, 5: B_READ}), child({4: A_WRITE, 6: B_WRITE})),  # both upward
        picture(parent({3: A_READ}), child({4: A_WRITE})),
    ],
)
def test_one_each_way_fails_where_nothing_leads_down(taken: Snapshot) -> None:
    seen = failure(pipe_ends.one_each_way, taken, TALKERS, NAMES).seen

    assert "pipe A (child -> parent): read end in parent, write end in child" in seen


@pytest.mark.parametrize(
    "taken",
    [
        picture(parent({3: pair(500)[0]}), child({3: pair(500)[1]})),
        picture(parent({}), child({})),
        picture(parent({3: A_READ, 4: A_WRITE}), child({5: B_READ, 6: B_WRITE})),  # each its own
    ],
)
def test_one_each_way_wants_pipes_between_them(taken: Snapshot) -> None:
    assert failure(pipe_ends.one_each_way, taken, TALKERS, NAMES).seen == "no pipe joins them"


def test_ends_closed_passes_where_each_has_one_end_of_each() -> None:
    pipe_ends.ends_closed(picture(parent(), child()), TALKERS, NAMES)


def test_ends_closed_leaves_a_process_the_pipe_that_is_its_own() -> None:
    own = dict(zip((7, 8), pipe(950), strict=True))

    pipe_ends.ends_closed(picture(parent({**CLOSED[0], **own}), child()), TALKERS, NAMES)


def test_ends_closed_tells_the_ways_by_who_waits_where_both_hold_both() -> None:
    told = failure(pipe_ends.ends_closed, picture(parent(KEPT), child(KEPT)), TALKERS, NAMES)

    assert told.seen == (
        "pipe A (child -> parent): read end in parent and child, write end in parent and child; "
        "pipe B (parent -> child): read end in parent and child, write end in parent and child"
    )
    assert told.marks == {
        (10, 4): "write end of pipe A (child -> parent), not closed",
        (10, 5): "read end of pipe B (parent -> child), not closed",
        (11, 3): "read end of pipe A (child -> parent), not closed",
        (11, 6): "write end of pipe B (parent -> child), not closed",
    }


def test_ends_closed_marks_all_where_nobody_waits_in_a_pipe() -> None:
    taken = picture(parent(KEPT, call=("poll", 0)), child(KEPT, call=("poll", 0)))

    told = failure(pipe_ends.ends_closed, taken, TALKERS, NAMES)

    assert len(told.marks) == 8
    assert told.marks[10, 3] == "pipe A: each holds both of its ends"


def test_ends_closed_finds_one_end_too_many() -> None:
    taken = picture(parent(), child({**CLOSED[1], 3: A_READ}))

    told = failure(pipe_ends.ends_closed, taken, TALKERS, NAMES)

    assert told.marks == {(11, 3): "read end of pipe A (child -> parent), not closed"}
    assert "pipe A (child -> parent): read end in parent and child, write end in child" in told.seen


def test_ends_closed_finds_it_in_a_third_process() -> None:
    taken = picture(parent(), child(), process(12, parent=10, fds={9: B_WRITE}))

    told = failure(pipe_ends.ends_closed, taken, TALKERS, NAMES)

    assert told.marks == {(12, 9): "write end of pipe B (parent -> child), not closed"}


def test_ends_closed_fails_where_there_is_no_pipe() -> None:
    taken = picture(parent({}), child({}))

    assert failure(pipe_ends.ends_closed, taken, TALKERS, NAMES).seen == "no pipe joins them"
