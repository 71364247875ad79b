"""The log of a run: clocks, clients, names, order, the file and its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from forklab.errors import UsageError
from forklab.events import lines, log
from forklab.events.client_side import NOBODY_YET, seen_by
from forklab.events.clock import Clock
from forklab.events.event import KINDS, SENSORS, Change, Event, PeerAt
from forklab.events.lines import Recorded
from forklab.events.log import Log
from forklab.events.normal import normal
from forklab.events.schema import faults, schema
from forklab.facts import ClientState
from tests.event_samples import EVENTS, HEADER, any_events, client, harness, told
from tests.pictures import key, state

# clocks


def test_a_clock_that_can_be_ours_is_ours() -> None:
    clock = Clock()
    assert clock.ahead_s == 0.0
    clock.learn(10.0, 10.5, 10.2)
    clock.learn(11.0, 11.1, 11.0)
    assert clock.ahead_s == 0.0


def test_the_clock_of_another_machine_is_told_within_the_shortest_answer() -> None:
    clock = Clock()
    clock.learn(1010.0, 1010.5, 10.2)
    assert 999.8 <= clock.ahead_s <= 1000.3
    clock.learn(1020.00, 1020.02, 20.01)
    assert clock.ahead_s == pytest.approx(1000.0, abs=0.011)


# clients


def kinds(was: ClientState, now: ClientState, **more: Any) -> list[tuple[str, dict[str, Any]]]:
    """What a client saw between two of its states."""
    return [(c.kind, dict(c.facts)) for c in seen_by("client-1", was, now, (1.0, 2.0), **more)]


def test_a_client_connects_sends_and_receives_between_question_and_answer() -> None:
    found = seen_by("client-1", NOBODY_YET, state(), (1.0, 2.0))

    assert [(c.kind, c.t, c.after, c.before, c.known) for c in found] == [
        (kind, 1.0, 1.0, 2.0, "client") for kind in ("connect", "send", "receive")
    ]


def test_only_what_is_new_has_happened_to_a_client() -> None:
    assert kinds(state(), state()) == []
    assert kinds(state(), state(given=8, received=10)) == [
        ("send", {"bytes": 2}), ("receive", {"bytes": 4}),
    ]  # fmt: skip


def test_how_a_connection_ends_is_told_once() -> None:
    over = state(eof=True)
    assert kinds(state(), over) == [("end-of-file", {})]
    assert kinds(over, over) == []
    assert kinds(state(), state(error="ECONNRESET")) == [("reset", {"error": "ECONNRESET"})]
    refused = state(connected=False, given=0, received=0, error="ECONNREFUSED")
    assert kinds(NOBODY_YET, refused) == [("refused", {"error": "ECONNREFUSED"})]


def test_a_half_close_comes_behind_the_last_byte() -> None:
    assert kinds(state(), state(), half_close=True) == [("half-close", {})]
    stuck = state()._replace(given=9)
    assert kinds(state(), stuck, half_close=True) == []
    assert kinds(state(), state(error="EPIPE"), half_close=True)[0][0] != "half-close"


# the log


def change(t: float, kind: str, who: Any = "harness", to: Any = "", **facts: Any) -> Change:
    """Something that happened at *t*."""
    return Change(t, kind, who, "agent", to=to, facts=facts)


def test_names_that_are_given_later_are_told() -> None:
    names: dict[tuple[int, int], str] = {}
    found = Log()
    found.begin(change(0.0, "check-begins"), "echoes")
    found.begin_start(names)
    found.add(
        [change(1.0, "fork", key(10), key(11)), change(2.0, "accept", key(10), PeerAt(7, "x"))]
    )
    names[key(10)] = "parent"
    found.name_peer(7, "client-1")

    told = found.events()

    assert [(e.who, e.to, e.pid, e.to_pid) for e in told[1:]] == [
        ("parent", "unseen-1", 10, 11), ("parent", "client-1", 10, 0),
    ]  # fmt: skip
    assert {(e.check, e.start) for e in told[1:]} == {("echoes", 1)}


def test_a_client_that_nobody_names_is_one_of_many() -> None:
    found = Log()
    found.begin_start({})
    found.add([change(1.0, "accept", key(10), PeerAt(7, "a client"))])

    assert found.events()[0].to == "a client"


def test_the_same_pid_in_two_starts_is_two_processes() -> None:
    found = Log()
    for name in ("parent", "child-1"):
        found.begin_start({key(10): name})
        found.add([change(1.0, "exit", key(10))])

    assert [(e.start, e.who) for e in found.events()] == [(1, "parent"), (2, "child-1")]


def test_what_is_done_before_a_check_starts_the_program_is_of_no_start() -> None:
    found = Log()
    found.begin_start({})
    found.begin(change(1.0, "check-begins"), "echoes")
    found.add([change(2.0, "step", text="the disk is filled")])
    found.begin_start({})
    found.add([change(3.0, "exec", key(10)), change(4.0, "check-ends")])

    assert [(e.kind, e.start) for e in found.events()] == [
        ("check-begins", 0), ("step", 0), ("exec", 2), ("check-ends", 0),
    ]  # fmt: skip


def test_how_a_process_ended_is_known_when_it_is_reaped() -> None:
    found = Log()
    found.begin_start({})
    found.add([change(1.0, "exit", key(11)), change(2.0, "reap", "agent", key(11), status=3)])

    assert [e.facts for e in found.events()] == [{"status": 3}, {"status": 3}]


def test_events_leave_in_the_order_of_time_and_then_of_their_kind() -> None:
    found = Log()
    found.begin_start({})
    late = [change(2.0, kind) for kind in ("reap", "exit", "fork", "connect")]
    found.add([*late, change(1.0, "listen"), change(1.0, "exec")])

    kinds = [event.kind for event in found.events()]
    assert kinds == ["exec", "listen", "connect", "fork", "exit", "reap"]


def test_what_never_ends_is_cut_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "MOST", 3)
    found = Log()
    for check in ("one", "two"):
        found.begin(change(0.0, "check-begins"), check)
        found.add(change(1.0, "open") for _ in range(5))
        found.add([change(2.0, "check-ends")])

    told = found.events()

    assert [e.kind for e in told if e.check == "one"].count("open") == 2
    left_out = [e for e in told if e.kind == "left-out"]
    assert [(e.check, e.facts["count"]) for e in left_out] == [("one", 3), ("two", 3)]
    assert [e.kind for e in told].count("check-ends") == 2


# the file and its schema


def text() -> list[str]:
    """The sample as lines."""
    return list(lines.write({k: v for k, v in HEADER.items() if k != "schema"}, EVENTS))


def test_a_log_is_as_its_schema_demands_and_is_read_as_it_was() -> None:
    assert list(faults(text())) == []
    assert lines.read(text()) == Recorded(HEADER, EVENTS)


@given(any_events())
def test_whatever_happened_is_read_as_it_was_written(recorded: Recorded) -> None:
    written = list(lines.write({}, recorded.events))
    again = lines.read(written).events

    assert list(lines.write({}, again)) == written
    assert all(line.isascii() and line.isprintable() for line in written)


def test_the_schema_is_one_and_knows_every_kind_and_sensor() -> None:
    Draft202012Validator.check_schema(schema())
    event = schema()["$defs"]["event"]["properties"]
    assert sorted(event["kind"]["enum"]) == sorted(KINDS)
    assert sorted(event["known"]["enum"]) == sorted(SENSORS)
    assert set(event) >= lines.OWN


def test_every_line_is_valid_by_the_schema_alone() -> None:
    validator = Draft202012Validator(schema())
    for line in text():
        validator.validate(json.loads(line))


@pytest.mark.parametrize(
    ("number", "change", "fault"),
    [
        (1, {"schema": "forklab-events/2"}, "line 1: schema: 'forklab-events/1' was expected"),
        (2, {"kind": "think"}, "line 2: kind: 'think' is not one of"),
        (3, {"who": ""}, "line 3: who: '' should be non-empty"),
        (4, {"before": None}, "line 4: before: None is not of type 'number'"),
        (4, {"after": 0.1}, "line 4: t does not lie between after and before"),
        (5, {"id": 7}, "line 5: its id is 7, and it is event 4"),
        (5, {"t": 0.001, "after": 0.0}, "line 5: t goes back, from 0.005 to 0.001"),
        (9, {"fd": "4"}, "line 9: fd: '4' is not of type 'integer'"),
    ],
)
def test_what_is_wrong_in_a_log_is_said(number: int, change: dict[str, Any], fault: str) -> None:
    wrong = text()
    wrong[number - 1] = json.dumps({**json.loads(wrong[number - 1]), **change})

    found = list(faults(wrong))

    assert len(found) == 1
    assert found[0].startswith(fault)


def test_what_is_no_log_is_said() -> None:
    assert list(faults([])) == ["it is empty, and has no header"]
    assert next(iter(faults(["{"]))).startswith("line 1: no JSON")
    for wrong in ([], ["{}"], ["[]"], ["{"], [text()[0], '{"t": "now"}'], ['{"schema": "x"}']):
        with pytest.raises(UsageError, match=r"line|empty"):
            lines.read(wrong)


# two runs of one program


def test_what_a_look_may_have_missed_is_left_out() -> None:
    by_agent = told(0.9, "reap", "agent", "worker-2", status=0)
    alone = [
        told(1.0 + n / 10, kind, "dispatcher")._replace(start=2, known=known)
        for n, (kind, known) in enumerate(
            [("exec", "agent"), ("listen", "snapshot"), ("exit", "agent")]
        )
    ]

    assert normal([*EVENTS, by_agent]) == normal(EVENTS)
    signal = harness(0.9, "signal", to="unseen-1", signal="SIGTERM")
    assert normal([*EVENTS, signal]) == normal(EVENTS)
    assert normal([*EVENTS, *alone]) == normal([*EVENTS, *alone[:1]]) == normal(EVENTS)
    assert normal([*EVENTS, *alone[:2]]) != normal(EVENTS)  # it goes on


def test_of_a_crowd_it_is_chance_how_many_children_were_seen() -> None:
    def crowd(size: int, seen: int) -> list[Event]:
        comes = [client(n, "connect")._replace(who=f"client-{n}") for n in range(size)]
        return comes + [
            told(n + 0.5, kind, *names)
            for n in range(seen)
            for kind, *names in (
                ("fork", "parent", f"child-{n}"), ("exit", f"child-{n}"),
                ("reap", "parent", f"child-{n}"),
            )
        ]  # fmt: skip

    assert normal(crowd(30, 29)) == normal(crowd(30, 7))
    assert normal(crowd(0, 29)) == normal(crowd(0, 22))
    assert normal(crowd(16, 16)) != normal(crowd(16, 15))


def test_the_last_answer_to_a_client_that_stays_may_come_too_late() -> None:
    talk = [client(n, kind, bytes=9) for n, kind in enumerate(("connect", "send", "receive"))]

    assert normal(talk) == normal(talk[:2])
    end = client(3, "end-of-file")
    assert normal([*talk, end]) != normal([*talk[:2], end])


def changed(events: list[Event], **more: Any) -> list[Event]:
    """Another run of the same: later, with other pids and another port."""
    return [
        event._replace(
            t=event.t * 3 + 1,
            after=None if event.after is None else event.after * 3,
            before=None if event.before is None else event.before * 3 + 1,
            pid=event.pid + 1000 if event.pid else 0,
            facts={**event.facts, **({"port": 4711} if event.kind == "listen" else {}), **more},
        )
        for event in events
    ]


def test_two_runs_differ_in_times_pids_and_ports_alone() -> None:
    assert normal(EVENTS) == normal(changed(EVENTS)) != normal([])


def test_which_of_several_workers_it_was_is_chance() -> None:
    other = {"worker-1": "worker-2", "worker-2": "worker-1"}
    swapped = [e._replace(who=other.get(e.who, e.who), to=other.get(e.to, e.to)) for e in EVENTS]

    assert normal(swapped) == normal(EVENTS)


def test_the_order_in_which_looks_showed_it_is_chance() -> None:
    fork = next(e for e in EVENTS if e.to == "worker-2")
    later = [e for e in EVENTS if e is not fork] + [fork]

    assert normal(later) == normal(EVENTS)


@pytest.mark.parametrize("kind", ["fork", "accept", "pass", "exit", "reap", "receive", "signal"])
def test_what_did_not_happen_in_the_other_run_is_a_difference(kind: str) -> None:
    missing = next(e for e in EVENTS if e.kind == kind)

    assert normal([e for e in EVENTS if e is not missing]) != normal(EVENTS)


def test_who_came_and_left_between_two_looks_is_seen_by_chance() -> None:
    visit = [e._replace(after=0.020, t=0.020) if e.who == "client-1" else e for e in EVENTS]
    seen = normal(visit)
    unseen = normal(e for e in visit if e.kind not in ("accept", "pass"))

    assert seen == unseen
    assert normal(EVENTS) != normal(e for e in EVENTS if e.kind not in ("accept", "pass"))
    short = EVENTS[0]._replace(kind="reap", who="somebody", to="unseen-1", known="agent")
    assert normal([*EVENTS, short]) == normal(EVENTS)


def test_how_often_a_client_spoke_is_chance_but_not_whether_all_came_back() -> None:
    at = [number for number, event in enumerate(EVENTS) if event.kind in ("send", "receive")]
    turn = [EVENTS[number] for number in at]
    again = [*EVENTS[: at[0]], *turn, *turn, *turn, *EVENTS[at[-1] + 1 :]]
    assert normal(again) == normal(EVENTS)

    less = [e._replace(facts={"bytes": 14}) if e.kind == "receive" else e for e in EVENTS]
    assert normal(less) != normal(EVENTS)


def test_another_end_and_another_order_of_a_client_are_differences() -> None:
    other_end = [e._replace(facts={"status": 0}) if e.kind == "reap" else e for e in EVENTS]
    assert normal(other_end) != normal(EVENTS)
    swapped = list(EVENTS)
    first, second = (
        next(i for i, e in enumerate(EVENTS) if e.kind == k) for k in ("send", "receive")
    )
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert normal(swapped) != normal(EVENTS)
