"""What happened between two literal snapshots."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from forklab.events.differences import differences, nothing_yet
from forklab.events.event import SOMEBODY, Change, PeerAt
from forklab.events.log import Log
from forklab.events.start import Start
from forklab.facts import Snapshot
from tests.pictures import (
    NOW,
    PORT,
    File,
    Row,
    connection,
    key,
    listener,
    pair,
    picture,
    pipe,
    process,
    reaped,
    zombie,
)

LISTENER = listener(500)
CLIENT = 50001
ONE = connection(CLIENT, 601)
THEN = {"time": NOW - 1}


def start(**more: Any) -> Start:
    """Process 10 was started at 98; client 50001 asked for its connection at 99.5."""
    told: dict[str, Any] = {"serves": True, "ends_are_told": True, "asked": {CLIENT: NOW - 0.5}}
    return Start(key=key(10), port=PORT, began=NOW - 2, **{**told, **more})


def between(before: Snapshot, after: Snapshot, **more: Any) -> list[Change]:
    """Return the changes in the order of their likely times."""
    return sorted(differences(before, after, start(**more)), key=lambda change: change.t)


def told(changes: list[Change]) -> list[tuple[Any, ...]]:
    """Who did what to whom."""
    return [(c.kind, pid(c.who), pid(c.to)) if c.to else (c.kind, pid(c.who)) for c in changes]


def pid(who: Any) -> Any:
    """A process by its pid alone, a client by its port."""
    return who if isinstance(who, str) else who[0]


def test_nothing_happened_between_two_equal_looks() -> None:
    rows = process(10, fds={3: LISTENER}), process(11, parent=10, fds={4: ONE}), zombie(12)

    assert between(picture(*rows, **THEN), picture(*rows)) == []


def test_a_process_that_runs_on_has_done_nothing() -> None:
    before = picture(process(10, fds={3: LISTENER}, call=("poll", 0)), **THEN)
    after = picture(process(10, fds={3: LISTENER}, call=("accept", 3)))

    assert between(before, after) == []


def test_what_is_there_at_the_first_look_came_since_the_start() -> None:
    after = picture(process(10, fds={3: LISTENER}), process(11, parent=10))

    found = between(nothing_yet(NOW - 2), after)

    assert sorted(told(found)) == [("fork", 10, 11), ("listen", 10)]
    assert {(c.after, c.before, c.known) for c in found} == {(NOW - 2, NOW, "snapshot")}
    assert next(c.facts for c in found if c.kind == "listen") == {"port": PORT}


def test_a_child_that_closes_the_listener_and_a_parent_that_closes_the_connection() -> None:
    before = picture(process(10, fds={3: LISTENER}), **THEN)
    after = picture(process(10, fds={3: LISTENER}), process(11, parent=10, fds={4: ONE}))

    found = between(before, after)

    assert sorted(told(found)) == [
        ("accept", 10, CLIENT), ("close", 10), ("close", 11), ("fork", 10, 11),
    ]  # fmt: skip
    closes = {pid(c.who): (c.facts["what"], c.of) for c in found if c.kind == "close"}
    assert closes == {10: ("connection", PeerAt(CLIENT, "a client")), 11: ("listener", "")}


def test_nothing_happens_to_a_connection_before_its_client_asked() -> None:
    before = picture(process(10, fds={3: LISTENER}), **THEN)
    after = picture(process(10, fds={3: LISTENER}), process(11, parent=10, fds={4: ONE}))

    found = {(c.kind, pid(c.who)): c for c in between(before, after)}

    assert found["accept", 10].after == NOW - 0.5
    assert found["fork", 10].after == NOW - 1  # it may have been forked in advance
    assert found["fork", 10].t == NOW - 0.5  # as a rule it was not


def test_who_accepted_is_not_certain_while_a_child_listens_too() -> None:
    before = picture(process(10, fds={3: LISTENER}), **THEN)
    child = process(11, parent=10, fds={3: LISTENER, 4: ONE})
    after = picture(process(10, fds={3: LISTENER}), child)

    accept = next(c for c in between(before, after) if c.kind == "accept")

    assert pid(accept.who) == 10
    assert accept.facts["sure"] is False


def test_a_worker_that_listens_itself_has_accepted() -> None:
    workers = process(11, parent=10, fds={3: LISTENER}), process(12, parent=10, fds={3: LISTENER})
    before = picture(process(10, fds={3: LISTENER}), *workers, **THEN)
    busy = process(12, parent=10, fds={3: LISTENER, 4: ONE})
    after = picture(process(10, fds={3: LISTENER}), workers[0], busy)

    found = between(before, after)

    assert told(found) == [("accept", 12, CLIENT)]
    assert found[0].facts == {"fd": 4}


def test_a_program_with_thousands_of_connections_is_compared_in_a_moment() -> None:
    pids, each = range(10, 31), 500
    before = picture(*(process(pid, parent=9, fds={3: LISTENER}) for pid in pids), **THEN)
    ends = {
        pid: {
            4 + n: connection(20_000 + 501 * pid + n, 10_000 + 501 * pid + n) for n in range(each)
        }
        for pid in pids
    }
    after = picture(*(process(pid, parent=9, fds={3: LISTENER} | ends[pid]) for pid in pids))

    began = time.monotonic()
    found = between(before, after)

    assert [change.kind for change in found] == ["accept"] * len(pids) * each
    assert time.monotonic() - began < 20  # a second or less; it was a minute and more


def test_a_connection_in_a_worker_that_cannot_accept_was_passed() -> None:
    ours, theirs = pair(700)
    before = picture(
        process(10, fds={3: LISTENER, 5: ours}), process(11, parent=10, fds={0: theirs}), **THEN
    )
    worker = process(11, parent=10, fds={0: theirs, 6: ONE})
    after = picture(process(10, fds={3: LISTENER, 5: ours}), worker)

    found = between(before, after)

    assert sorted(told(found)) == [("accept", 10, CLIENT), ("close", 10), ("pass", 10, 11)]
    passed = next(c for c in found if c.kind == "pass")
    assert passed.facts == {"what": "connection", "fd": 6}
    assert passed.of == PeerAt(CLIENT, "a client")


def test_a_connection_that_the_dispatcher_had_is_passed_later() -> None:
    before = picture(process(10, fds={3: LISTENER, 4: ONE}), process(11, parent=10), **THEN)
    after = picture(process(10, fds={3: LISTENER, 4: ONE}), process(11, parent=10, fds={3: ONE}))

    assert told(between(before, after)) == [("pass", 10, 11)]


def test_what_a_child_has_from_its_parent_was_not_passed() -> None:
    before = picture(process(10, fds={3: LISTENER, 4: ONE}), **THEN)
    after = picture(
        process(10, fds={3: LISTENER, 4: ONE}),
        process(11, parent=10, fds={3: LISTENER, 4: ONE}),
    )

    assert told(between(before, after)) == [("fork", 10, 11)]


def test_a_connection_that_nobody_of_the_program_could_accept_was_the_harness_s() -> None:
    before = picture(process(10), **THEN)
    after = picture(process(10, fds={3: ONE}))

    assert between(before, after, serves=False) == []


def test_a_client_connects_to_the_harness() -> None:
    theirs = connection(PORT, 601, port=40000)
    before = picture(process(10), **THEN)
    after = picture(process(10, fds={3: theirs}))

    found = between(before, after, serves=False)

    assert told(found) == [("connect", 10, 40000)]
    assert found[0].to == PeerAt(40000, "the server")


def test_what_a_client_closes_is_its_connection_to_the_server() -> None:
    theirs = connection(PORT, 601, port=40000)
    before = picture(process(10, fds={3: theirs}), **THEN)

    (closed,) = between(before, picture(process(10)), serves=False)

    assert (closed.kind, closed.of) == ("close", PeerAt(40000, "the server"))


def test_what_a_child_inherits_was_opened_before_its_fork() -> None:
    reader, writer = pipe(700)
    before = picture(process(10, fds={3: LISTENER}), **THEN)
    after = picture(
        process(10, fds={3: LISTENER, 4: reader, 5: writer, 6: File("/log")}),
        process(11, parent=10, fds={3: LISTENER, 5: writer}),
    )
    log = Log()
    log.begin_start({key(10): "parent", key(11): "child-1"})
    log.add(between(before, after))

    told_in_order = [(e.kind, e.facts.get("fd"), e.facts.get("inherited")) for e in log.events()]
    assert told_in_order == [
        ("open", 4, True), ("open", 5, True), ("fork", None, None), ("open", 6, None),
    ]  # fmt: skip


def test_a_descriptor_may_be_there_before_its_socket_listens_or_is_connected() -> None:
    closed = {3: File("socket:[500]")}
    bound = picture(process(10, fds=closed), **THEN)
    assert told(between(bound, picture(process(10, fds={3: LISTENER})))) == [("listen", 10)]
    theirs = connection(PORT, 500, port=40000)
    connected = picture(process(10, fds={3: theirs}))
    assert told(between(bound, connected, serves=False)) == [("connect", 10, 40000)]


def test_descriptors_that_come_and_go() -> None:
    read, write = pipe(800)
    before = picture(process(10, fds={3: LISTENER, 4: read}), **THEN)
    after = picture(process(10, fds={3: LISTENER, 5: write}))

    found = between(before, after)

    assert [(c.kind, c.facts) for c in found] == [
        ("close", {"what": "pipe", "fd": 4, "inode": 800}),
        ("open", {"what": "pipe", "fd": 5, "inode": 800}),
    ]


def test_flags_that_were_asked_for_are_no_difference() -> None:
    before = picture(process(10, fds={3: LISTENER}), **THEN)
    flagged = process(10, fds={3: LISTENER})
    flagged.value["fds"][0][3] = 2

    assert between(before, picture(flagged)) == []


def executed(row: Row, code: int) -> Row:
    """The same process with other code."""
    row.value.update(start_code=code, start_stack=code + 1)
    return row


def test_a_process_with_other_code_has_executed() -> None:
    before = picture(process(10), process(11, parent=10), **THEN)
    after = picture(process(10), executed(process(11, parent=10, args=("./worker",)), 70))

    found = between(before, after)

    assert told(found) == [("exec", 11)]
    assert found[0].facts == {"argv": ["./worker"]}


def test_a_new_child_with_other_code_has_executed_too() -> None:
    after = picture(process(10), executed(process(11, parent=10), 70))

    assert sorted(told(between(picture(process(10), **THEN), after))) == [
        ("exec", 11), ("fork", 10, 11),
    ]  # fmt: skip


def test_a_process_that_is_seen_while_it_executes_has_executed_when_it_is_done() -> None:
    before = picture(process(10), **THEN)
    within = picture(process(10), executed(process(11, parent=10), 0))
    after = picture(process(10), executed(process(11, parent=10), 70), time=NOW + 1)

    assert told(between(before, within)) == [("fork", 10, 11)]
    assert told(between(within, after)) == [("exec", 11)]


def test_a_zombie_has_no_code_to_compare() -> None:
    before = picture(process(10), process(11, parent=10), **THEN)
    after = picture(process(10), executed(zombie(11), 70))

    assert told(between(before, after)) == [("exit", 11)]


def test_the_end_of_a_child_is_told_by_the_kernel() -> None:
    before = picture(process(10), process(11, parent=10), **THEN)
    after = picture(process(10), reaped(11, status=256 * 3, since=0.25))

    found = between(before, after)

    assert told(found) == [("exit", 11), ("reap", 10, 11)]
    assert {(c.t, c.before, c.known) for c in found} == {(NOW - 0.25, None, "agent")}
    assert {c.facts["status"] for c in found} == {3}


def test_a_zombie_that_is_reaped_later_has_ended_once() -> None:
    first = picture(process(10), process(11, parent=10), time=NOW - 2)
    then = picture(process(10), zombie(11, since=1.5), **THEN)
    last = picture(process(10), reaped(11, status=9, since=1.5))

    assert told(between(first, then)) == [("exit", 11)]
    found = between(then, last)
    assert told(found) == [("reap", 10, 11)]
    assert found[0].facts == {"signal": "SIGKILL"}


def test_what_is_reaped_is_reaped_once_though_its_status_comes_later() -> None:
    before = picture(process(10), reaped(11, status=None), **THEN)

    assert between(before, picture(process(10), reaped(11, status=0))) == []


def test_where_the_kernel_does_not_tell_a_reaping_lies_between_two_looks() -> None:
    before = picture(process(10), zombie(11, since=1.5), **THEN)
    gone = reaped(11)._replace(end=[*key(11), NOW - 1.5, NOW, False, False, None])
    after = picture(process(10), gone)

    found = between(before, after, ends_are_told=False)

    assert told(found) == [("reap", 10, 11)]
    assert (found[0].after, found[0].before, found[0].known) == (NOW - 1, NOW, "snapshot")


def test_a_zombie_of_which_no_pidfd_tells_is_seen_by_a_look() -> None:
    row = zombie(11)._replace(end=None)

    found = between(picture(process(10), process(11, parent=10), **THEN), picture(process(10), row))

    assert [(c.kind, c.known, c.after) for c in found] == [("exit", "snapshot", NOW - 1)]


def test_an_orphan_has_another_parent() -> None:
    before = picture(process(10), process(11, parent=10), **THEN)
    after = picture(process(11, parent=1), reaped(10, started=True, by_agent=True, since=0.5))

    found = between(before, after)

    assert ("orphaned", 11) in told(found)
    assert ("reap", "agent", 10) in told(found)
    assert ("orphaned", 10) not in told(found)


def test_what_the_agent_reaps_and_did_not_start_was_an_orphan() -> None:
    before = picture(process(10), process(11, parent=10), **THEN)
    after = picture(process(10), reaped(11, by_agent=True))

    assert sorted(told(between(before, after))) == [
        ("exit", 11), ("orphaned", 11), ("reap", "agent", 11),
    ]  # fmt: skip


def test_an_orphan_is_one_once() -> None:
    before = picture(process(11, parent=1), **THEN)
    after = picture(reaped(11, by_agent=True))

    assert told(between(before, after)) == [("exit", 11), ("reap", "agent", 11)]


def test_a_process_whose_parent_nobody_saw_was_forked_by_somebody() -> None:
    found = between(picture(process(10), **THEN), picture(process(10), process(12, parent=1)))

    assert told(found) == [("fork", SOMEBODY, 12)]


def test_a_child_was_forked_before_it_ended() -> None:
    after = picture(process(10), zombie(11, since=0.4))

    found = {c.kind: c for c in between(picture(process(10), **THEN), after)}

    assert found["fork"].before == found["exit"].t == NOW - 0.4


def test_a_stop_is_seen_after_the_signal_that_the_harness_sent() -> None:
    before = picture(process(10), **THEN)
    after = picture(process(10, state="T"))

    found = between(before, after, signalled=NOW - 0.25)
    again = between(after, picture(process(10), time=NOW + 1))

    assert [(c.kind, c.after, c.t) for c in found] == [("stopped", NOW - 1, NOW - 0.25)]
    assert told(again) == [("continued", 10)]


def test_our_clock_and_the_agent_s_are_told_apart() -> None:
    before = picture(process(10, fds={3: LISTENER}), **THEN)
    after = picture(process(10, fds={3: LISTENER, 4: ONE}))

    found = between(before, after, asked={CLIENT: NOW - 0.5 - 70}, ahead_s=-70.0)

    assert found[0].after == NOW - 0.5
    assert found[0].moved(-70.0).before == NOW - 70


def rows() -> st.SearchStrategy[list[Row]]:
    """Any processes that hold anything, in any state."""
    sockets = st.sampled_from(
        [LISTENER, ONE, connection(50002, 602), connection(PORT, 603, port=9)]
    )
    held = st.dictionaries(st.integers(0, 5), sockets | st.sampled_from(pipe(800)), max_size=4)
    pids = st.integers(10, 14)
    live = st.builds(
        lambda pid, parent, fds, state: process(pid, parent=parent, fds=fds, state=state),
        pids, st.sampled_from([1, 10, 11]), held, st.sampled_from("SRTtD"),
    )  # fmt: skip
    dead = st.builds(zombie, pids) | st.builds(reaped, pids, by_agent=st.booleans())
    return st.lists(live | dead, max_size=5, unique_by=_pid_of)


def _pid_of(row: Row) -> int:
    return int(row.end[0] if row.end else row.value["pid"])


@given(rows(), rows(), st.booleans(), st.booleans())
def test_whatever_is_seen_lies_between_two_looks(
    old: list[Row], new: list[Row], serves: bool, ends_are_told: bool
) -> None:
    before, after = picture(*old, **THEN), picture(*new)

    for change in between(before, after, serves=serves, ends_are_told=ends_are_told):
        if change.known == "snapshot":
            assert change.after is not None
            assert change.before is not None
            assert change.after <= change.t <= change.before <= NOW
