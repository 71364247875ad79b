"""The tally of many runs: what is counted, said and returned."""

import pytest

from forklab.flaky import MAX_KEPT, Tally
from forklab.results.record import Check, Result, Verdict

CHECK = Check("reaps-a-burst", "fork_echo", "core", "Every child is reaped.", "Signals coalesce.")
PASS = Result(CHECK, Verdict.PASS, 0.1)
FAIL = Result(CHECK, Verdict.FAIL, 0.1, expected="no zombie", seen="3\nzombies", waited="2 s")
BROKEN = Result(CHECK, Verdict.BROKEN, 0.1, reason="SandboxError: the agent is gone")


def tally(wanted: int, *runs: tuple[Result, ...]) -> Tally:
    found = Tally(wanted)
    for results in runs:
        for result in results:
            found.add(result)
        found.seconds.append(5.0)
    return found


@pytest.mark.parametrize(
    ("results", "status"),
    [((PASS,), 0), ((PASS, FAIL, BROKEN), 1), ((PASS, BROKEN), 3), ((), 3)],
)
def test_fail_comes_before_broken_and_nothing_passed_is_broken(
    results: tuple[Result, ...], status: int
) -> None:
    assert tally(1, results).exit_status == status


def test_an_interrupted_run_is_no_success() -> None:
    found = tally(2, (PASS,))
    found.interrupted = True
    assert found.exit_status == 130


def test_each_failing_check_is_said_with_its_run_in_one_line() -> None:
    found = tally(3, (PASS,), (FAIL,), (BROKEN,))
    assert found.summary()[:2] == [
        "  run 2: FAIL reaps-a-burst: expected no zombie; seen 3 / zombies (2 s)",
        "  run 3: BROKEN reaps-a-burst: SandboxError: the agent is gone",
    ]


def test_the_end_counts_checks_and_shows_whether_memory_is_flat() -> None:
    found = tally(20, *[(PASS,)] * 20)
    found.memory = [(2, 51_200, 14_336), (20, 51_200, 14_336)]
    assert found.summary() == [
        "20 runs, 20 checks:   20 PASS   0 FAIL   0 BROKEN   0 SKIPPED",
        "median of a run   5.00 s",
        "memory after run  2   harness 50.0 MiB   agent 14.0 MiB",
        "memory after run 20   harness 50.0 MiB   agent 14.0 MiB",
    ]


@pytest.mark.parametrize(("wanted", "samples"), [(200, {20, 100, 200}), (3, {1, 3}), (1, {1})])
def test_memory_is_read_at_a_tenth_the_half_and_the_end(wanted: int, samples: set[int]) -> None:
    assert Tally(wanted).samples() == samples


def test_what_is_kept_of_failures_is_bounded() -> None:
    found = tally(1, (FAIL,) * (MAX_KEPT + 5))
    assert len(found.complaints) == MAX_KEPT
    assert found.counts[Verdict.FAIL] == MAX_KEPT + 5
