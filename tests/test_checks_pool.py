"""Judgements on a pool, on literal pictures: who is who, channels, who is idle."""

from __future__ import annotations

import pytest

from forklab.checks import pool
from forklab.facts import Snapshot
from forklab.facts.roles import pool as find_pool
from tests.pictures import (
    PORT,
    Row,
    Socket,
    connection,
    failure,
    key,
    listener,
    pair,
    picture,
    process,
    reaped,
    widow,
    zombie,
)

LISTENER = listener(500)
A, B, C = pair(700), pair(710), pair(720)  # (the dispatcher's end, the worker's end)
SELF_PIPE = pair(800)
NAMES = {key(10): "dispatcher", key(11): "worker-1", key(12): "worker-2", key(13): "process-1"}


def dispatcher(*more: Socket, state: str = "S") -> Row:
    """Who listens and has the dispatcher's ends of two channels, and *more*."""
    ends = (LISTENER, A[0], B[0], *more)
    return process(10, fds=dict(enumerate(ends, 3)), state=state)


def worker(pid: int, *ends: Socket) -> Row:
    """A worker that holds *ends*, from descriptor 4 on."""
    return process(pid, parent=10, fds=dict(enumerate(ends, 4)))


RIGHT = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]))
NONE = picture(process(10, fds={3: LISTENER}), process(11), process(12))
SHARED = picture(
    process(10, fds={3: LISTENER, 4: A[0]}), worker(11, A[1]), worker(12, A[1]), worker(13, A[1])
)
DEAF = picture(process(10, fds={4: A[0]}), worker(11, A[1]))
# everybody holds both ends of a pair that wakes up the dispatcher, made before the forks
WITH_SELF_PIPE = picture(
    dispatcher(*SELF_PIPE), worker(11, A[1], *SELF_PIPE), worker(12, B[1], *SELF_PIPE)
)
# the second worker has what the dispatcher had open when it was forked
INHERITS = picture(dispatcher(), worker(11, A[1]), worker(12, B[1], A[0], B[0]))
KEEPS = picture(dispatcher(A[1], B[1]), worker(11, A[1]), worker(12, A[1], B[1]))
NOBODY_CLOSES = picture(
    dispatcher(A[1], B[1]), worker(11, A[0], A[1]), worker(12, A[0], A[1], B[0], B[1])
)
# all pairs were made first; the dispatcher closed the workers' ends, the workers closed nothing
ALL_FIRST = picture(
    dispatcher(), worker(11, A[0], A[1], B[0], B[1]), worker(12, A[0], A[1], B[0], B[1])
)


@pytest.mark.parametrize(
    "taken", [RIGHT, WITH_SELF_PIPE, INHERITS, KEEPS, NOBODY_CLOSES, ALL_FIRST]
)
def test_a_pool_is_found_by_its_channels(taken: Snapshot) -> None:
    found = pool.has_pool(taken, PORT, 2, NAMES)

    assert found.dispatcher is not None
    assert found.dispatcher.pid == 10
    assert [worker.pid for worker in found.workers] == [11, 12]


def test_a_helper_that_inherited_the_self_pipe_is_no_worker() -> None:
    taken = picture(
        dispatcher(*SELF_PIPE), worker(11, A[1]), worker(12, B[1]), worker(13, *SELF_PIPE)
    )

    assert [other.pid for other in pool.has_pool(taken, PORT, 2, NAMES).others] == [13]


def test_too_few_workers_are_counted_and_the_others_marked() -> None:
    told = failure(pool.has_pool, NONE, PORT, 2, NAMES)

    assert told.seen == (
        "0 of its 3 live processes have one: a Unix socket whose other end the dispatcher holds"
    )
    assert told.marks == {
        11: "has no channel to the dispatcher",
        12: "has no channel to the dispatcher",
    }
    assert "2 of its 3" in failure(pool.has_pool, RIGHT, PORT, 3, NAMES).seen
    assert failure(pool.has_pool, DEAF, PORT, 1, NAMES).seen == f"nobody listens on port {PORT}"


def test_a_worker_whose_channel_is_dead_is_none() -> None:
    taken = picture(dispatcher(), worker(11, A[1]), worker(12, widow(731)))

    assert "1 of its 3" in failure(pool.has_pool, taken, PORT, 2, NAMES).seen


