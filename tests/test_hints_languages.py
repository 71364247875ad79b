"""Hints in two languages: which one is wanted, and both files say the same of the same checks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from string import Formatter

import pytest
from click.testing import CliRunner

from forklab import hints, tree
from forklab.cli import main
from forklab.errors import UsageError
from forklab.hints.language import LANGUAGES
from forklab.hints.words import ENGLISH, WORDS, Words
from tests.test_hints import CODE

LABS = tree.root() / "labs"
FILES = sorted(LABS.glob("**/hints.toml"))
HANGUL = re.compile(r"[가-힣]")
MANUAL = re.compile(r"\b_?\w+\(\d\)")


def korean(path: Path) -> Path:
    """The Korean file beside an English one."""
    return path.with_name("hints.ko.toml")


def shown(path: Path) -> str:
    """A name for a test."""
    return str(path.relative_to(LABS))


def pairs() -> list[object]:
    """Each English hint with its Korean one, of every lab."""
    return [
        pytest.param(english, translated, id=f"{shown(path)}-{check}-{level}")
        for path in FILES
        for check, ladder in hints.read(path).items()
        for level, (english, translated) in enumerate(
            zip(ladder, hints.read(korean(path)).get(check, ()), strict=False), 1
        )
    ]


# which language


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko"}, "ko"),
        ({"LANG": "ko.EUC-KR@x"}, "ko"),
        ({"LANG": "kok_IN"}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "en_GB", "LC_MESSAGES": "ko_KR"}, "ko"),
        ({"LANG": "ko_KR", "LC_MESSAGES": "en_GB"}, "en"),
        ({"LC_ALL": "C", "LC_MESSAGES": "ko_KR", "LANG": "ko_KR"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "", "LANG": "ko_KR"}, "ko"),
        ({"FORKLAB_LANG": "ko", "LC_ALL": "C"}, "ko"),
        ({"FORKLAB_LANG": "en", "LC_ALL": "ko_KR.UTF-8"}, "en"),
        ({"FORKLAB_LANG": "", "LC_ALL": "ko_KR.UTF-8"}, "ko"),
    ],
)
def test_the_setting_decides_then_the_locale(environ: Mapping[str, str], wanted: str) -> None:
    assert hints.language(environ) == wanted


@pytest.mark.parametrize("word", ["fr", "KO", "ko_KR.UTF-8", "korean"])
def test_an_unknown_language_is_one_sentence(word: str) -> None:
    with pytest.raises(UsageError, match=f"FORKLAB_LANG={word} is no language") as told:
        hints.language({"FORKLAB_LANG": word})
    assert str(told.value).endswith("give en or ko")


def test_a_run_is_not_begun_for_an_unknown_language(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORKLAB_LANG", "fr")
    done = CliRunner().invoke(main, ["check", "fork-echo", "--runs", str(tmp_path / "runs")])
    assert done.exit_code == 2
    assert done.output.startswith("forklab: FORKLAB_LANG=fr is no language")
    assert done.output.count("\n") == 1
    assert not (tmp_path / "runs").exists()


# the files


def test_every_lab_has_hints_in_both_languages() -> None:
    labs = {path.parent for path in LABS.glob("*/lab.toml")} | {LABS}
    assert {path.parent for path in FILES} == labs
    assert {path.parent for path in LABS.glob("**/hints.ko.toml")} == labs


@pytest.mark.parametrize("path", FILES, ids=shown)
def test_both_files_speak_of_the_same_checks_as_often(path: Path) -> None:
    english, translated = hints.read(path), hints.read(korean(path))
    assert list(translated) == list(english)
    assert {check: len(texts) for check, texts in translated.items()} == {
        check: len(texts) for check, texts in english.items()
    }


@pytest.mark.parametrize(("english", "translated"), pairs())
def test_a_translation_says_the_same_of_the_same_things(english: str, translated: str) -> None:
    assert HANGUL.search(translated)
    assert not HANGUL.search(english)
    assert ("?" in english) == ("?" in translated)
    assert set(MANUAL.findall(english)) == set(MANUAL.findall(translated))
    # a particle may stand right behind a word, so only Latin letters make a word of code
    assert not re.search(CODE.pattern, MANUAL.sub("", translated), re.ASCII), translated
    assert len(translated) < 320


def test_a_language_is_taken_where_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "labs/mine").mkdir(parents=True)
    (tmp_path / "labs/hints.toml").write_text('a = ["common a"]\nb = ["common b"]\nc = ["c"]\n')
    (tmp_path / "labs/hints.ko.toml").write_text('a = ["공통 a"]\nb = ["공통 b"]\n')
    (tmp_path / "labs/mine/hints.toml").write_text('a = ["own a"]\nb = ["own b"]\n')
    (tmp_path / "labs/mine/hints.ko.toml").write_text('a = ["자기 a"]\n')
    monkeypatch.setattr(tree, "root", lambda: tmp_path)

    assert hints.hints("mine", "a", "ko") == ("자기 a",)
    assert hints.hints("mine", "a", "en") == ("own a",)
    assert hints.hints("mine", "b", "ko") == ("own b",), "of another hint it is no translation"
    assert hints.hints("mine", "c", "ko") == ("c",)
    monkeypatch.setenv("FORKLAB_LANG", "ko")
    assert hints.hints("other", "a") == ("공통 a",)


# the sentences around them


def test_every_language_has_its_words() -> None:
    assert tuple(WORDS) == LANGUAGES


@pytest.mark.parametrize("name", [field.name for field in fields(Words)])
def test_the_words_of_each_language_have_the_same_places(name: str) -> None:
    def places(text: str) -> set[str | None]:
        return {place for _, place, _, _ in Formatter().parse(text) if place is not None}

    for words in WORDS.values():
        assert places(asdict(words)[name]) == places(asdict(ENGLISH)[name])
