"""Rubrics: what checks are worth, and mistakes in the file as one sentence each."""

import tomllib
from pathlib import Path

import pytest

from forklab.grades import rubric_file
from forklab.grades.rubric import Late, Rubric, RubricError, read
from forklab.results.record import Result, Verdict, shares
from forklab.session import checks_of
from tests.documents import HERE
from tests.grade_samples import CHECKS


@pytest.fixture
def rubric(tmp_path: Path):  # type: ignore[no-untyped-def]
    """Read a rubric from its text."""

    def read_text(text: str) -> Rubric:
        path = tmp_path / "rubric.toml"
        path.write_text(text)
        return read(path, "fork_echo", CHECKS)

    return read_text


def points(found: Rubric) -> dict[str, float]:
    """What each check is worth."""
    return {item.id: item.points for item in found.items}


def test_without_a_file_points_are_those_of_the_report() -> None:
    found = read(None, "fork_echo", CHECKS)
    of_report = shares([Result(check, Verdict.PASS, 0.0) for check in CHECKS])
    assert [item.points for item in found.items] == [round(worth, 2) for worth in of_report]
    assert points(found)["reaps-a-burst"] == 26.67
    assert found.total == 100


def test_points_that_do_not_divide_add_up_exactly() -> None:
    many = [CHECKS[0].__class__(f"c{n}", "x", "core", "", "") for n in range(7)]
    found = read(None, "x", many)
    assert sorted({item.points for item in found.items}) == [14.28, 14.29]
    assert found.total == 100  # the other level has no check: this one has its points


def test_levels_points_and_what_is_left_out(rubric) -> None:  # type: ignore[no-untyped-def]
    found = rubric(
        'leave_out = ["survives-*"]\n[levels]\ncore = 20\nrobust = 5\n[points]\nechoes = 12\n'
    )
    assert points(found) == {
        "starts": 4, "echoes": 12, "reaps-each-child": 4, "reaps-a-burst": 5, "survives-reset": 0,
    }  # fmt: skip
    assert found.total == 25


def test_a_group_shares_its_points_by_weight(rubric) -> None:  # type: ignore[no-untyped-def]
    found = rubric(
        'total = 50\n[[group]]\nchecks = ["reaps-a-burst", "survives-reset"]\npoints = 20\n'
        'credit = "at-least"\nat_least = 1\n'
    )
    assert points(found)["reaps-a-burst"] == 13.33
    assert points(found)["survives-reset"] == 6.67
    assert found.groups[0].at_least == 1
    assert found.total == 50


