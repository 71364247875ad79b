"""Whose fault it is: the type of what a check raised becomes its verdict."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from forklab import errors, plugin
from forklab.checks.declare import check
from forklab.errors import (
    CheckFailure,
    LabBroken,
    LabUnsupported,
    NotReady,
    Overrun,
    ProbeError,
    SandboxError,
)
from forklab.plugin import PATIENCE_S, Spent
from forklab.program.source import NoProgram
from forklab.results.record import Check, Result, Verdict

STARTS = Check("starts", "fork_echo", "core", "It listens", "Else nothing can be seen.")


def skipped(reason: str) -> BaseException:
    """What pytest.skip raises."""
    with pytest.raises(pytest.skip.Exception) as told:
        pytest.skip(reason)
    return told.value


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (None, Verdict.PASS),
        (CheckFailure("it holds", "it does not"), Verdict.FAIL),
        (NotReady("it listens", "it does not"), Verdict.FAIL),
        (Overrun("few processes", "many"), Verdict.FAIL),
        (NoProgram("there is no file"), Verdict.FAIL),
        (LabUnsupported("this kernel does not tell"), Verdict.SKIPPED),
        (skipped("because of echoes"), Verdict.SKIPPED),
        (SandboxError("the engine went away"), Verdict.BROKEN),
        (ProbeError("no such field"), Verdict.BROKEN),
        (LabBroken("something"), Verdict.BROKEN),
        (KeyError("key"), Verdict.BROKEN),
        (AssertionError("of our own"), Verdict.BROKEN),
    ],
)
def test_the_type_says_whose_fault_it_is(error: BaseException | None, verdict: Verdict) -> None:
    result = plugin.judge(STARTS, error, None, 0.25)

    assert (result.verdict, result.seconds) == (verdict, 0.25)
    assert bool(result.trace) == (verdict is Verdict.BROKEN)
    assert bool(result.reason) == (verdict in (Verdict.BROKEN, Verdict.SKIPPED))


def test_a_failure_keeps_its_words_and_gets_a_hint() -> None:
    failure = CheckFailure("it holds", "it does not")
    failure.waited = "looked 21 times in 5.0 s"

    result = plugin.judge(STARTS, failure, None, 0.0)

    assert (result.expected, result.seen) == ("it holds", "it does not")
    assert result.waited == "looked 21 times in 5.0 s"
    assert result.hint.endswith("?")
    assert str(failure) == "expected: it holds; seen: it does not"


def test_what_cannot_be_built_needs_no_hint() -> None:
    assert plugin.judge(STARTS, NoProgram("no file"), None, 0.0).hint == ""


@pytest.mark.parametrize(
    ("error", "reason", "because"),
    [
        (skipped("because of echoes"), "because of echoes", "echoes"),
        (skipped("on a whim"), "on a whim", ""),
        (LabUnsupported("one worker only"), "one worker only", ""),
    ],
)
def test_a_skipped_check_says_why(error: BaseException, reason: str, because: str) -> None:
    result = plugin.judge(STARTS, error, None, 0.0)

    assert (result.reason, result.because, result.counts) == (reason, because, bool(because))


def test_a_surprise_is_named_with_its_type() -> None:
    assert plugin.judge(STARTS, KeyError("fds"), None, 0.0).reason == "KeyError: 'fds'"


def test_marks_are_copied() -> None:
    marks: dict[int, str] = {10: "a"}
    failure = CheckFailure("a", "b", marks=marks)
    marks[11] = "b"

    assert failure.marks == {10: "a"}


def test_the_tree_of_errors_stands_in_its_docstring() -> None:
    assert errors.__doc__ is not None
    for name, found in vars(errors).items():
        if isinstance(found, type) and issubclass(found, Exception):
            assert name in errors.__doc__


def an_item(method: Callable[..., object], lab: str | None) -> Any:
    """As much of a pytest item as is looked at."""
    return SimpleNamespace(function=method, cls=SimpleNamespace(lab=lab) if lab else None)


def test_a_check_is_made_of_its_declaration_and_its_lab() -> None:
    @check("a-check", "robust", needs=("starts",), weight=0.5)
    def judged() -> None:
        """It holds.

        It matters.
        """

    found = plugin.check_of(an_item(judged, "prefork"))

    assert found == Check(
        "a-check", "prefork", "robust", "It holds", "It matters.", 0.5, ("starts",)
    )
    assert plugin.check_of(an_item(judged, None)) is None
    assert plugin.check_of(an_item(skipped, "prefork")) is None


def took(verdict: Verdict, seconds: float, name: str) -> Result:
    check = Check(name, "fork_echo", "core", "It does so", "Because")
    return Result(check, verdict, seconds)


def test_a_program_that_is_late_everywhere_is_late_for_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("FORKLAB_TIMEOUT_SCALE", raising=False)
    spent = Spent()
    spent.note(took(Verdict.FAIL, PATIENCE_S * 0.6, "echoes"))
    spent.note(took(Verdict.FAIL, PATIENCE_S * 0.3, "starts"))
    assert spent.culprit() == ""
    spent.note(took(Verdict.FAIL, PATIENCE_S * 0.2, "reaps"))
    assert spent.culprit() == "echoes"
    monkeypatch.setenv("FORKLAB_TIMEOUT_SCALE", "2")
    assert spent.culprit() == ""


@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.SKIPPED, Verdict.BROKEN])
def test_no_machine_is_too_slow_for_what_does_not_fail(verdict: Verdict) -> None:
    spent = Spent()
    spent.note(took(verdict, 10 * PATIENCE_S, "echoes"))
    assert spent.culprit() == ""
