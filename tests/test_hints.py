"""Every check has hints; none of them is code; a bad file is one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forklab import hints, tree
from forklab.errors import UsageError

COMMON = (
    "starts", "bad-usage", "echoes", "echoes-any-bytes", "echoes-a-large-stream",
    "answers-a-half-close", "serves-many-at-once", "survives-a-reset", "survives-a-slow-reader",
    "does-not-spin", "leaks-nothing", "stops-clean",
)  # fmt: skip
FORK_ECHO = (
    "a-child-per-connection", "parent-closes-the-connection", "child-closes-the-listener",
    "child-holds-no-other-client", "reaps-each-child", "reaps-within-a-second", "reaps-a-burst",
    "reaps-while-busy", "accept-survives-sigchld", "survives-fork-failure",
    "survives-descriptor-shortage", "waits-out-a-shortage", "a-killed-child-hurts-nobody",
)  # fmt: skip
PREFORK = (
    "forks-in-advance", "forks-for-nobody", "passes-the-connection", "dispatcher-closes-its-copy",
    "workers-do-not-accept", "one-channel-each", "channels-are-private", "spreads-over-workers",
    "the-next-one-waits-or-is-told", "comes-back-to-idle", "survives-a-killed-worker",
    "replaces-a-killed-worker", "workers-end-with-the-dispatcher", "takes-any-pool-size",
    "survives-a-stopped-worker",
)  # fmt: skip
SPLIT_CLIENT = (
    "two-processes", "sends-what-is-typed", "prints-what-arrives", "prints-without-being-asked",
    "sends-while-nothing-arrives", "half-closes-on-q", "half-closes-on-end-of-input",
    "ends-when-the-server-closes", "leaves-no-orphan", "reaps-its-child", "long-lines", "no-server",
)  # fmt: skip
CHECKS = [
    *(("fork_echo", check_id) for check_id in (*COMMON, *FORK_ECHO)),
    *(("prefork", check_id) for check_id in (*COMMON, *PREFORK)),
    *(("split_client", check_id) for check_id in SPLIT_CLIENT),
]
CODE = re.compile(r";$|[{}]|==|\w\(\)|\b(if|while|for) *\(|->|\w\([a-z&-]")


@pytest.mark.parametrize(("lab", "check_id"), CHECKS)
def test_each_check_has_a_question_a_place_to_read_and_a_shape(lab: str, check_id: str) -> None:
    question, reading, shape = hints.hints(lab, check_id)

    assert "?" in question
    assert re.search(r"\w\(\d\)", reading), "a man page with its section"
    assert "?" not in shape


def test_no_hint_is_for_a_check_that_does_not_exist() -> None:
    labs = tree.root() / "labs"

    assert set(hints.read(labs / "hints.toml")) == set(COMMON)
    assert set(hints.read(labs / "fork_echo/hints.toml")) <= {*COMMON, *FORK_ECHO}
    assert set(hints.read(labs / "prefork/hints.toml")) <= {*COMMON, *PREFORK}
    assert set(hints.read(labs / "split_client/hints.toml")) == set(SPLIT_CLIENT)


@pytest.mark.parametrize(("lab", "check_id"), CHECKS)
def test_no_hint_is_code_and_none_is_long(lab: str, check_id: str) -> None:
    for text in hints.hints(lab, check_id):
        assert not CODE.search(re.sub(r"\w+\(\d\)", "", text)), text
        assert len(text) < 320


def test_an_unknown_check_has_none() -> None:
    assert hints.hints("fork_echo", "flies") == ()


def test_a_labs_own_hints_replace_the_common_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labs/mine").mkdir(parents=True)
    (tmp_path / "labs/hints.toml").write_text('a = ["common"]\nb = ["common b"]\n')
    (tmp_path / "labs/mine/hints.toml").write_text('a = ["own\\n  one"]\n')
    monkeypatch.setattr(tree, "root", lambda: tmp_path)

    assert hints.hints("mine", "a") == ("own one",)
    assert hints.hints("mine", "b") == ("common b",)
    assert hints.hints("other", "a") == ("common",)


@pytest.mark.parametrize(
    "text", ["a = [", 'a = "x"', "a = []", "a = [1]", 'a = ["1", "2", "3", "4"]', "[a]\nb = 1"]
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hints.toml"
    path.write_text(text)

    with pytest.raises(UsageError, match="cannot be used") as told:
        hints.read(path)
    assert "\n" not in str(told.value)