def test_workers_are_counted_whoever_else_has_ended() -> None:
    taken = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]), zombie(13))

    assert len(pool.has_workers(taken, PORT, 2).workers) == 2
    assert "2 of its 3" in failure(pool.has_workers, taken, PORT, 1).seen


def test_a_zombie_before_the_first_client_is_one_too_many() -> None:
    taken = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]), zombie(13))

    told = failure(pool.has_pool, taken, PORT, 2, NAMES)

    assert told.seen == "zombies: process-1 (pid 13)"
    assert told.marks == {13: "has ended already"}


def test_who_is_neither_dispatcher_nor_worker_must_not_listen() -> None:
    apart = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]), process(13))
    listens = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]), worker(13, LISTENER))

    pool.others_are_apart(apart, find_pool(apart, PORT), PORT, NAMES)
    told = failure(pool.others_are_apart, listens, find_pool(listens, PORT), PORT, NAMES)
    assert told.marks == {(13, 4): "the listening socket"}


def test_workers_do_not_listen() -> None:
    pool.workers_do_not_listen(RIGHT, PORT, NAMES)
    keeps = picture(dispatcher(), worker(11, A[1], LISTENER), worker(12, B[1]))
    told = failure(pool.workers_do_not_listen, keeps, PORT, NAMES)
    assert told.seen == "1 of 2 hold it: worker-1 (pid 11)"
    assert told.marks == {(11, 5): "the listening socket"}


def test_workers_that_accept_have_no_channel_and_are_told_of() -> None:
    others = picture(*(process(pid, fds={3: LISTENER}) for pid in (10, 11, 12)))

    told = failure(pool.workers_do_not_listen, others, PORT, NAMES)

    assert set(told.marks) == {(11, 3), (12, 3)}


@pytest.mark.parametrize("taken", [picture(), DEAF, picture(process(10, fds={3: LISTENER}))])
def test_without_workers_nothing_is_proved(taken: Snapshot) -> None:
    assert failure(pool.workers_do_not_listen, taken, PORT, NAMES).seen.startswith("there are ")


def test_the_one_with_most_channels_is_the_dispatcher() -> None:
    taken = picture(
        process(9, fds={3: LISTENER}),
        process(10, fds={3: LISTENER, 4: A[0], 5: B[0]}),
        worker(11, A[1]),
        worker(12, B[1]),
    )

    found = find_pool(taken, PORT)

    assert found.dispatcher is not None
    assert found.dispatcher.pid == 10
    assert [other.pid for other in found.others] == [9]


@pytest.mark.parametrize("taken", [RIGHT, WITH_SELF_PIPE, KEEPS, NOBODY_CLOSES, ALL_FIRST])
def test_a_channel_each(taken: Snapshot) -> None:
    pool.one_channel_each(taken, PORT, 2, NAMES)


def test_one_channel_for_all_is_as_good() -> None:
    pool.one_channel_each(SHARED, PORT, 3, NAMES)
    pool.channels_are_private(SHARED, PORT, NAMES)


def test_a_shared_channel_beside_one_for_each() -> None:
    taken = picture(dispatcher(C[0]), worker(11, A[1], C[1]), worker(12, B[1], C[1]))

    pool.one_channel_each(taken, PORT, 2, NAMES)
    pool.channels_are_private(taken, PORT, NAMES)


def test_without_a_channel_each() -> None:
    expected = "each of 3 workers has a Unix socket whose other end the dispatcher holds"

    none = failure(pool.one_channel_each, NONE, PORT, 3, NAMES)
    assert (none.expected, none.seen) == (expected, "none of 3 processes has one")
    two = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]), process(13))
    told = failure(pool.one_channel_each, two, PORT, 3, NAMES)
    assert told.seen == "2 have one"
    assert told.marks == {13: "has no channel to the dispatcher"}
    assert failure(pool.one_channel_each, DEAF, PORT, 3, NAMES).expected == expected


def test_two_workers_to_a_channel_are_neither_shared_nor_each() -> None:
    taken = picture(dispatcher(), worker(11, A[1]), worker(12, A[1]), worker(13, B[1]))

    told = failure(pool.one_channel_each, taken, PORT, 3, NAMES)

    assert told.seen == "some of them have only a copy of another worker's"
    assert failure(pool.channels_are_private, taken, PORT, NAMES).marks == {
        (12, 4): "the worker's end of the channel of worker-1"
    }


@pytest.mark.parametrize("taken", [RIGHT, WITH_SELF_PIPE])
def test_private_channels(taken: Snapshot) -> None:
    pool.channels_are_private(taken, PORT, NAMES)


