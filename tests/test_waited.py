"""What counts as waiting that a check demands, and how a short look replaces a long one."""

import gc
import weakref

import pytest

from forklab.agent.conns import pattern
from forklab.agent.loop import Pending
from forklab.facts.usage import MS, ProcessUsage, Usage
from forklab.program.journal import Journal


def test_a_deadline_that_passed_was_demanded() -> None:
    journal = Journal()
    with journal.waiting(0.0):
        pass
    assert journal.waited_s == 0.0
    with journal.waiting(1e-9):
        sum(range(1000))
    assert journal.waited_s == 1e-9


def test_what_comes_before_its_deadline_was_not_demanded() -> None:
    journal = Journal()
    with journal.waiting(60.0):
        pass
    assert journal.waited_s == 0.0


def usage(cpu_ms: float = 0, waiting_ms: float = 0, pids: int = 0, printed: int = 0) -> Usage:
    row = ProcessUsage(7, int(cpu_ms * MS), int(waiting_ms * MS), 0)
    return Usage(0.1, pids, printed, (ProcessUsage(6, 0, 0, 0), row))


@pytest.mark.parametrize(
    "busy", [usage(cpu_ms=6), usage(waiting_ms=6), usage(pids=1), usage(printed=1)]
)
def test_who_runs_waits_for_a_cpu_forks_or_prints_is_not_at_rest(busy: Usage) -> None:
    assert not busy.at_rest


def test_a_program_that_does_next_to_nothing_is_at_rest() -> None:
    assert usage(cpu_ms=2, waiting_ms=2).at_rest


@pytest.mark.parametrize("size", [0, 1, 63, 64, 65, 63_999, 64_000, 64_001, 128_100])
def test_a_pattern_has_its_size_numbered_lines_and_a_newline_at_the_end(size: int) -> None:
    lines = b"".join(b"%063d\n" % number for number in range(size // 64 + 1))
    assert pattern(size) == (lines[: size - 1] + b"\n" if size else b"")


class Megabytes:
    """What a client was given to send."""

    def nothing_yet(self) -> None:
        """Say that no answer is there."""


def test_an_operation_that_is_over_holds_nothing_until_garbage_is_collected() -> None:
    held = Megabytes()
    seen = weakref.ref(held)
    gc.disable()
    try:
        pending = Pending(held.nothing_yet, lambda: (None, b""), 1.0)
        assert pending.rest_s() > 0
        del pending, held
        assert seen() is None
    finally:
        gc.enable()


def test_a_journal_that_keeps_no_events_still_has_the_steps() -> None:
    journal = Journal()
    journal.keeps_events = False
    journal.begin("echoes")
    journal.note("start", "start ./server 7001")
    journal.happened("signal", "harness", "harness")
    journal.end("PASS")
    assert [event.kind for event in journal.log.events()] == ["check-begins"]
    assert journal.done() == ["start ./server 7001"]
