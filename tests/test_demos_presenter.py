"""The course of a demo: forth, back, elsewhere, with and without the class; and when it fails."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from forklab.demos import cast
from forklab.demos.cast import Cast, Event, Recorder
from forklab.demos.keys import Nobody
from forklab.demos.presenter import Manner, Presenter
from forklab.demos.printer import Printer
from forklab.demos.screen import Screen
from forklab.demos.stage import StepFailed
from forklab.errors import LabUnsupported, SandboxError
from tests.demo_samples import SCRIPT, Pressed, Stage

RECORDED = Cast(
    {},
    tuple(
        event
        for number in range(1, 5)
        for event in (
            Event(0.0, "m", f"Step {number}"),
            Event(0.0, "o", f"told {number}\r\n"),
            Event(0.0, "m", f"{number}"),
            Event(0.0, "o", f"recorded {number}\r\n"),
            Event(0.0, "o", "\r\n"),
            Event(0.0, "o", f"explained {number}\r\n"),
        )
    ),
)


def presented(
    *keys: str,
    stage: Stage | None = None,
    first: int = 1,
    predicts: bool = True,
    strict: bool = False,
    recording: Cast | None = RECORDED,
    shell: Callable[[], None] | None = None,
    recorder: Recorder | None = None,
) -> tuple[str, Stage, Pressed | Nobody]:
    """Show the small demo to somebody who presses *keys*; nobody, if there are none."""
    out = io.StringIO()
    asked: Pressed | Nobody = Pressed(*keys) if keys else Nobody()
    stage = stage or Stage()
    printer = Printer(out, colour=False, recorder=recorder)
    manner = Manner(predicts, strict, shell, "docker")
    Presenter(SCRIPT, stage, Screen("en"), printer, asked, manner, recording).show(first)
    return out.getvalue(), stage, asked


def test_without_anybody_to_ask_it_goes_from_the_beginning_to_the_end() -> None:
    text, stage, _ = presented()
    assert stage.performed == [1, 2, 3, 4]
    order = ["one is told.", "one is asked?", "$ kill -KILL 1", "Now     parent 33",
             "one is answered.", "one is to be seen.", "Step 2 of 4", "four is to be"]  # fmt: skip
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    assert ">" not in text


def test_the_class_predicts_before_anything_is_done() -> None:
    text, stage, _ = presented("quit")
    assert stage.performed == []
    assert text.endswith("one is asked?\n[1/4] your prediction? Enter shows > \n")
    text, stage, _ = presented("quit", predicts=False)
    assert stage.performed == [1]
    assert "asked?" not in text
    assert "answered" not in text


def test_forth_on_the_same_program_and_back_on_a_fresh_one() -> None:
    text, stage, _ = presented("next", "next", "next", "next", "back", "next", "quit")
    assert stage.performed == [1, 2, 1, 2]
    assert "A process that has ended cannot be revived: the program is started afresh." in text
    assert "Step 1 was done before this one, unseen." in text
    assert text.count("$ kill -KILL 1 ") == 1
    text, stage, _ = presented("next", "back", "quit")
    assert stage.performed == [1]
    assert "cannot be revived: the program is started afresh.\n  Say     one is told" in text


def test_again_and_elsewhere() -> None:
    _, stage, _ = presented("next", "repeat", "next", "quit")
    assert stage.performed == [1, 1]
    text, stage, _ = presented("jump 3", "next", "jump 4", "next", "quit")
    assert stage.performed == [1, 2, 3, 4]
    assert "Steps 1 to 2 were done before this one, unseen." in text
    assert "cannot be revived" not in text.partition("Step 3 of 4")[2].partition("three is told")[0]
    assert presented("jump 99", "quit")[0].count("Step 4 of 4") == 1
    assert presented("jump 0", "quit")[0].count("Step 1 of 4") == 2


def test_it_can_begin_anywhere() -> None:
    text, stage, _ = presented(first=3)
    assert stage.performed == [1, 2, 3, 4]
    assert "Step 2 of 4" not in text


def test_the_answer_can_be_hidden_and_shown() -> None:
    text, _, _ = presented("hide", "next", "hide", "quit")
    before, _, after = text.partition("Answers are shown again.")
    assert "Answers are hidden from now on" in before
    assert "one is answered." not in before
    assert "one is answered." in after


def test_a_shell_is_lent_the_terminal_or_is_not_there() -> None:
    opened: list[bool] = []
    text, _, keys = presented("shell", "quit", shell=lambda: opened.append(True))
    assert opened == [True]
    assert isinstance(keys, Pressed)
    assert keys.lent_times == 1
    assert text.count("your prediction?") == 2

    def refuses() -> None:
        raise SandboxError("this engine lets nobody join")

    text, stage, _ = presented("shell", "next", "quit", shell=refuses)
    assert "this engine lets nobody join" in text
    assert stage.performed == [1]
    text, _, _ = presented("shell", "quit")
    assert "A shell beside the program needs the sandbox docker" in text


def test_a_step_that_does_not_come_is_shown_as_it_was_recorded_and_the_show_goes_on() -> None:
    text, stage, _ = presented(stage=Stage(fails=[2]))
    assert stage.performed == [1, 2, 4]  # step 3 builds on step 2, step 4 starts afresh
    _, _, failed = text.partition(
        "The live step did not come: step 2 (two): expected 3 zombies, but"
    )
    second, _, third = failed.partition("Step 3 of 4")
    assert "This is how it looked when it was recorded:\nrecorded 2\n" in second
    assert "two is to be seen." in second
    assert "What follows builds on a step that did not come." in third
    assert "recorded 3\n" in third
    assert "recorded 4" not in third
    assert "told 2" not in text


def test_a_step_that_did_not_come_is_tried_again_when_somebody_asks_for_it() -> None:
    stage = Stage(fails=[2])
    text, _, _ = presented(*["next"] * 3, "repeat", "next", "quit", stage=stage)
    assert stage.performed == [1, 2, 1, 2]
    assert text.count("The live step did not come") == 2


def test_without_a_recording_it_says_how_to_make_one() -> None:
    text, _, _ = presented(stage=Stage(fails=[2]), recording=None)
    assert "forklab demo fork_echo --rehearse --record demo.cast" in " ".join(text.split())
    assert "Step 4 of 4" in text


def test_after_a_lost_sandbox_everything_is_recorded() -> None:
    cannot = LabUnsupported("this kernel does not tell")
    assert "recorded 4\n" in presented(stage=Stage(fails=[1], error=cannot))[0]
    gone = SandboxError("the container has ended, though nobody had asked it to")
    text, stage, _ = presented(stage=Stage(fails=[2], error=gone))
    assert stage.performed == [1, 2]
    said = "The live step did not come: the container has ended, though nobody had asked it to."
    assert said in " ".join(text.split())
    assert "recorded 4\n" in text
    assert "explained" not in text
    assert text.count("There is no sandbox any more") == 2


def test_a_rehearsal_ends_at_the_first_step_that_does_not_come() -> None:
    with pytest.raises(StepFailed, match=r"step 2 \(two\): expected 3 zombies, but 2 zombies"):
        presented(stage=Stage(fails=[2]), strict=True)
    with pytest.raises(SandboxError):
        presented(stage=Stage(fails=[2], error=SandboxError("gone")), strict=True)


def test_what_is_shown_is_recorded_but_no_prompt(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    recorder = Recorder(path, 80, 24, "T", SCRIPT.digest)
    keys = ["next"] * 3 + ["hide", "hide"] + ["next"] * 5
    text, _, _ = presented(*keys, recorder=recorder)
    recorder.close()
    found = cast.read(path)
    printed = "".join(event.data for event in found.events if event.kind == "o")
    assert "prediction?" in text
    assert "prediction?" not in printed
    labels = [event.data for event in found.events if event.kind == "m"]
    assert labels[:4] == ["Step 1 of 4   Title of one", "1: Title of one",
                          "Step 2 of 4   Title of two", "2: Title of two"]  # fmt: skip
    assert found.reveal(1).startswith("  $ kill -KILL 1")
    assert "one is told" not in found.reveal(1)
    # whoever waited, a reader gets the time that reading takes
    times = [event.time for event in found.events]
    assert 1.5 * 6 < times[-1] < 200
