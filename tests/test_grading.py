"""Grading: the same record is the same grade, and nobody pays for what we could not see."""

import json
from dataclasses import replace

import pytest
from hypothesis import given

from forklab.grades.grading import grade
from forklab.grades.rubric import Group, Late, Rubric, read
from forklab.grades.text import text_of
from forklab.grades.whole import whole_points
from tests.grade_samples import CHECKS, any_grade, checked, graded, mark, record

RUBRIC = read(None, "fork_echo", CHECKS)
HOST = {"reason": "this kernel has no kcmp"}


def needing(check: str, *needs: str, hidden: tuple[str, ...] = ()) -> Rubric:
    """The default rubric, where *check* needs others."""
    items = [replace(i, needs=needs) if i.id == check else i for i in RUBRIC.items]
    return replace(RUBRIC, items=tuple(replace(i, hidden=i.id in hidden) for i in items))


def test_a_long_sentence_of_the_evidence_is_broken_and_what_was_laid_out_is_not() -> None:
    laid_out = "    " + "int main(void) { return 0; } " * 6
    told = text_of(checked("echoes", "FAIL", seen="fifty zombies " * 20 + "\n" + laid_out))
    assert laid_out in told
    assert max(len(line) for line in told.split("\n") if "fifty" in line) <= 98
    assert told.count("fifty zombies") >= 18


def test_all_that_passes_earns_all() -> None:
    found = grade(record(), RUBRIC)
    assert (found.verdict, found.points, found.possible) == ("PASS", 100, 100)
    assert found.judged
    assert [m.id for m in found.marks] == [check.id for check in CHECKS]
    assert {(m.seen, m.text) for m in found.marks} == {("", "")}


def test_a_failure_costs_its_points_and_what_is_skipped_because_of_it() -> None:
    found = grade(
        record(
            checked("reaps-each-child", "FAIL"),
            checked("reaps-a-burst", "SKIPPED", because="reaps-each-child"),
        ),
        RUBRIC,
    )
    assert (found.verdict, found.points, found.possible) == ("FAIL", 53.33, 100)
    assert found.marks[2].seen == "one zombie"
    assert found.marks[3].seen == "because of reaps-each-child"


def test_what_we_could_not_see_earns_nothing_and_costs_nothing() -> None:
    broken = checked("echoes", "BROKEN", reason="the engine")
    found = grade(record(broken, checked("starts", "SKIPPED", **HOST)), RUBRIC)
    assert (found.verdict, found.points, found.possible) == ("BROKEN", 60, 60)
    assert found.scaled == 100
    assert not found.judged
    assert (found.marks[0].possible, found.marks[1].possible) == (0, 0)


def test_a_check_that_was_not_run_makes_a_pass_broken() -> None:
    whole = record()
    whole["run"]["checks"].pop()
    found = grade(whole, RUBRIC)
    assert (found.verdict, found.marks[-1].verdict) == ("BROKEN", "BROKEN")
    assert found.marks[-1].seen == "this check was not run"


def test_a_check_that_the_rubric_does_not_know_is_told() -> None:
    whole = record()
    whole["run"]["checks"].append(checked("new-one"))
    assert grade(whole, RUBRIC).notes == (
        "new-one is a check that the rubric does not know: it earns nothing",
    )


def test_a_refused_submission_fails_every_check_and_says_why() -> None:
    why = "the zip leads out of its folder"
    found = grade(record(refused=why, run=None, verdict="FAIL"), RUBRIC)
    assert (found.verdict, found.points, found.possible) == ("FAIL", 0, 100)
    assert found.notes == (why,)
    assert {m.verdict for m in found.marks} == {"FAIL"}


def test_what_was_skipped_of_a_refused_submission_is_no_failure_of_its_own() -> None:
    first, *others = [check.id for check in CHECKS]
    skipped = [checked(name, "SKIPPED", because=first) for name in others]
    found = grade(record(checked(first, "FAIL"), *skipped, refused="it is empty"), RUBRIC)
    assert (found.verdict, found.points, found.possible) == ("FAIL", 0, 100)
    assert [mark.verdict for mark in found.marks] == ["FAIL"] + ["SKIPPED"] * len(others)
    assert {mark.seen for mark in found.marks} == {"it is empty"}


def test_a_broken_record_has_no_points_that_mean_anything() -> None:
    found = grade(record(broken="no engine", run=None, verdict="BROKEN"), RUBRIC)
    assert (found.verdict, found.points, found.possible) == ("BROKEN", 0, 0)
    assert found.broken == "no engine"
    assert not found.judged


def test_a_check_earns_nothing_without_what_it_needs() -> None:
    failed = record(checked("echoes", "FAIL"))
    found = grade(failed, needing("starts", "echoes"))
    assert (found.marks[0].verdict, found.marks[0].points) == ("PASS", 0)
    assert found.marks[0].seen == "earns nothing without echoes, which did not pass"
    hidden = grade(failed, needing("starts", "echoes", hidden=("echoes",)))
    assert "echoes" not in hidden.marks[0].seen
    unseen = grade(record(checked("echoes", "BROKEN")), needing("starts", "echoes"))
    assert unseen.marks[0].points == 20


