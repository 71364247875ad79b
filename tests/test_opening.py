"""A sandbox that is opened while something else goes on, and one that cannot be opened."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from forklab.errors import SandboxError
from forklab.sandbox import opening
from forklab.sandbox.opening import Opening


class Agent:
    """A link to an agent that answers until it is gone."""

    is_gone = False

    def __str__(self) -> str:
        return "link"

    def call(self, op: str) -> None:
        if self.is_gone:
            raise SandboxError("the agent in the sandbox is gone")


class Fake:
    """A sandbox that says what becomes of it."""

    def __init__(self, trouble: Exception | None = None) -> None:
        self.trouble = trouble
        self.agent = Agent()
        self.said: list[str] = []

    def __str__(self) -> str:
        return "the fake"

    @contextmanager
    def open(self) -> Iterator[Agent]:
        if self.trouble:
            raise self.trouble
        self.said.append("opened")
        yield self.agent
        self.said.append("closed")


def begin(monkeypatch: pytest.MonkeyPatch, sandbox: Fake) -> Opening:
    monkeypatch.setattr(opening, "choose", lambda kind, say, cpus: sandbox)
    return Opening("docker", lambda line: None)


def test_it_is_open_when_it_was_waited_for_and_closed_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = Fake()
    with begin(monkeypatch, sandbox) as opened:
        assert [str(found) for found in opened.wait()] == ["the fake", "link"]
    assert sandbox.said == ["opened", "closed"]


def test_the_kind_is_told_also_where_none_was_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "by_itself", lambda say: "bubblewrap")
    monkeypatch.setattr(opening, "choose", lambda kind, say, cpus: Fake())
    with Opening("", lambda line: None) as opened:
        assert opened.kind == "bubblewrap"
    with begin(monkeypatch, Fake()) as opened:
        assert opened.kind == "docker"


def test_it_is_closed_even_if_nobody_waited_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    sandbox = Fake()
    with begin(monkeypatch, sandbox):
        pass
    assert sandbox.said == ["opened", "closed"]


def test_why_it_cannot_be_opened_is_said_each_time_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with begin(monkeypatch, Fake(SandboxError("the engine is gone"))) as opened:
        for _ in range(2):
            with pytest.raises(SandboxError, match="the engine is gone"):
                opened.wait()


def test_why_there_is_no_engine_is_said_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def choose(kind: str, say: object, cpus: float | None) -> None:
        raise SandboxError("no engine answers")

    monkeypatch.setattr(opening, "choose", choose)
    opened = Opening("docker", lambda line: None)
    with opened, pytest.raises(SandboxError, match="no engine answers"):
        opened.wait()


def test_a_sandbox_that_ended_before_it_was_used_is_known_to_be_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sandbox = Fake()
    with begin(monkeypatch, sandbox) as opened:
        opened.wait()
        assert not opened.is_lost()
        sandbox.agent.is_gone = True
        assert opened.is_lost()
    with begin(monkeypatch, Fake(SandboxError("the engine is busy"))) as opened:
        with pytest.raises(SandboxError):
            opened.wait()
        assert opened.is_lost()
