"""Judgements on descriptors, on literal pictures: a child each, and who still holds what."""

from __future__ import annotations

import pytest

from forklab.checks import descriptors
from forklab.checks.descriptors import Seat
from forklab.facts import Snapshot
from forklab.facts.calls import WRITES
from forklab.facts.snapshot import Key
from tests.pictures import (
    PORT,
    connection,
    failure,
    key,
    listener,
    picture,
    process,
    zombie,
)

LISTENER = listener(500)
ONE, TWO = connection(50001, 601), connection(50002, 602)
CLIENTS = {50001: "client-1", 50002: "client-2"}
SEATS = [Seat(50001, "client-1", 601), Seat(50002, "client-2", 602)]
PARENT = process(10, fds={3: LISTENER})
BEFORE = {key(10)}
NAMES = {key(10): "parent", key(11): "child-1", key(12): "child-2"}
RIGHT = picture(PARENT, process(11, parent=10, fds={4: ONE}), process(12, parent=10, fds={4: TWO}))


def test_a_seat_is_the_servers_end_of_a_clients_connection() -> None:
    assert descriptors.seats(RIGHT, PORT, CLIENTS) == SEATS


def test_a_client_without_a_connection_has_no_seat() -> None:
    told = failure(descriptors.seats, picture(PARENT), PORT, {50001: "client-1"})

    assert told.seen == "the server's end of client-1's connection is closed"


def test_a_connection_not_yet_accepted_has_inode_0() -> None:
    waits = connection(50001, 0, unread=6)

    told = failure(descriptors.seats, picture(PARENT, waits), PORT, {50001: "client-1"})

    assert told.seen == "nobody has accepted client-1: 6 bytes wait in its receive queue"


@pytest.mark.parametrize("state", ["FIN_WAIT2", "TIME_WAIT"])
def test_inode_0_of_a_closed_connection_is_not_one_that_waits(state: str) -> None:
    closed = connection(50001, 0, state=state)

    told = failure(descriptors.seats, picture(PARENT, closed), PORT, {50001: "client-1"})

    assert told.seen == "the server's end of client-1's connection is closed"


def test_the_clients_own_end_is_not_the_servers() -> None:
    mirrored = connection(PORT, 700, port=50001)  # local and remote port change places

    assert "closed" in failure(descriptors.seats, picture(mirrored), PORT, {50001: "a"}).seen


def test_no_client_at_all_is_a_failure() -> None:
    assert failure(descriptors.seats, RIGHT, PORT, {}).seen == "there is none"
    assert failure(descriptors.holds_none, RIGHT, key(10), [], NAMES, "parent").seen


def test_matching_finds_a_way_around_extra_copies() -> None:
    a, b, c = key(11), key(12), key(13)

    assert descriptors.match({1: [a, b, c], 2: [a, b], 3: [a]}) == {1: c, 2: b, 3: a}
    assert descriptors.match({1: [a], 2: [a]}) == {1: a}
    assert descriptors.match({1: []}) == {}


def test_each_client_has_a_child() -> None:
    found = descriptors.a_child_each(RIGHT, PORT, CLIENTS, BEFORE, NAMES)

    assert {port: child.pid for port, child in found.items()} == {50001: 11, 50002: 12}


def test_each_client_has_a_child_though_there_are_copies() -> None:
    copies = picture(
        process(10, fds={3: LISTENER, 4: ONE, 5: TWO}),
        process(11, fds={4: ONE, 5: TWO}),
        process(12, fds={4: TWO}),
    )

    found = descriptors.a_child_each(copies, PORT, CLIENTS, BEFORE, NAMES)

    assert {port: child.pid for port, child in found.items()} == {50001: 11, 50002: 12}


def test_a_process_that_was_there_before_is_no_child() -> None:
    alone = picture(process(10, fds={3: LISTENER, 4: ONE, 5: TWO}))

    told = failure(descriptors.a_child_each, alone, PORT, CLIENTS, BEFORE, NAMES)

    assert told.expected == "2 clients are served by 2 different child processes"
    assert told.seen == (
        "0 new processes hold their connections; held by parent (pid 10), there before they came"
    )
    assert told.marks == {(10, 4): "connection of client-1", (10, 5): "connection of client-2"}


def test_one_child_for_two_clients_is_one_too_few() -> None:
    shared = picture(PARENT, process(11, fds={4: ONE, 5: TWO}))

    told = failure(descriptors.a_child_each, shared, PORT, CLIENTS, BEFORE, NAMES)

    assert told.seen == "1 new process holds their connections"


def test_who_serves_a_client_is_the_youngest_that_holds_it() -> None:
    parent = picture(PARENT).processes[0]
    copies = picture(
        process(10, fds={3: LISTENER, 4: ONE}), process(11, fds={4: ONE}), process(12, fds={4: ONE})
    )

    assert descriptors.server_of(copies, PORT, 50001, "client-1", parent, NAMES).pid == 12
    alone = picture(process(10, fds={3: LISTENER, 4: ONE}))
    told = failure(descriptors.server_of, alone, PORT, 50001, "client-1", parent, NAMES)
    assert told.seen == "no process but parent (pid 10) holds its connection"
    assert told.marks == {(10, 4): "connection of client-1"}
    in_flight = picture(PARENT, ONE)
    told = failure(descriptors.server_of, in_flight, PORT, 50001, "client-1", parent, NAMES)
    assert told.seen == "no process holds its connection"


def test_the_parent_holds_no_connection() -> None:
    descriptors.holds_none(RIGHT, key(10), SEATS, NAMES, "parent")


