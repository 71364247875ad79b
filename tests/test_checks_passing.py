"""Judgements on a passed connection, on literal pictures: which process of a pool has it."""

from __future__ import annotations

from forklab.checks import passing
from forklab.facts import Snapshot
from tests.pictures import PORT, connection, failure, key, listener, pair, picture, process

LISTENER = listener(500)
ONE = connection(50001, 601)
CLIENT = (PORT, 50001, "client-1")
A, B = pair(700), pair(710)  # (the dispatcher's end, the worker's end)
NAMES = {key(10): "dispatcher", key(11): "worker-1", key(12): "worker-2", key(13): "process-1"}
BEFORE = {key(10), key(11), key(12)}
DEAF = picture(process(10, fds={4: A[0]}), process(11, fds={4: A[1]}))


def served_by(*holders: int) -> Snapshot:
    """The pool while client-1 is connected and *holders* have its connection."""
    rows = {10: [LISTENER, A[0], B[0]], 11: [A[1]], 12: [B[1]], 13: []}
    return picture(
        ONE,
        *(
            process(pid, fds=dict(enumerate([*ends, ONE] if pid in holders else ends, 3)))
            for pid, ends in rows.items()
            if ends or pid in holders
        ),
    )


IN_FLIGHT = served_by()


def test_serving_is_to_hold_the_connection() -> None:
    assert [p.pid for p in passing.serving(served_by(10, 12), *CLIENT)] == [10, 12]
    assert passing.serving(IN_FLIGHT, *CLIENT) == []
    waits = picture(process(10, fds={3: LISTENER}), connection(50001, 0))
    assert "nobody has accepted" in failure(passing.serving, waits, *CLIENT).seen


def test_served_by_old_ones() -> None:
    assert passing.served_by_old_ones(served_by(10, 11), *CLIENT, BEFORE, NAMES)
    told = failure(passing.served_by_old_ones, served_by(11, 13), *CLIENT, BEFORE, NAMES)
    assert told.seen == "process-1 (pid 13) is new"
    assert told.marks == {13: "was not there before"}
    in_flight = failure(passing.served_by_old_ones, IN_FLIGHT, *CLIENT, BEFORE, NAMES)
    assert in_flight.seen == "no process holds it"


def test_the_worker_of_a_client_is_found_whoever_else_has_a_copy() -> None:
    workers = {key(11), key(12)}

    assert passing.worker_of(served_by(10, 12), *CLIENT, workers, NAMES).pid == 12
    for taken in (served_by(10), IN_FLIGHT):
        told = failure(passing.worker_of, taken, *CLIENT, workers, NAMES)
        assert told.seen == "no worker holds client-1's connection"


def test_served_by_one() -> None:
    assert passing.served_by_one(served_by(11), *CLIENT, BEFORE, NAMES).pid == 11
    two = failure(passing.served_by_one, served_by(10, 11), *CLIENT, BEFORE, NAMES)
    assert two.seen == "it is in 2: dispatcher (pid 10), worker-1 (pid 11)"
    assert two.marks == {(10, 6): "connection of client-1", (11, 4): "connection of client-1"}
    none = failure(passing.served_by_one, IN_FLIGHT, *CLIENT, BEFORE, NAMES)
    assert none.seen == "it is in 0: no process"
    new = failure(passing.served_by_one, served_by(13), *CLIENT, BEFORE, NAMES)
    assert new.seen == "process-1 (pid 13) serves it and is new"


def test_passed_is_to_be_held_by_one_who_does_not_listen() -> None:
    assert passing.passed_to_a_worker(served_by(12), *CLIENT, BEFORE, NAMES).pid == 12
    told = failure(passing.passed_to_a_worker, served_by(10), *CLIENT, BEFORE, NAMES)
    assert told.seen.endswith("holds the listening socket: it accepted")
    assert told.marks == {(10, 3): "the listening socket"}


def test_the_dispatcher_lets_go_of_what_it_passed() -> None:
    passing.dispatcher_let_go(served_by(11), *CLIENT, NAMES)
    kept = failure(passing.dispatcher_let_go, served_by(10, 11), *CLIENT, NAMES)
    assert kept.seen == "dispatcher (pid 10) still holds it as descriptor 6"
    assert kept.marks == {(10, 6): "passed on, not closed"}
    in_flight = failure(passing.dispatcher_let_go, IN_FLIGHT, *CLIENT, NAMES)
    assert in_flight.seen == "it is in no process"
    assert "nobody listens" in failure(passing.dispatcher_let_go, DEAF, *CLIENT, NAMES).seen


def test_clients_that_the_dispatcher_serves_itself() -> None:
    clients = {50001: "client-1"}
    passing.not_in_the_dispatcher_alone(served_by(11), PORT, clients, NAMES)
    told = failure(passing.not_in_the_dispatcher_alone, served_by(10), PORT, clients, NAMES)

    assert "dispatcher (pid 10) alone" in told.seen
    assert set(told.marks.values()) == {"connection of client-1"}
