"""The scripts of demos: what is wrong in one is told in a sentence; those of the labs are whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from forklab import labs
from forklab.demos import expectations, script, verbs
from forklab.demos.script import Script
from forklab.errors import UsageError
from forklab.reports.text import columns

STEP = """
[[step]]
id = "{id}"
title = "t"
say = "s"
ask = "a"
answer = "b"
look = "l"
do = {do}
expect = {expect}
"""
DO = '["start", "look ps"]'
EXPECT = '["no zombies"]'
BOTH = [(lab, language) for lab in labs.names() for language in ("en", "ko")]


def text(first: str = DO, expect: str = EXPECT, count: int = 5) -> str:
    """Return a script of *count* steps, of which the first one does and expects this."""
    steps = [STEP.format(id="one", do=first, expect=expect)]
    steps += [STEP.format(id=f"s{n}", do='["look ps"]', expect=EXPECT) for n in range(1, count)]
    return 'title = "T"\n' + "".join(steps)


def read(folder: Path, english: str, korean: str = "", language: str = "en") -> Script:
    """Read these texts as the demo of a lab."""
    (folder / "demo.toml").write_text(english)
    if korean:
        (folder / "demo.ko.toml").write_text(korean)
    return script.read(replace(labs.read("fork_echo"), folder=folder), language)


def test_a_script_is_steps_with_verbs_and_expectations(tmp_path: Path) -> None:
    found = read(tmp_path, text('["start mutant a_b.py", "kill child-1 SIGTERM", "look ps"]'))
    assert [step.id for step in found.steps] == ["one", "s1", "s2", "s3", "s4"]
    first = found.steps[0]
    assert first.starts
    assert first.do[1] == verbs.Verb("kill", ("child-1", "SIGTERM"))
    assert [one.text for one in first.at_look(1)] == ["no zombies"]
    assert not found.steps[1].starts


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (text('["dance", "look ps"]'), "step one: 'dance' is nothing that can be done; the verbs"),
        (text('["start", "await rain", "look ps"]'), "step one: 'rain' is nothing that can be ex"),
        (text(expect='["it works"]'), "step one: 'it works' is nothing that can be expected"),
        (text(expect='["at look 2: no zombies"]'), "step one: it needs a look, and an expectation"),
        (text('["start"]'), "step one: it needs a look"),
        (text(expect="[]"), "step one: it needs a look, and an expectation"),
        (text('["look ps"]'), "needs 5 steps at least, and the first one starts a program"),
        (text(count=4), "needs 5 steps at least"),
        (text().replace('ask = "a"', 'asks = "a"', 1), "step one: 'ask' is missing"),
        (text().replace('ask = "a"', 'ask = "a"\nzoo = 1', 1), "step one: 'zoo' is unknown"),
        ("title = [", "cannot be used"),
        ("[[step]]\nid = 1", "needs a title, and"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_file_and_step(
    tmp_path: Path, wrong: str, said: str
) -> None:
    with pytest.raises(UsageError, match=r"demo\.toml") as told:
        read(tmp_path, wrong)
    assert said in str(told.value)
    assert "\n" not in str(told.value).replace("\\n", "") or "line" in str(told.value)


WORDS = "".join(
    f'[[step]]\nid = "{name}"\ntitle = "제목"\nsay = "말"\nask = "물음"\n'
    'answer = "답"\nlook = "봄"\n'
    for name in ("one", "s1", "s2", "s3", "s4")
)
KOREAN = 'title = "제목"\n' + WORDS


def test_another_language_has_the_same_steps_and_only_words(tmp_path: Path) -> None:
    found = read(tmp_path, text(), KOREAN, "ko")
    assert found.steps[0].say == "말"
    assert found.steps[0].do == read(tmp_path, text()).steps[0].do
    for wrong, said in (
        (KOREAN.replace('"s4"', '"s5"'), "has the steps ['one', 's1', 's2', 's3', 's5'], and"),
        (KOREAN + "do = []\n", "step s4: 'do' is in demo.toml only"),
        (KOREAN.replace('look = "봄"\n', "", 1), "a step has no 'look'"),
    ):
        with pytest.raises(UsageError) as told:
            read(tmp_path, text(), wrong, "ko")
        assert said in str(told.value)


def test_a_lab_without_a_demo_in_a_language_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"demo\.ko\.toml is missing"):
        read(tmp_path, text(), language="ko")


def test_every_word_counts_for_the_digest(tmp_path: Path) -> None:
    digests = {
        read(tmp_path, text()).digest,
        read(tmp_path, text().replace('say = "s"', 'say = "S"', 1)).digest,
        read(tmp_path, text(expect='["1 zombie"]')).digest,
        read(tmp_path, text(), KOREAN, "ko").digest,
    }
    assert len(digests) == 4
    assert read(tmp_path, "# a remark\n" + text()).digest in digests


# those of the labs


@pytest.mark.parametrize(("lab", "language"), BOTH)
def test_a_demo_shows_what_goes_wrong_beside_what_is_right(lab: str, language: str) -> None:
    info = labs.read(lab)
    found = script.read(info, language)
    done = [verb for step in found.steps for verb in step.do]
    wrong = [verb.words[0] for verb in done if verb.name == "start-mutant"]
    assert wrong
    assert all((info.folder / "mutants" / name).is_file() for name in wrong)
    assert any(verb.name == "start" for verb in done)
    assert any(verb.name == "hold" for verb in done)  # what is too fast is made to stay
    assert max(columns(step.title) for step in found.steps) <= 60


@pytest.mark.parametrize("lab", labs.names())
def test_the_words_are_in_the_language_that_they_are_for(lab: str) -> None:
    english, korean = (script.read(labs.read(lab), language) for language in ("en", "ko"))
    for step in (*english.steps, *korean.steps):
        for words in (step.title, step.say, step.ask, step.answer, step.look):
            hangul = any("가" <= letter <= "힣" for letter in words)
            assert hangul == (step in korean.steps), words
    assert [step.expect for step in korean.steps] == [step.expect for step in english.steps]


def test_every_verb_and_every_rule_is_used_somewhere() -> None:
    steps = [step for lab in labs.names() for step in script.read(labs.read(lab), "en").steps]
    used = {verb.name for step in steps for verb in step.do}
    assert used == set(verbs.FORMS)
    awaited = [v.words[0] for step in steps for v in step.do if v.name == "await"]
    rules = {one.rule for step in steps for one in step.expect}
    rules |= {expectations.parse(text).rule for text in awaited}
    assert [rule.form for rule in expectations.RULES if rule not in rules] == []
