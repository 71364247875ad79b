"""The two waiting verbs, by a clock of our own; what was done, folded."""

from __future__ import annotations

import time
from types import SimpleNamespace

import pytest

from forklab.errors import CheckFailure, UsageError
from forklab.events.start import Start
from forklab.facts import Snapshot
from forklab.program import wait
from forklab.program.journal import Journal, fold
from tests.pictures import picture, process


class Clock:
    """A clock that goes on by what is slept, and by *slow* at each look at it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slow = 0.0
        self.naps: list[float] = []

    def monotonic(self) -> float:
        self.now += self.slow
        return self.now

    def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(wait, "time", SimpleNamespace(monotonic=clock.monotonic, sleep=clock.sleep))
    monkeypatch.delenv("FORKLAB_TIMEOUT_SCALE", raising=False)
    return clock


class Looks:
    """Pictures, counted; a judgement that holds from the n-th look on, or only until then."""

    def __init__(self, *, from_look: int = 1, until: int = 1 << 30) -> None:
        self.from_look, self.until = from_look, until
        self.count = 0

    def look(self) -> Snapshot:
        self.count += 1
        return picture(time=float(self.count))

    def judge(self, snapshot: Snapshot, what: str) -> float:
        if not self.from_look <= self.count <= self.until:
            raise CheckFailure(f"{what} holds", "it does not")
        return snapshot.time


def test_eventually_looks_afresh_until_it_holds(clock: Clock) -> None:
    looks = Looks(from_look=7)

    assert wait.eventually(looks.look, looks.judge, "it", within_s=5.0) == 7.0
    assert looks.count == 7
    assert clock.naps == [wait.FAST_S] * 6


def test_eventually_gives_up_when_the_time_is_over(clock: Clock) -> None:
    looks = Looks(from_look=1 << 20)

    with pytest.raises(CheckFailure) as told:
        wait.eventually(looks.look, looks.judge, "it", within_s=1.0)

    assert clock.now == pytest.approx(1.0, abs=0.01)
    assert told.value.snapshot is not None
    assert told.value.snapshot.time == looks.count  # the last picture
    assert told.value.waited == f"looked {looks.count} times in 1.0 s"


def test_a_machine_that_stalls_fails_nobody_before_20_looks(clock: Clock) -> None:
    clock.slow = 10.0  # each look at the clock costs 10 s
    looks = Looks(from_look=wait.MIN_LOOKS)

    assert wait.eventually(looks.look, looks.judge, "it", within_s=1.0) == wait.MIN_LOOKS


def test_after_50_looks_the_naps_are_longer(clock: Clock) -> None:
    looks = Looks(from_look=60)

    wait.eventually(looks.look, looks.judge, "it", within_s=9.0)

    assert clock.naps == [wait.FAST_S] * 49 + [wait.SLOW_S] * 10


def test_a_failure_that_brings_its_picture_keeps_it(clock: Clock) -> None:
    mine = picture()

    def judge(snapshot: Snapshot) -> None:
        failure = CheckFailure("it holds", "it does not")
        failure.snapshot = mine
        raise failure

    with pytest.raises(CheckFailure) as told:
        wait.eventually(picture, judge, within_s=0.0)
    assert told.value.snapshot is mine


def test_what_is_no_failure_is_not_waited_for(clock: Clock) -> None:
    def judge(snapshot: Snapshot) -> None:
        raise ProcessLookupError

    with pytest.raises(ProcessLookupError):
        wait.eventually(picture, judge, within_s=5.0)
    assert clock.naps == []


def test_one_look_is_one_look_and_its_failure_has_the_picture(clock: Clock) -> None:
    looks = Looks(until=1)

    assert wait.now(looks.look, looks.judge, "it") == 1.0
    with pytest.raises(CheckFailure) as told:
        wait.now(looks.look, looks.judge, "it")
    assert told.value.snapshot is not None
    assert told.value.snapshot.time == 2
    assert clock.naps == []


def test_throughout_looks_all_the_time(clock: Clock) -> None:
    looks = Looks()

    assert wait.throughout(looks.look, looks.judge, "it", for_s=0.3) == looks.count
    assert clock.now >= 0.3


def test_throughout_makes_20_looks_however_short(clock: Clock) -> None:
    looks = Looks()

    wait.throughout(looks.look, looks.judge, "it", for_s=0.0)

    assert looks.count > wait.MIN_LOOKS


def test_the_looks_of_a_short_window_are_spread_over_it(clock: Clock) -> None:
    looks = Looks()

    wait.throughout(looks.look, looks.judge, "it", for_s=0.1)

    assert set(clock.naps) == {0.005}


def test_throughout_fails_at_the_first_that_does_not_hold(clock: Clock) -> None:
    looks = Looks(until=30)

    with pytest.raises(CheckFailure) as told:
        wait.throughout(looks.look, looks.judge, "it", for_s=5.0)

    assert looks.count == 31
    assert told.value.snapshot is not None
    assert told.value.snapshot.time == 31
    assert told.value.waited == "after 0.30 s"
    assert clock.naps == [wait.STEADY_S] * 30


@pytest.mark.parametrize(
    ("text", "factor"), [("1", 1), ("2.5", 2.5), ("0.1", 0.1), (" 3 ", 3), ("", 1)]
)
def test_one_factor_scales_all_deadlines(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, text: str, factor: float
) -> None:
    monkeypatch.setenv("FORKLAB_TIMEOUT_SCALE", text)

    assert wait.scale() == factor
    assert wait.Waiting(2.0).within_s == 2.0 * factor


@pytest.mark.parametrize("text", ["0", "-1", "two", "nan", "inf", "1,5", "1000"])
def test_a_factor_that_is_none_is_one_sentence(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FORKLAB_TIMEOUT_SCALE", text)

    with pytest.raises(UsageError, match="it must be a number above 0, such as 2") as told:
        wait.scale()
    assert repr(text) in str(told.value)


@pytest.mark.parametrize(
    ("steps", "folded"),
    [
        ([], []),
        (["start ./server 7001"], ["start ./server 7001"]),
        (["client-1 connects"], ["client-1 connects"]),
        (
            ["client-1 connects", "client-2 connects", "client-3 connects"],
            ["client-1 to client-3: each connects"],
        ),
        (
            ["client-1 leaves", "client-3 leaves"],  # client-2 did not leave
            ["client-1 leaves", "client-3 leaves"],
        ),
        (["client-1 sends", "client-1 sends"], ["client-1 sends (2 times)"]),
        (
            ["client-1 sends", "client-1 sends", "client-2 sends"],
            ["client-1 sends (2 times)", "client-2 sends"],
        ),
        (
            ["client-9 leaves", "client-10 leaves", "SIGSTOP to parent", "client-11 leaves"],
            ["client-9 to client-10: each leaves", "SIGSTOP to parent", "client-11 leaves"],
        ),
        (
            ["client-1 connects", "client-1 leaves", "client-2 connects", "client-2 leaves"],
            ["client-1 to client-2: each connects, leaves"],
        ),
        (
            ["client-1 connects", "client-2 connects", "client-2 leaves"],
            ["client-1 connects", "client-2 connects, leaves"],
        ),
        (["8 clients at once", "8 clients at once"], ["8 clients at once (2 times)"]),
        (["client-side things"], ["client-side things"]),
    ],
)
def test_steps_that_repeat_are_folded_and_nothing_else(steps: list[str], folded: list[str]) -> None:
    assert fold(steps) == folded


def test_steps_are_those_of_the_check_and_events_of_the_whole_run() -> None:
    journal = Journal()
    journal.begin("starts")
    journal.note("start", "start ./server 7001")
    journal.note("fill", "the disk is filled")
    journal.end("PASS")
    journal.begin("echoes")
    for name in ("client-1", "client-2"):
        journal.note("connect", f"{name} connects")
    asked = journal.now()
    journal.happened("connect", "client-1", "client", since=asked)

    assert journal.done() == ["client-1 to client-2: each connects"]
    events = journal.log.events()
    assert [(event.check, event.kind) for event in events] == [
        ("starts", "check-begins"), ("starts", "step"), ("starts", "check-ends"),
        ("echoes", "check-begins"), ("echoes", "connect"),
    ]  # fmt: skip
    assert events[1].facts == {"text": "the disk is filled"}
    assert events[2].facts == {"verdict": "PASS"}
    assert events[4].t == events[4].after == asked <= (events[4].before or 0.0)


def test_the_journal_logs_what_is_different_by_our_own_clock() -> None:
    journal = Journal()
    start = Start((10, 1010), 7001, journal.now(), True, True, {})
    journal.log.begin_start({(10, 1010): "parent", (11, 1011): "child-1"})
    asked = journal.now()
    there = time.monotonic() + 1000.0  # the clock of another machine
    first = picture(process(10), time=there)
    journal.looked(asked, None, first, start)
    asked = journal.now()
    journal.looked(asked, first, picture(process(10), process(11, parent=10), time=there), start)

    fork = journal.log.events()[0]

    assert (fork.kind, fork.who, fork.to) == ("fork", "parent", "child-1")
    assert 0.0 <= fork.t <= journal.now()
