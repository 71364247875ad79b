"""Every check has hints; none of them is code; a bad file is one sentence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forklab import hints, labs, tree
from forklab.errors import UsageError
from scenarios.servers import ServerChecks
from tests.scenarios import ids_of, scenario_of

COMMON = set(ids_of(ServerChecks))
CHECKS = [(lab, check_id) for lab in labs.names() for check_id in ids_of(scenario_of(lab))]
CODE = re.compile(r";$|[{}]|==|\w\(\)|\b(if|while|for) *\(|->|\w\([a-z&-]")


@pytest.mark.parametrize(("lab", "check_id"), CHECKS)
def test_each_check_has_a_question_a_place_to_read_and_a_shape(lab: str, check_id: str) -> None:
    question, reading, shape = hints.hints(lab, check_id)

    assert "?" in question
    assert re.search(r"\w\(\d\)", reading), "a man page with its section"
    assert "?" not in shape


def test_no_hint_is_for_a_check_that_does_not_exist() -> None:
    folder = tree.root() / "labs"

    assert set(hints.read(folder / "hints.toml")) == COMMON
    for lab in labs.names():
        assert set(hints.read(folder / lab / "hints.toml")) <= set(ids_of(scenario_of(lab))), lab


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


def test_a_lab_that_extends_another_has_its_hints_and_may_replace_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, text in (
        ("labs", 'a = ["common a"]\nb = ["common b"]\nc = ["common c"]\n'),
        ("labs/base", 'b = ["base b"]\nc = ["base c"]\n'),
        ("labs/mine", 'c = ["own c"]\n'),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "hints.toml").write_text(text)
    (tmp_path / "labs/mine/lab.toml").write_text('extends = "base"\n')
    monkeypatch.setattr(tree, "root", lambda: tmp_path)

    found = [hints.hints("mine", check_id, "en") for check_id in "abc"]
    assert found == [("common a",), ("base b",), ("own c",)]

    (tmp_path / "labs/mine/lab.toml").write_text("extends = ")
    assert hints.hints("mine", "b", "en") == ("common b",)