def test_a_worker_that_inherits_earlier_channels() -> None:
    told = failure(pool.channels_are_private, INHERITS, PORT, NAMES)

    assert told.seen == (
        "worker-2 (pid 12) holds the dispatcher's end of the channel of worker-1; "
        "2 such descriptors in all"
    )
    assert told.marks == {
        (12, 5): "the dispatcher's end of the channel of worker-1",
        (12, 6): "the dispatcher's end of the channel of worker-2",
    }


def test_a_dispatcher_that_keeps_the_workers_ends() -> None:
    told = failure(pool.channels_are_private, KEEPS, PORT, NAMES)

    assert told.seen.startswith("dispatcher (pid 10) holds the worker's end of the channel of")
    assert set(told.marks) == {(10, 6), (10, 7), (12, 4)}


def test_a_dispatcher_that_keeps_only_its_own_worker_end() -> None:
    taken = picture(dispatcher(B[1]), worker(11, A[1]), worker(12, B[1]))

    told = failure(pool.channels_are_private, taken, PORT, NAMES)

    assert told.marks == {(10, 6): "the worker's end of the channel of worker-2"}


def test_all_pairs_made_first_and_none_closed_is_not_sharing() -> None:
    told = failure(pool.channels_are_private, ALL_FIRST, PORT, NAMES)

    assert (12, 5) in told.marks
    assert (11, 4) in told.marks


def test_nobody_closes_anything() -> None:
    told = failure(pool.channels_are_private, NOBODY_CLOSES, PORT, NAMES)

    assert {pid for pid, _ in (place for place in told.marks if isinstance(place, tuple))} == {
        10, 11, 12,
    }  # fmt: skip


def test_a_process_apart_that_holds_a_channel_is_told_of() -> None:
    taken = picture(dispatcher(), worker(11, A[1]), worker(12, B[1]), worker(13, A[0]))

    told = failure(pool.channels_are_private, taken, PORT, NAMES)

    assert told.seen == "process-1 (pid 13) holds the dispatcher's end of the channel of worker-1"


@pytest.mark.parametrize("taken", [NONE, DEAF])
def test_no_channel_is_not_a_private_one(taken: Snapshot) -> None:
    assert failure(pool.channels_are_private, taken, PORT, NAMES).seen == "no process has one"


def test_the_idle_picture() -> None:
    pool.idle(RIGHT, PORT, 601, NAMES)
    pool.idle(RIGHT, PORT, 0, NAMES)  # the last client was never accepted


def test_not_idle_while_somebody_holds_the_last_connection() -> None:
    holds = picture(dispatcher(), worker(11, A[1], connection(50001, 601)), worker(12, B[1]))

    told = failure(pool.idle, holds, PORT, 601, NAMES)

    assert told.seen == "worker-1 (pid 11) still holds it"
    assert told.marks == {(11, 5): "its client has left"}


def test_not_idle_while_a_report_waits() -> None:
    reported = pair(700, unread=1)[0]
    taken = picture(process(10, fds={3: LISTENER, 4: reported, 5: B[0]}), worker(11, A[1]))

    told = failure(pool.idle, taken, PORT, 601, NAMES)

    assert told.marks == {(10, 4): "a report nobody reads"}


def test_not_idle_while_the_dispatcher_runs() -> None:
    taken = picture(dispatcher(state="R"), worker(11, A[1]), worker(12, B[1]))

    assert failure(pool.idle, taken, PORT, 601, NAMES).seen == "dispatcher (pid 10) is in state R"
    assert failure(pool.idle, DEAF, PORT, 601, NAMES).seen == "nobody listens"


def test_workers_end_with_the_dispatcher() -> None:
    after = "once the dispatcher was killed"
    taken = picture(reaped(10, status=9), reaped(11), zombie(12), process(13, call=("read", 4)))

    pool.ended(taken, [key(11), key(12)], NAMES, after)
    told = failure(pool.ended, taken, [key(12), key(13)], NAMES, after)
    assert told.expected == f"{after}, the workers end"
    assert told.seen == "still alive: process-1 (pid 13)"
    assert told.marks == {13: "waits in read on 4"}
    assert (
        failure(pool.ended, taken, [key(13)], NAMES, after).expected == f"{after}, the worker ends"
    )
    assert failure(pool.ended, taken, [], NAMES, after).seen == "there is none"
