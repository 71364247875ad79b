"""Emitters: whatever a program printed, each file is one that its platform takes."""

import base64
import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from junitparser import JUnitXml
from xmlschema import XMLSchema

from forklab.emitters import (
    autolab,
    classroom50,
    csv_table,
    formats,
    github_actions,
    github_classroom,
    gradescope,
    json_grades,
    junit,
    markdown,
    prairielearn,
    table,
)
from forklab.errors import UsageError
from forklab.grades.grade import Grade
from forklab.reports.text import WIDTH, columns
from tests import platforms
from tests.documents import HERE
from tests.grade_samples import any_grade, graded, mark

PUBLISHED = json.loads((HERE / "forklab/schemas/grades-1.schema.json").read_text())
SCHEMA = Draft202012Validator(PUBLISHED)
STRICT = XMLSchema(HERE / "tests/schemas/junit-strict.xsd")
RUNNER = {
    "CLASSROOM": "os", "ASSIGNMENT": "echo", "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b",
    "COMMIT_URL": "https://x/1", "RELEASE_URL": "https://x/2", "REVIEW_URL": "https://x/3",
    "USERNAME": "kim",
}  # fmt: skip
SECRET = mark("survives-secret", "FAIL", hidden=True, level="robust", text="the secret evidence")
NOT_JUDGED = graded(mark("starts", "BROKEN"), broken="no engine answers")
many = st.lists(any_grade(), max_size=3)
arbitrary = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def with_secret(**more: object) -> Grade:
    """A grade of one check that passes and a hidden one that fails."""
    return graded(mark("starts"), SECRET, **more)


# what every one of them owes


