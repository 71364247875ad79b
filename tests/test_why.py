"""`forklab why LAB`: every check explained, once the last run has passed the core checks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab import hints, labs, mutants, session, why
from forklab.cli import main
from forklab.hints.words import WORDS
from forklab.reports.folder import RunFolder
from forklab.reports.text import WIDTH, columns
from forklab.results import record
from forklab.results.record import Check, Verdict
from tests import report_samples as samples


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORKLAB_LANG", "en")


def ask(runs: Path, *words: str) -> Result:
    """Call `forklab why fork-echo`."""
    return CliRunner().invoke(main, ["why", "fork-echo", *words, "--runs", str(runs)])


def ran(runs: Path, **verdicts: Verdict) -> None:
    """Keep a run in which all checks passed but those that are named, underscores for dashes."""
    run = samples.all_pass()
    run.results = [
        record.Result(check, verdicts.get(check.id.replace("-", "_"), Verdict.PASS), 0.1)
        for check in session.checks_of("fork_echo")
        if verdicts.get(check.id.replace("-", "_"), Verdict.PASS) is not None
    ]
    folder = runs / "fork_echo/2026-11-22T10-00-00Z"
    folder.mkdir(parents=True)
    RunFolder(folder).finish(run)


def test_it_waits_for_a_run(tmp_path: Path) -> None:
    done = ask(tmp_path)
    assert done.exit_code == 2
    assert "fork-echo was not run yet: `make lab-fork-echo PROGRAM=path`" in done.output
    assert done.output.count("\n") == 1


def test_it_names_the_core_checks_that_are_missing(tmp_path: Path) -> None:
    ran(tmp_path, echoes=Verdict.BROKEN, reaps_a_burst=Verdict.FAIL, bad_usage=Verdict.FAIL)
    done = ask(tmp_path)
    assert done.exit_code == 2
    assert "still missing: echoes, reaps-a-burst. `forklab why fork-echo --anyway`" in done.output
    assert done.output.count("\n") == 1


def test_it_opens_when_all_core_checks_passed(tmp_path: Path) -> None:
    ran(tmp_path, bad_usage=Verdict.FAIL, stops_clean=Verdict.SKIPPED)
    done = ask(tmp_path)
    assert done.exit_code == 0
    assert done.output.startswith("Fork echo server: one child per connection\n====")


def test_what_cannot_be_shown_here_keeps_nothing_closed(tmp_path: Path) -> None:
    ran(tmp_path, reaps_a_burst=Verdict.SKIPPED)
    assert ask(tmp_path).exit_code == 0


def test_anyway_needs_no_run(tmp_path: Path) -> None:
    assert ask(tmp_path, "--anyway").exit_code == 0


def test_what_it_collects_is_the_lab_as_it_is_run() -> None:
    found = session.checks_of("prefork")
    assert {check.lab for check in found} == {"prefork"}
    assert found[0].id == "starts"
    assert len({check.id for check in found}) == len(found) > 20


@pytest.mark.parametrize("language", WORDS)
@pytest.mark.parametrize("lab", labs.names())
def test_the_page_has_everything_of_every_check(
    lab: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORKLAB_LANG", language)
    info, checks = labs.read(lab), session.checks_of(lab)
    page = why.page(WORDS[language], info, checks)
    flat = " ".join(page.split())

    for check in checks:
        assert f"\n{check.id}\n" in page
        assert check.requirement in flat
        assert check.reason in flat
        for number, text in enumerate(hints.hints(lab, check.id, language), 1):
            assert f"{number}. {text}" in flat
    for program in mutants.programs(info):
        assert not program.is_mutant or program.path.name in page
    assert max(map(columns, page.splitlines())) <= WIDTH
    assert page.index(WORDS[language].core) < page.index(WORDS[language].robust)


def test_core_and_robust_are_apart() -> None:
    checks = [Check("b", "fork_echo", "robust", "B", ""), Check("a", "fork_echo", "core", "A", "")]
    page = why.page(WORDS["en"], labs.read("fork_echo"), checks)
    assert page.index("\na\n") < page.index("Robust: what a careful") < page.index("\nb\n")


def test_the_same_mistake_in_two_languages_is_one_question() -> None:
    asked = why.questions(labs.read("fork_echo"))["reaps-a-burst"]
    assert asked["... one waitpid() per SIGCHLD, so coalesced signals leave zombies?"] == [
        "reaps_once_per_signal.c",
        "reaps_once_per_signal.py",
    ]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ('"""Mutant of x: it dies.\n\nFails: a\n"""\n', "... it dies?"),
        ('"""Mutant of x: it\ndies.\n\nFails: a\n"""\n', "... it dies?"),
        ("/*\n * Mutant of x: it\n * dies.\n *\n * Fails: a\n */\n", "... it dies?"),
        ("int main(void);\n", "... it dies at once?"),
    ],
)
def test_the_sentence_of_a_head_is_a_question(tmp_path: Path, text: str, question: str) -> None:
    path = tmp_path / "it_dies_at_once.c"
    path.write_text(text)
    assert why.question(path) == question


@pytest.mark.parametrize("lab", labs.names())
def test_every_mutant_has_a_sentence(lab: str) -> None:
    for program in mutants.programs(labs.read(lab)):
        if program.is_mutant:
            assert why.question(program.path) != f"... {program.path.stem.replace('_', ' ')}?"