def test_a_parent_that_keeps_connections_is_told_by_inode() -> None:
    keeps = picture(process(10, fds={3: LISTENER, 7: TWO}), process(12, fds={4: TWO}))

    told = failure(descriptors.holds_none, keeps, key(10), SEATS, NAMES, "parent")

    assert told.seen == "parent (pid 10) holds 1 of 2, as descriptor 7"
    assert told.marks == {(10, 7): "connection of client-2, not closed"}


@pytest.mark.parametrize("taken", [picture(), picture(zombie(10))])
def test_a_parent_that_has_ended_holds_nothing_and_fails(taken: Snapshot) -> None:
    told = failure(descriptors.holds_none, taken, key(10), SEATS, NAMES, "parent")

    assert told.seen == "parent (pid 10) has ended"


def test_children_do_not_hold_the_listener() -> None:
    children = [key(11), key(12)]

    descriptors.holds_no_listener(RIGHT, children, PORT, NAMES, "child")
    keeps = picture(PARENT, process(11, fds={3: LISTENER, 4: ONE}), process(12, fds={4: TWO}))
    told = failure(descriptors.holds_no_listener, keeps, children, PORT, NAMES, "child")
    assert told.seen == "1 of 2 hold it: child-1 (pid 11)"
    assert told.marks == {(11, 3): "the listening socket, not closed"}


def test_one_of_several_listeners_is_a_listener_too() -> None:
    second = listener(501, address="::")
    keeps = picture(process(10, fds={3: LISTENER, 4: second}), process(11, fds={4: second}))

    told = failure(descriptors.holds_no_listener, keeps, [key(11)], PORT, NAMES, "child")

    assert told.marks == {(11, 4): "the listening socket, not closed"}


def test_no_child_no_listener_no_proof() -> None:
    ended = picture(PARENT, zombie(11))
    deaf = picture(process(10), process(11, fds={4: ONE}))

    for keys in ([], [key(11)], [key(99)]):
        told = failure(descriptors.holds_no_listener, ended, keys, PORT, NAMES, "child")
        assert told.seen == "there is none"
    told = failure(descriptors.holds_no_listener, deaf, [key(11)], PORT, NAMES, "child")
    assert told.seen == "nobody listens any more"


def test_each_child_holds_one_connection() -> None:
    descriptors.at_most_one_each(RIGHT, SEATS, BEFORE, NAMES)


def test_a_child_that_inherits_an_earlier_client_holds_two() -> None:
    inherits = picture(PARENT, process(11, fds={4: ONE}), process(12, fds={4: ONE, 5: TWO}))

    told = failure(descriptors.at_most_one_each, inherits, SEATS, BEFORE, NAMES)

    assert told.seen == "child-2 (pid 12) holds 2: client-1, client-2"
    assert set(told.marks) == {(12, 4), (12, 5)}


def test_no_child_that_holds_anything_is_a_failure() -> None:
    in_flight = picture(PARENT, process(11), ONE, TWO)

    told = failure(descriptors.at_most_one_each, in_flight, SEATS, BEFORE, NAMES)

    assert told.seen == "no child holds a connection"


def test_a_client_that_has_left_is_held_by_nobody() -> None:
    descriptors.let_go(RIGHT, 603, NAMES)
    left = connection(50001, 601, state="CLOSE_WAIT")

    told = failure(
        descriptors.let_go, picture(PARENT, process(11, fds={4: left, 9: left})), 601, NAMES
    )

    assert told.seen == "child-1 (pid 11) still holds it"
    assert set(told.marks) == {(11, 4), (11, 9)}


def test_as_many_descriptors_as_before_or_fewer_is_no_leak() -> None:
    before = {key(10): 3, key(11): 9, key(12): 1}
    after = picture(process(10, fds={0: LISTENER, 1: LISTENER, 3: LISTENER}), process(11))

    descriptors.holds_as_before(after, before, 3, NAMES)
    descriptors.holds_as_before(after, before, None, NAMES)


def test_one_descriptor_more_is_a_leak() -> None:
    after = picture(process(10, fds={3: LISTENER, 4: ONE, 5: TWO}), process(11, fds={4: ONE}))

    told = failure(descriptors.holds_as_before, after, {key(10): 1, key(11): 0}, 2, NAMES)

    assert told.seen == "parent (pid 10) had 1 and has 3: 2 more"
    assert told.marks == {10: "2 descriptors more than before"}


def test_one_process_more_is_a_leak_but_a_zombie_is_none() -> None:
    before = {key(10): 1}

    descriptors.holds_as_before(picture(PARENT, zombie(11)), before, 1, NAMES)
    told = failure(descriptors.holds_as_before, picture(PARENT, process(11)), before, 1, NAMES)
    assert told.seen == "2 are alive; new: child-1 (pid 11)"
    assert told.marks == {11: "was not there before"}


@pytest.mark.parametrize("before", [{}, {key(10): 1}])
def test_nobody_of_before_is_left_to_compare(before: dict[Key, int]) -> None:
    told = failure(descriptors.holds_as_before, picture(process(11)), before, None, NAMES)

    assert told.seen == "none of them is"


def test_blocked_is_to_sleep_in_the_call() -> None:
    writes = process(11, call=("write", 4))

    assert descriptors.blocked_in(picture(PARENT, writes), WRITES).pid == 11
    reads = process(11, call=("read", 4))
    runs = process(12, state="R")
    told = failure(descriptors.blocked_in, picture(PARENT, reads, runs), {"write"})
    assert told.expected == "a process sleeps in write"