@pytest.mark.parametrize("found", formats.FORMATS.values(), ids=lambda found: found.name)
def test_every_format_gives_text_that_utf_8_can_carry(
    found: formats.Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in RUNNER.items():
        monkeypatch.setenv(name, value)
    for one in (graded(), NOT_JUDGED, with_secret(), graded(mark("x", "FAIL", text="\ud800\0"))):
        assert found.text([one]).encode()
        assert found.text([one]) == found.text([one])


def test_a_format_of_one_submission_refuses_many() -> None:
    with pytest.raises(UsageError, match="gradescope is for one submission, and there are 2"):
        formats.find("gradescope").text([graded(), graded()])
    assert formats.find("csv").text([graded(), graded()])


def test_a_format_that_is_not_there_is_told_with_the_near_one() -> None:
    with pytest.raises(UsageError, match="no format 'grade-scope'; did you mean 'gradescope'"):
        formats.find("grade-scope")


STUDENTS: list[Callable[[Grade], str]] = [
    prairielearn.render,
    autolab.render,
    github_classroom.render,
    lambda grade: gradescope.render(grade, total_visible=True),
    lambda grade: markdown.render([grade]),
    lambda grade: github_actions.render([grade]),
    lambda grade: classroom50.render(grade, RUNNER),
]


@pytest.mark.parametrize("render", STUDENTS)
def test_what_students_read_has_no_hidden_check(render: Callable[[Grade], str]) -> None:
    text = render(with_secret())
    if render is github_classroom.render:
        text = base64.b64decode(text).decode()
    assert "secret" not in text
    assert "starts" in text or render is STUDENTS[5]
    assert "not shown" in text


# terminal, spreadsheet, documents


@arbitrary
@given(many)
def test_the_table_has_a_line_for_each_and_fits_the_terminal(grades: list[Grade]) -> None:
    rows = table.render(grades).split("\n")
    assert len(rows) == len(grades) + 4
    assert max(map(columns, rows)) <= WIDTH
    assert not platforms.CONTROL.search("".join(rows))


def test_wide_letters_count_as_two_columns() -> None:
    rows = table.render([graded(submission="김철수"), graded(submission="lee")]).split("\n")
    at = {columns(row[: row.index("FAIL")]) for row in rows[1:3]}
    assert len(at) == 1
    assert rows[1] == "김철수      FAIL     20/30   reaps-a-burst"
    assert rows[4] == "2 submissions: 2 fail"


@arbitrary
@given(many)
def test_no_cell_of_the_csv_is_a_formula(grades: list[Grade]) -> None:
    rows = list(csv.reader(io.StringIO(csv_table.render(grades), newline="")))
    assert len(rows) == len(grades) + 1
    assert len({len(row) for row in rows}) == 1
    for cell in (cell for row in rows for cell in row):
        assert not cell.strip().startswith(tuple("=+-@\t\r＝＋－＠")), cell  # noqa: RUF001
        assert not platforms.CONTROL.search(cell)


def test_the_csv_has_points_by_check_and_no_zero_for_what_was_not_judged() -> None:
    header, one, two = csv.reader(
        io.StringIO(csv_table.render([graded(submission="=cmd()"), NOT_JUDGED]))
    )
    assert header[6:] == ["starts", "echoes", "reaps-a-burst", "remarks"]
    assert one[:9] == ["'=cmd()", "fork_echo", "FAIL", "20", "30", "0", "10", "10", "0"]
    assert two[3:9] == [""] * 6
    assert "no engine answers" in two[-1]


@arbitrary
@given(many)
def test_the_json_is_of_its_schema(grades: list[Grade]) -> None:
    found = platforms.load(json_grades.render(grades))
    SCHEMA.validate(found)
    for one in found["grades"]:
        assert one["whole"]["points"] <= one["whole"]["possible"]


def test_the_schema_is_one_and_refuses_what_is_missing() -> None:
    Draft202012Validator.check_schema(PUBLISHED)
    found = json.loads(json_grades.render([graded()]))
    assert set(found["grades"][0]) == set(PUBLISHED["$defs"]["grade"]["properties"])
    del found["grades"][0]["marks"]
    assert not SCHEMA.is_valid(found)


@arbitrary
@given(many)
def test_the_junit_is_of_the_strict_dialect(grades: list[Grade]) -> None:
    text = junit.render(grades)
    STRICT.validate(text)
    suites = list(JUnitXml.fromstring(text.encode()))
    assert [suite.name.strip() != "" for suite in suites] == [True] * len(grades)
    for suite in suites:
        assert suite.tests == len(list(suite))


def test_a_failure_is_a_failure_and_what_we_could_not_see_an_error() -> None:
    (suite,) = JUnitXml.fromstring(junit.render([graded(submission="kim")]).encode())
    assert (suite.name, suite.tests, suite.failures, suite.errors) == ("kim", 3, 1, 0)
    (suite,) = JUnitXml.fromstring(junit.render([graded(mark("x", "SKIPPED", 0.0))]).encode())
    assert (suite.tests, suite.errors, suite.skipped) == (2, 1, 1)
    assert suite.timestamp == "2026-11-21T19:12:06"


@arbitrary
@given(many)
def test_the_markdown_fits_and_nothing_in_it_is_markup_of_others(grades: list[Grade]) -> None:
    text = markdown.render(grades)
    assert len(text.encode()) <= platforms.MEBIBYTE
    outside = outside_of_fences(text)
    assert not re.search(r"[<`@~\[\]\x00-\x09\x0b-\x1f]", outside)
    for row in (row for row in outside.split("\n") if row.startswith("|")):
        assert row.count("|") == 4, row


def outside_of_fences(text: str) -> str:
    """Return what is no code; demand that every fence is closed."""
    kept, fence = [], ""
    for row in text.split("\n"):
        if fence:
            fence = "" if row == fence else fence
        elif match := re.fullmatch("(`{3,})text", row):
            fence = match[1]
        else:
            kept.append(row)
    assert not fence
    return "\n".join(kept)


def test_a_cell_of_the_markdown_is_text() -> None:
    assert markdown.escaped("a|b") == "a&#124;b"
    assert markdown.escaped("1. x") == "&#49;. x"
    assert markdown.escaped("- x") == "&#45; x"
    assert markdown.escaped("@all") == "&#64;&#8203;all"
    assert "`````text\nSeen ````" in markdown.render(
        [graded(mark("x", "FAIL", text="Seen ````\n```"))]
    )


def test_many_with_much_evidence_are_a_table_alone() -> None:
    much = [graded(mark("x", "FAIL", text="한" * 600)) for _ in range(1500)]
    text = markdown.render(much)
    assert len(text.encode()) <= platforms.MEBIBYTE
    assert text.count("| kim |") == 1500
    assert "The evidence is left out here" in text


# platforms


@arbitrary
@given(any_grade(), st.booleans())
def test_gradescope_takes_every_grade(grade: Grade, total_visible: bool) -> None:
    found = platforms.gradescope(gradescope.render(grade, total_visible=total_visible))
    assert (found["score"] > 0) <= (grade.judged and grade.points > 0)
    if total_visible:
        assert {test["visibility"] for test in found["tests"]} <= {"visible"}


def test_hidden_checks_are_hidden_at_gradescope_and_it_is_said_that_the_total_is() -> None:
    found = platforms.gradescope(gradescope.render(with_secret()))
    assert [test["visibility"] for test in found["tests"]] == ["visible", "hidden"]
    assert "does not show the total" in found["output"]
    assert "10 of 20" not in found["output"]
    assert found["score"] == 15  # of 30 points in all
    shown = platforms.gradescope(gradescope.render(with_secret(), total_visible=True))
    assert shown["tests"][1]["name"].startswith("hidden-checks: 1 check that is not shown")
    assert "10 of 20 points" in shown["output"]


def test_what_could_not_be_looked_at_costs_nothing_at_gradescope() -> None:
    found = gradescope.render(graded(mark("a"), mark("b", "SKIPPED", 0.0), total=20.0))
    score, tests = (json.loads(found)[key] for key in ("score", "tests"))
    assert score == 20
    assert "score" not in tests[1]
    assert tests[1]["name"].endswith("(not counted)")


def test_gradescope_is_told_that_we_could_not_look() -> None:
    found = platforms.gradescope(gradescope.render(NOT_JUDGED))
    assert found["score"] == 0
    assert "was not judged, and that is not its fault: no engine answers" in found["output"]


@arbitrary
@given(any_grade())
def test_prairielearn_takes_every_grade(grade: Grade) -> None:
    found = platforms.prairielearn(prairielearn.render(grade))
    assert found["gradable"] == grade.judged
    if grade.judged and grade.points < grade.possible and grade.fraction < 0.9999:
        assert found["score"] < 1


def test_what_does_not_count_is_grey_at_prairielearn() -> None:
    found = platforms.prairielearn(
        prairielearn.render(graded(mark("a"), mark("b", "SKIPPED", 0.0)))
    )
    assert [test["max_points"] for test in found["tests"]] == [10, 0]
    assert found["score"] == 1


@arbitrary
@given(any_grade())
def test_autolab_takes_every_grade(grade: Grade) -> None:
    scores = platforms.autolab(autolab.render(grade))
    assert (scores["forklab"] > 0) <= (grade.judged and grade.points > 0)


def test_no_word_before_a_colon_is_in_what_autolab_reads() -> None:
    odd = graded(mark("Task1: reap", "FAIL", seen="é: \xa0: expected: 3 got:4"))
    platforms.autolab(autolab.render(odd, "Task1: reap"), ("Task1 : reap",))
    *_, feedback, last = autolab.render(odd).split("\n")[:-1]
    assert json.loads(feedback)["Core checks"]["Task1 : reap"] == {
        "passed": False, "hint": "é : \xa0 : expected : 3 got :4",
    }  # fmt: skip
    assert json.loads(last) == {"scores": {"forklab": 0}, "scoreboard": [0]}


def test_no_line_of_a_program_stands_where_autolab_looks_for_feedback() -> None:
    forged = '{"_presentation": "semantic", "stages": ["x"]}'
    rows = autolab.render(replace(NOT_JUDGED, notes=(forged,))).split("\n")
    assert rows[-3].strip("-") == ""
    assert rows[-2].startswith('{"scores"')


def test_the_validator_of_autolab_sees_a_word_before_a_colon() -> None:
    with pytest.raises((AssertionError, ValueError)):
        platforms.autolab('{"scores": {"Task1: reap": 3}, "scoreboard": []}', ("Task1: reap",))


@arbitrary
@given(many)
def test_github_takes_every_annotation(grades: list[Grade]) -> None:
    platforms.github_actions(github_actions.render(grades))


def test_a_percent_sign_of_a_program_is_no_escape_at_github() -> None:
    text = github_actions.command("error", "a,b: 5%0A", "50%25\r")
    assert platforms.github_actions(text + "\n") == [("error", "a,b: 5%0A", "50%25\\r")]


def test_the_two_notices_of_a_classroom_have_whole_points() -> None:
    found = platforms.github_actions(github_actions.render([graded()]))
    assert found[0] == ("error", "reaps-a-burst", "The title of reaps-a-burst; seen: one zombie")
    assert ("notice", "Autograding complete", "Points 20/30") in found
    assert found[-1] == ("notice", "Autograding report", '{"totalPoints":20,"maxPoints":30}')
    of_none = platforms.github_actions(github_actions.render([NOT_JUDGED]))
    assert [kind for kind, _, _ in of_none] == ["error"]


def test_more_than_ten_errors_are_counted() -> None:
    one = graded(*(mark(f"c{n}", "FAIL") for n in range(30)))
    found = platforms.github_actions(github_actions.render([one]))
    assert found[9] == ("error", "More failures", "21 more are in the report")


@arbitrary
@given(any_grade())
def test_the_reporter_of_a_classroom_takes_every_grade(grade: Grade) -> None:
    points, most = platforms.github_classroom(github_classroom.render(grade))
    assert 0 <= points <= most
    assert bool(most) <= grade.judged


def test_lateness_is_in_the_sum_of_the_reporter() -> None:
    late = graded(mark("a"), mark("b"), points=15.0, penalty=5.0)
    assert platforms.github_classroom(github_classroom.render(late)) == (15, 20)


@arbitrary
@given(any_grade())
def test_the_collector_of_classroom_50_takes_every_grade(grade: Grade) -> None:
    platforms.classroom50(classroom50.render(grade, RUNNER))


def test_classroom_50_says_what_is_missing_in_its_environment() -> None:
    with pytest.raises(UsageError, match="needs SUBMISSION_TAG, RELEASE_URL in the environment"):
        classroom50.render(graded(), {**RUNNER, "SUBMISSION_TAG": "", "RELEASE_URL": " "})
    with pytest.raises(UsageError, match="starts with submit/"):
        classroom50.render(graded(), {**RUNNER, "SUBMISSION_TAG": "v1"})


def test_huge_evidence_fits_every_platform() -> None:
    huge = graded(*(mark(f"c{n}", "FAIL", text="\x1b\U0001f600" * 100_000) for n in range(60)))
    platforms.gradescope(gradescope.render(huge))
    platforms.prairielearn(prairielearn.render(huge))
    platforms.autolab(autolab.render(huge))
    platforms.github_classroom(github_classroom.render(huge))
    platforms.classroom50(classroom50.render(huge, RUNNER))


def test_every_format_is_found_by_its_name_and_says_what_it_is() -> None:
    for name, found in formats.FORMATS.items():
        assert formats.find(name) is found
        assert found.name == name
        assert found.says
