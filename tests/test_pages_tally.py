"""What is counted of a class: who counts, how points are spread, which checks failed."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from forklab.grades.grade import Grade
from forklab.pages.tally import tally
from tests.class_samples import grade, mark


def with_points(*shares: float) -> list[Grade]:
    """Return a grade for each share of 100 points."""
    return [
        grade(f"s{n}", verdict="FAIL", points=share * 100, possible=100.0)
        for n, share in enumerate(shares)
    ]


def test_submissions_are_in_the_order_of_their_names_and_numbers_are_numbers() -> None:
    names = ["s2", "s10", "s10a", "S11", "박서연", "a"]
    grades = [grade(name, mark("echoes")) for name in names]
    random.Random(7).shuffle(grades)

    assert [one.submission for one in tally(grades).grades] == [
        "a",
        "s2",
        "s10",
        "s10a",
        "S11",
        "박서연",
    ]


@given(some.lists(some.text(), unique=True))
def test_no_order_of_the_input_changes_the_order_of_names(names: list[str]) -> None:
    there = tally([grade(name) for name in names]).grades
    back = tally([grade(name) for name in reversed(names)]).grades

    assert there == back


def test_a_number_too_long_for_a_number_is_a_name() -> None:
    assert len(tally([grade("9" * 5000), grade("s1")]).grades) == 2


def test_points_fall_into_steps_of_ten_percent_and_all_points_stand_alone() -> None:
    bins = tally(with_points(0.0, 0.099, 0.1, 0.3, 0.999, 1.0, 1.0)).bins

    assert {column.low: column.number for column in bins if column.number} == {
        0: 2, 10: 1, 30: 1, 90: 1, 100: 2
    }  # fmt: skip
    assert [bins[0][:2], bins[-2][:2], bins[-1][:2]] == [(0, 9), (90, 99), (100, 100)]


@given(some.lists(some.floats(0, 1)))
def test_every_judged_submission_is_in_one_column(shares: list[float]) -> None:
    assert sum(column.number for column in tally(with_points(*shares)).bins) == len(shares)


def test_a_broken_submission_counts_in_nothing() -> None:
    judged = grade("a", mark("echoes", "FAIL"), mark("starts"))
    broken = grade("b", mark("echoes", "BROKEN"), mark("starts"), broken="no engine")

    alone, both = tally([judged]), tally([judged, broken])

    assert (both.bins, both.median, both.mean, both.checks) == (
        alone.bins, alone.median, alone.mean, alone.checks
    )  # fmt: skip
    assert both.broken == (broken,)
    assert both.count("BROKEN") == 1


def test_of_nobody_there_is_no_median() -> None:
    assert tally([]).median is None
    assert tally([grade("a", broken="no engine")]).mean is None


def test_the_check_that_most_failed_stands_first() -> None:
    grades = [
        grade("a", mark("starts"), mark("echoes", "FAIL"), mark("reaps", "SKIPPED")),
        grade("b", mark("starts"), mark("echoes"), mark("reaps", "FAIL")),
        grade("c", mark("starts"), mark("echoes"), mark("reaps", "FAIL")),
    ]

    reaps, echoes, starts = tally(grades).checks

    assert [one.mark.id for one in (reaps, echoes, starts)] == ["reaps", "echoes", "starts"]
    assert (reaps.rate, reaps.judged, reaps.skipped) == (1.0, 2, 1)
    assert [one.submission for one in reaps.failed] == ["b", "c"]
    assert echoes.rate == pytest.approx(1 / 3)
    assert starts.rate == 0


def test_a_check_that_was_never_judged_has_no_rate() -> None:
    (check,) = tally([grade("a", mark("reaps", "SKIPPED"), verdict="PASS")]).checks

    assert (check.rate, check.judged, check.skipped) == (0.0, 0, 1)


def test_a_broken_check_of_a_judged_submission_is_counted_as_such() -> None:
    _, check = tally([grade("a", mark("starts", "FAIL"), mark("reaps", "BROKEN"))]).checks

    assert (check.broken, check.judged) == (1, 0)
