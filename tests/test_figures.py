"""The figures as plain data: lanes, bars, marks and folds; who shares what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given

from forklab.events.event import KINDS, Event
from forklab.events.lines import Recorded
from forklab.figures.scene import NOT_DRAWN, Scene, most_telling, scenes
from forklab.figures.sharing import MOST_COLUMNS, MOST_ROWS, Sharing, most_open, sharing
from forklab.figures.timeline import (
    HARD_MOST,
    LETTERS,
    MOST_LANES,
    UNFOLDED,
    Bar,
    Timeline,
    timeline,
)
from forklab.results.evidence import DescriptorRow, Evidence, ProcessRow
from tests import report_samples
from tests.event_samples import EVENTS, any_events, harness, looked, told
from tests.run_samples import burst


def drawn(events: Iterable[Event]) -> Timeline:
    """Return the timeline of the one check in *events*."""
    (scene,) = scenes(events).values()
    return timeline(scene)


def without(*kinds: str) -> list[Event]:
    """Return the sample without events of *kinds*."""
    return [event for event in EVENTS if event.kind not in kinds]


def bars(figure: Timeline, name: str) -> dict[str, Bar]:
    """Return the bars of the lane *name* by their kinds."""
    (lane,) = (lane for lane in figure.lanes if lane.name == name)
    return {bar.kind: bar for bar in figure.bars if bar.y == lane.y}


def place(figure: Timeline, kind: str) -> int:
    """Return where the first event of that *kind* is."""
    return next(mark.x for mark in figure.marks if mark.event.kind == kind)


# the timeline


def test_every_kind_is_drawn_with_a_letter_of_its_own_or_not_at_all() -> None:
    assert set(LETTERS) == set(KINDS) - NOT_DRAWN
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_lanes_are_clients_and_then_processes_in_the_order_of_their_forks() -> None:
    typed = harness(0.003, "step", text="type 'q'")

    lanes = drawn([*EVENTS[:1], typed, *EVENTS[1:]]).lanes

    assert [lane.name for lane in lanes] == [
        "harness", "client-1", "dispatcher", "worker-1", "worker-2",
    ]  # fmt: skip
    assert [lane.pid for lane in lanes] == [0, 0, 10, 11, 12]
    assert [lane.kind for lane in lanes[:3]] == ["harness", "client", "process"]
    assert next(lane.name for lane in drawn(EVENTS).lanes) == "client-1"


def test_that_the_agent_reaps_the_first_process_is_not_drawn() -> None:
    root = told(0.055, "exit", "dispatcher", status=0)
    ours = told(0.056, "reap", "agent", "dispatcher", status=0)
    orphan = told(0.057, "reap", "agent", "worker-2", status=0)

    figure = drawn([*without("check-ends"), root, ours, orphan])

    assert [m.event.to for m in figure.marks if m.event.who == "agent"] == ["worker-2"]


def test_a_life_is_a_bar_from_fork_to_exit_and_a_zombie_until_it_is_reaped() -> None:
    figure = drawn(EVENTS)

    alive, zombie = bars(figure, "worker-1").values()
    assert (alive.kind, zombie.kind) == ("alive", "zombie")
    assert alive.x == place(figure, "fork")
    assert alive.x + alive.width == zombie.x == place(figure, "exit")
    assert zombie.x + zombie.width == place(figure, "reap")
    assert zombie.longest_s == zombie.shortest_s == pytest.approx(0.019)
    assert not zombie.is_open
    assert figure.zombies == []


def test_who_is_not_reaped_is_a_zombie_to_the_end_of_the_check() -> None:
    figure = drawn(without("reap"))

    zombie = bars(figure, "worker-1")["zombie"]
    assert zombie.is_open
    assert zombie.longest_s == pytest.approx(0.029)
    assert [lane.name for lane in figure.zombies] == ["worker-1"]
    assert bars(figure, "worker-2") == {"alive": bars(figure, "worker-2")["alive"]}
    assert bars(figure, "worker-2")["alive"].is_open


@pytest.mark.parametrize(
    "more",
    [
        [told(0.050, "reap", "agent", "worker-1", signal="SIGKILL")],
        [looked(0.032, "orphaned", "worker-1", pids=(11, 0))],
    ],
)
def test_whom_no_process_of_the_program_has_to_reap_is_no_zombie(more: list[Event]) -> None:
    assert "zombie" not in bars(drawn([*without("reap"), *more]), "worker-1")
    root = told(0.055, "exit", "dispatcher", status=0)
    assert "zombie" not in bars(drawn([*EVENTS, root]), "dispatcher")


def test_a_client_is_a_bar_from_connect_to_close() -> None:
    figure = drawn(EVENTS)

    (bar,) = bars(figure, "client-1").values()
    assert bar.kind == "connected"
    assert bar.x == place(figure, "connect")
    ends = [mark.x for mark in figure.marks if mark.event.kind == "close"]
    assert bar.x + bar.width == ends[-1]


def test_forks_passes_and_reaps_join_two_lanes() -> None:
    figure = drawn(EVENTS)

    names = {lane.y: lane.name for lane in figure.lanes}
    joined = [(m.event.kind, names[m.y], names[m.y_to]) for m in figure.marks if m.y_to is not None]
    assert joined == [
        ("fork", "dispatcher", "worker-1"),
        ("fork", "dispatcher", "worker-2"),
        ("accept", "dispatcher", "client-1"),
        ("pass", "dispatcher", "worker-1"),
        ("reap", "dispatcher", "worker-1"),
    ]
    signal = next(mark for mark in figure.marks if mark.event.kind == "signal")
    assert names[signal.y] == "worker-1"


def test_what_is_known_to_lie_between_two_looks_says_so() -> None:
    marks = drawn(EVENTS).marks

    assert {m.event.kind for m in marks if m.is_between} == {
        "listen", "fork", "accept", "pass", "close",
    }  # fmt: skip
    assert {m.event.kind for m in marks if m.is_odd} == {"exit"}


def test_pauses_are_marked_also_the_last_one() -> None:
    marks = {mark.number: mark for mark in drawn(EVENTS).marks}
    wide = [number for number, mark in marks.items() if mark.gap_s]

    assert wide == []
    later = [e._replace(t=e.t + 1) if e.t > 0.04 else e for e in EVENTS]
    figure = drawn(later)
    (mark,) = (mark for mark in figure.marks if mark.gap_s)
    assert (mark.event.kind, round(mark.gap_s, 3)) == ("reap", 1.017)
    assert figure.rest_s == 0
    assert drawn([*EVENTS[:-2], harness(9, "check-ends", start=0)]).rest_s == pytest.approx(8.95)


def test_sixteen_that_do_the_same_are_as_readable_as_two() -> None:
    figure = drawn(burst())

    lanes = {lane.name: lane.members for lane in figure.lanes}
    assert list(lanes) == ["client-1", "parent", "child-1", "child-2"]
    assert len(lanes["client-1"]) == 16
    assert lanes["child-1"] == ("child-1",)
    assert lanes["child-2"][-1] == "child-16"
    assert len(lanes["child-2"]) == 15
    left = bars(figure, "child-2")["zombie"]
    assert left.is_open
    assert (round(left.shortest_s, 1), round(left.longest_s, 1)) == (1.5, 2.9)
    assert figure.events == len(burst()) - 1


def test_few_events_are_not_folded() -> None:
    assert all(mark.column.times == 1 for mark in drawn(EVENTS).marks)


def test_a_crowd_of_different_ones_is_cut_and_it_is_said() -> None:
    many = [
        looked(float(n), "fork", f"a{n}", f"b{n}", (100 + n, 1000 + n)) for n in range(HARD_MOST)
    ]
    steps = [harness(200.0 + n, "step", text=f"step {n}") for n in range(50)]

    figure = drawn([*many, *steps])

    assert len(figure.marks) == HARD_MOST
    assert figure.left_out == 50


def test_the_last_start_is_the_one_that_is_drawn() -> None:
    second = [event._replace(start=2, t=event.t + 1) for event in EVENTS if event.start]

    (scene,) = scenes([*EVENTS[:-2], *second]).values()

    assert scene.starts == 2
    assert {event.start for event in scene.events} == {2}
    assert scene.began == pytest.approx(1.001)


def test_a_check_in_which_nothing_was_started_has_no_scene() -> None:
    assert scenes([harness(0, "check-begins", start=0), harness(1, "check-ends", start=0)]) == {}


def test_what_the_log_left_out_is_known() -> None:
    left = harness(0.07, "left-out", start=0, count=41)
    (scene,) = scenes([*EVENTS, left]).values()

    assert scene.left_out == 41


def test_the_most_telling_check_has_most_kinds_and_is_short() -> None:
    def scene(name: str, *events: Event) -> Scene:
        return Scene(name, events, 0, 1, 1)

    dull, rich = scene("dull", *EVENTS[1:4]), scene("rich", *EVENTS)
    long = scene("long", *EVENTS, *EVENTS[1:60] * 5)

    assert most_telling([dull, rich, long]) == "rich"
    assert most_telling([]) == ""


@given(any_events())
def test_any_log_is_drawn_within_its_borders(recorded: Recorded) -> None:
    for scene in scenes(recorded.events).values():
        figure = timeline(scene)
        heights = {lane.y for lane in figure.lanes}
        assert [mark.number for mark in figure.marks] == list(range(1, len(figure.marks) + 1))
        assert all(one.x < other.x for one, other in pairwise(figure.marks))
        assert {mark.y for mark in figure.marks} <= heights
        assert {mark.y_to for mark in figure.marks} <= heights | {None}
        assert max(heights, default=0) < figure.height
        for bar in figure.bars:
            assert 0 <= bar.x <= bar.x + bar.width <= figure.width
            assert 0 <= bar.shortest_s <= bar.longest_s


def test_a_fold_has_few_columns_and_lanes() -> None:
    figure = drawn(burst())

    assert len(figure.marks) <= UNFOLDED
    assert len(figure.lanes) <= MOST_LANES


# who shares what


def shared(evidence: Evidence) -> Sharing:
    """Return the figure of *evidence*, which there is."""
    found = sharing(evidence)
    assert found is not None
    return found


def held(who: str, pid: int, number: int, target: str, kind: str, **more: str) -> DescriptorRow:
    """Return one descriptor."""
    return DescriptorRow(who, pid, number, f"a {kind}", target, kind=kind, **more)


def alive(who: str, pid: int) -> ProcessRow:
    """Return one process that lives."""
    return ProcessRow(who, pid, 1, "S", "poll", "./server")


def test_what_two_processes_hold_is_one_row_with_two_boxes() -> None:
    rows = (
        held("parent", 8, 3, "socket:[1]", "listener"),
        held("parent", 8, 4, "socket:[2]", "connection", other="client-1", mark="not closed"),
        held("child-1", 9, 4, "socket:[2]", "connection", other="client-1"),
    )
    figure = shared(Evidence((alive("parent", 8), alive("child-1", 9)), rows))

    listener, connection = figure.things
    assert [holder.name for holder in figure.holders] == ["parent", "child-1"]
    assert [box.numbers for box in connection.boxes] == [(4,), (4,)]
    assert [box.x for box in connection.boxes] == [holder.x for holder in figure.holders]
    assert [box.mark for box in connection.culprits] == ["not closed"]
    assert (listener.kind, connection.other) == ("listener", "client-1")
    assert figure.name_at(connection.boxes[1].x) == "child-1"


@pytest.mark.parametrize(
    ("numbers", "label"),
    [((0,), "0"), ((0, 5), "0, 5"), ((1000, 1001), "1000 +1"), ((3, 4, 5, 6), "3 +3")],
)
def test_a_process_that_has_a_thing_more_than_once_has_one_box(
    numbers: tuple[int, ...], label: str
) -> None:
    last = numbers[-1]
    rows = [
        held(
            "worker-1", 9, number, "socket:[2]", "unix", mark="once more" if number == last else ""
        )
        for number in numbers
    ]
    (thing,) = shared(Evidence((alive("worker-1", 9),), tuple(rows))).things

    assert [(box.numbers, box.label, box.mark) for box in thing.boxes] == [
        (numbers, label, "once more")
    ]


def test_the_two_ends_of_a_channel_are_joined_rows() -> None:
    figure = shared(report_samples.dead_channel())

    channels = [thing for thing in figure.things if thing.kind == "unix"]
    assert len(channels) == 7
    joined = [thing for thing in channels if thing.y_other]
    assert len(joined) == 3
    for thing in joined:
        below = figure.things[figure.things.index(thing) + 1]
        assert thing.y_other == below.y
        assert thing.other == f"socket:[{int(thing.other[8:-1])}]"
        assert figure.is_other_end(below)
        assert not figure.is_other_end(thing)
    assert [thing.culprits[0].numbers for thing in figure.things if thing.culprits] == [(4,)]


def test_the_ends_of_a_pipe_are_two_rows_and_standard_streams_are_left_out() -> None:
    rows = (
        held("parent", 8, 0, "pipe:[900]", "pipe", side="r"),
        held("parent", 8, 3, "pipe:[7]", "pipe", side="r"),
        held("child", 9, 4, "pipe:[7]", "pipe", side="w"),
        held("child", 9, 1, "/dev/pts/1", "terminal"),
        held("child", 9, 2, "/dev/pts/1", "terminal", mark="spoken to"),
    )
    figure = shared(Evidence((alive("parent", 8), alive("child", 9)), rows))

    assert [(thing.kind, thing.side) for thing in figure.things] == [
        ("pipe", "r"), ("pipe", "w"), ("terminal", ""),
    ]  # fmt: skip
    assert figure.things[0].y_other == figure.things[1].y


def test_a_standard_stream_that_the_program_itself_feeds_is_shown() -> None:
    rows = (
        held("parent", 8, 4, "pipe:[7]", "pipe", side="w"),
        held("child", 9, 0, "pipe:[7]", "pipe", side="r"),
    )
    figure = shared(Evidence((alive("parent", 8), alive("child", 9)), rows))

    assert [(thing.side, thing.boxes[0].numbers) for thing in figure.things] == [
        ("w", (4,)), ("r", (0,)),
    ]  # fmt: skip


def test_zombies_that_are_alike_are_one_column() -> None:
    figure = shared(report_samples.burst())

    assert [(h.name, len(h.alike), h.state) for h in figure.holders] == [
        ("parent", 0, "lives"), ("child-2", 14, "zombie"), ("child-17", 0, "lives"),
    ]  # fmt: skip


def test_a_hundred_that_are_alike_are_one_row() -> None:
    evidence = report_samples.many_descriptors().evidence
    assert evidence is not None
    figure = shared(evidence)

    assert [(thing.kind, thing.more) for thing in figure.things] == [
        ("listener", 0), ("connection", 100),
    ]  # fmt: skip
    assert figure.things[1].culprits


def test_what_is_too_much_is_counted() -> None:
    crowd = tuple(alive(f"p{n}", n) for n in range(1, 31))
    rows = tuple(
        held(f"p{n}", n, 3 + k, f"socket:[{n * (k + 1)}]", "connection")
        for n in range(1, 31)
        for k in range(1 + n % 9)
    )
    figure = shared(Evidence(crowd, rows))

    assert len(figure.holders) <= MOST_COLUMNS
    assert len(figure.things) <= MOST_ROWS
    assert figure.rows_left_out + figure.holders_left_out > 0


def test_nothing_to_show_is_no_figure() -> None:
    assert sharing(Evidence((alive("parent", 8),), ())) is None
    assert sharing(Evidence((), (held("parent", 8, 3, "socket:[1]", "listener"),))) is None


def test_a_marked_descriptor_of_any_kind_is_drawn() -> None:
    row = held("parent", 8, 5, "net:[4026531840]", "net", mark="not closed")

    assert [t.kind for t in shared(Evidence((alive("parent", 8),), (row,))).things] == ["net"]


def test_the_most_open_look_is_the_one_with_most_sockets_and_pipes() -> None:
    one = report_samples.dead_channel()
    none = replace(one, descriptors=())
    many = report_samples.many_descriptors().evidence
    assert many is not None

    assert most_open({"few": none, "seven": one, "too many": many}) == "seven"
    assert most_open({"none": none}) == most_open({}) == ""