def test_what_is_hidden_needed_and_late(rubric) -> None:  # type: ignore[no-untyped-def]
    found = rubric(
        'hidden = ["reaps-*"]\n[needs]\nreaps-a-burst = ["echoes", "starts"]\n'
        "[late]\nper_day = 10\ngrace_hours = 0.5\nmost = 30\n"
    )
    assert [item.id for item in found.items if item.hidden] == ["reaps-each-child", "reaps-a-burst"]
    assert found.items[3].needs == ("starts", "echoes")
    assert found.late == Late(per_day=10, grace_hours=0.5, most=30)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("totl = 3", "totl is not known here; did you mean 'total'?"),
        ("total = 0", "total must be more than 0"),
        ("total = true", "total must be a number of at least 0, not True"),
        ("total = nan", "total must be a number of at least 0, not nan"),
        ("total = 1e400", "total must be at most 1e+09"),
        (f"total = 1{'0' * 400}", "total must be at most 1e+09"),
        ('lab = "prefork"', "lab is 'prefork', but 'fork_echo' is to be graded"),
        ('hidden = ["reaps-bursts"]', "hidden names no check of this lab: 'reaps-bursts'; did you "
         "mean 'reaps-a-burst'?"),
        ('hidden = ["q*"]', "hidden has 'q*', which matches no check of this lab"),
        ('hidden = "echoes"', "hidden must be a list of ids of checks, such as "
         '["echoes", "reaps-*"]'),
        ("[points]\nechos = 1", "points.echos names no check of this lab; did you mean 'echoes'?"),
        ("[points]\nechoes = -1", "points.echoes must be a number of at least 0, not -1"),
        ("points = 3", "points must be a table, [points]"),
        ("[levels]\nrobst = 1", "levels.robst is not known here; did you mean 'robust'?"),
        ("total = 9\n[levels]\ncore = 10", "total is 9, but the points of [levels] are 10"),
        ("[points]\nechoes = 70", "the points of single checks of level core add up to 70, and "
         "the level has 60; give it more in [levels]"),
        ('leave_out = ["reaps-a-burst", "survives-*"]\n[levels]\ncore=1\nrobust=1',
         "levels.robust has 1 points, but only 0 are given to checks, and no check is left to "
         "share the rest"),
        ('leave_out = ["echoes"]\n[points]\nechoes = 1', "points.echoes has points, but leave_out "
         "leaves the check out"),
        ('[needs]\nechoes = ["echoes"]', "needs.echoes needs itself"),
        ("[late]\nper_days = 1", "late.per_days is not known here; did you mean 'per_day'?"),
        ('[[group]]\nchecks = ["echoes"]\ncredit = "some"', "group[1].credit must be one of "
         "fraction, all, at-least, not 'some'"),
        ("[[group]]\nchecks = []", "group[1].checks must name at least one check"),
        ('[[group]]\nchecks = ["echoes"]\ncredit = "at-least"\nat_least = 2',
         "group[1].at_least must be a whole number from 1 to 1, not 2"),
        ('[[group]]\nchecks = ["echoes"]\ncredit = "at-least"\nat_least = 1.0',
         "group[1].at_least must be a whole number from 1 to 1, not 1.0"),
        ('[[group]]\nchecks = ["echoes"]\ncredit = "at-least"\nat_least = true',
         "group[1].at_least must be a whole number from 1 to 1, not True"),
        ('[[group]]\nchecks = ["echoes"]\nat_least = 1', "group[1].at_least goes with credit = "
         '"at-least"'),
        ('[[group]]\nname = "a"\nchecks = ["echoes"]\n[[group]]\nname = "b"\nchecks = ["echoes"]',
         "group has 'echoes' in both 'a' and 'b'; once is allowed"),
        ('[points]\nechoes = 1\n[[group]]\nname = "a"\nchecks = ["echoes"]\npoints = 1',
         "points.echoes has points for the check, and so has the group 'a'"),
        ('leave_out = ["echoes"]\n[[group]]\nchecks = ["echoes"]\npoints = 1',
         "leave_out leaves out every check that shares 1 points"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_with_file_and_key(
    tmp_path: Path, text: str, sentence: str
) -> None:
    path = tmp_path / "rubric.toml"
    path.write_text(text)
    with pytest.raises(RubricError) as caught:
        read(path, "fork_echo", CHECKS)
    assert str(caught.value) == f"{path}: {sentence}"


def test_a_file_that_is_no_rubric_is_told(tmp_path: Path) -> None:
    path = tmp_path / "rubric.toml"
    with pytest.raises(RubricError, match="cannot be read: No such file"):
        read(path, "fork_echo", CHECKS)
    path.write_text("a b")
    with pytest.raises(RubricError, match="it is no TOML"):
        read(path, "fork_echo", CHECKS)
    path.write_text("a = " + "[" * 9999)
    with pytest.raises(RubricError, match="nested too deeply"):
        read(path, "fork_echo", CHECKS)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RubricError, match="it must be UTF-8 text, and is not"):
        read(path, "fork_echo", CHECKS)


def test_the_rubric_of_the_documents_can_be_read_and_shows_every_key() -> None:
    path = HERE / "docs/rubric.toml"
    found = read(path, "fork_echo", checks_of("fork_echo"))
    assert found.total == 100
    assert found.groups[0].credit == "at-least"
    assert set(tomllib.loads(path.read_text())) == set(rubric_file.KEYS)