def grouped(credit: str, at_least: int, *verdicts: str) -> tuple[float, float]:
    """Points and possible of a group of the three core checks, 60 points, with these verdicts."""
    ids = ("starts", "echoes", "reaps-each-child")
    rubric = replace(RUBRIC, groups=(Group("core", ids, credit, at_least),))
    found = grade(record(*map(checked, ids, verdicts)), rubric)
    members = found.marks[:3]
    return round(sum(m.points for m in members), 2), round(sum(m.possible for m in members), 2)


@pytest.mark.parametrize(
    ("credit", "at_least", "verdicts", "expected"),
    [
        ("fraction", 0, "PASS PASS FAIL", (40, 60)),
        ("all", 0, "PASS PASS FAIL", (0, 60)),
        ("all", 0, "PASS PASS PASS", (60, 60)),
        ("all", 0, "PASS PASS BROKEN", (40, 40)),
        ("at-least", 2, "PASS PASS FAIL", (60, 60)),
        ("at-least", 2, "PASS FAIL FAIL", (0, 60)),
        ("at-least", 2, "PASS FAIL BROKEN", (0, 0)),
        ("at-least", 2, "FAIL FAIL BROKEN", (0, 40)),
    ],
)
def test_a_group_earns_by_its_rule(
    credit: str, at_least: int, verdicts: str, expected: tuple[float, float]
) -> None:
    assert grouped(credit, at_least, *verdicts.split()) == expected


@pytest.mark.parametrize(
    ("hours", "late", "penalty"),
    [
        (0.5, Late(per_hour=1, grace_hours=0.5), 0),
        (2.0, Late(per_hour=1), 2),
        (2.1, Late(per_hour=1), 3),
        (24.0, Late(per_day=10), 10),
        (24.1, Late(per_day=10), 20),
        (240, Late(per_day=10, most=30), 30),
        (2400, Late(per_day=10), 100),
        (-5, Late(per_hour=1), 0),
    ],
)
def test_lateness_costs_by_hours_and_days_begun(hours: float, late: Late, penalty: float) -> None:
    found = grade(record(), replace(RUBRIC, late=late), hours)
    assert (found.penalty, found.points) == (penalty, 100 - penalty)
    assert bool(found.notes) == bool(penalty)


def test_what_does_not_count_takes_its_part_of_the_penalty_along() -> None:
    half = record(checked("reaps-a-burst", "SKIPPED", **HOST))
    found = grade(half, replace(RUBRIC, late=Late(per_hour=10)), 1)
    assert (found.penalty, found.possible) == (7.33, 73.33)
    assert found.scaled == 90


def test_a_grade_is_a_function_of_its_record() -> None:
    failed = record(checked("echoes", "FAIL"))
    again = json.loads(json.dumps(failed))
    assert grade(failed, RUBRIC, 3.0, "kim/") == grade(again, RUBRIC, 3.0, "kim/")
    assert failed == again


def test_the_text_of_a_failure_has_everything_in_order() -> None:
    text = text_of(checked("echoes", "FAIL", notes=["limited here"]))
    parts = [
        "Done      1. start it\n          2. connect", "Expected  no zombie",
        "Seen      one zombie", "How long  2.1 s, 20 looks",
        "Note      limited here", "Processes at that instant",
        "<-- ended, nobody waited for it", "killed by SIGPIPE, reaped by its parent",
        "Descriptors at that instant", "<-- should be closed", "  | listening",
        "Hint      Who waits?",
    ]  # fmt: skip
    at = [text.index(part) for part in parts]
    assert at == sorted(at)
    assert "of no interest" not in text


def test_a_long_text_says_how_much_was_cut() -> None:
    text = text_of(checked("echoes", "FAIL", seen="x" * 9000, evidence=None, output=""))
    assert len(text) < 8100
    assert text.endswith("more characters are left out here]")


def test_whole_points_are_of_those_who_earned_them() -> None:
    thirds = graded(mark("a", points=33.33), mark("b", "FAIL", 33.33), mark("c", points=33.34))
    assert whole_points(thirds).marks == ((33, 33), (0, 33), (34, 34))
    assert whole_points(thirds).points == 67
    tiny = graded(mark("a", points=99.8), mark("b", "FAIL", 0.2))
    assert (whole_points(tiny).points, whole_points(tiny).possible) == (99, 100)


@given(any_grade())
def test_whole_points_always_fit(found) -> None:  # type: ignore[no-untyped-def]
    whole = whole_points(found)
    assert 0 <= whole.points <= whole.possible
    assert whole.possible == sum(possible for _, possible in whole.marks)
    assert whole.points == sum(points for points, _ in whole.marks) + whole.late
    assert all(0 <= points <= possible for points, possible in whole.marks)
    assert (whole.points < whole.possible) >= (found.points < found.possible and whole.possible > 0)
