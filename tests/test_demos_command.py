"""`forklab demo`, `rehearse` and `replay` from the outside, as far as no sandbox is needed."""

from __future__ import annotations

import io
import os
import pty
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab.cli import main
from forklab.demos import keys
from forklab.demos.keys import Command, Terminal


def forklab(*words: str, lang: str = "en") -> Result:
    """Run a command without a terminal."""
    return CliRunner().invoke(main, words, env={"FORKLAB_LANG": lang, "NO_COLOR": "1"})


def test_a_demo_without_a_terminal_says_what_to_do() -> None:
    done = forklab("demo", "prefork")
    assert done.exit_code == 2
    assert done.stderr == (
        "forklab: a demo is shown on a terminal: without one, give --auto 4 (seconds between the "
        "steps) or --rehearse, or play its recording: forklab replay prefork\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("demo", "nothing"), "there is no lab 'nothing'"),
        (("demo", "prefork", "--from", "9"), "--from 9: this demo has the steps 1 to 8"),
        (("demo", "prefork", "--from", "0"), "--from 0: this demo has the steps 1 to 8"),
        (("demo", "prefork", "--lang", "fr"), "'fr' is not one of 'en', 'ko'"),
        (("demo", "prefork", "--auto", "-1"), "-1.0 is not in the range"),
        (("rehearse", "nothing"), "there is no lab 'nothing'"),
        (("replay", "nothing"), "there is no lab 'nothing'"),
        (("replay", "prefork", "--speed", "0"), "0.0 is not in the range"),
    ],
)
def test_wrong_words_are_one_sentence(words: tuple[str, ...], said: str) -> None:
    done = forklab(*words)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_recording_that_cannot_be_written_is_told_before_anything_begins(tmp_path: Path) -> None:
    done = forklab("demo", "prefork", "--rehearse", "--record", str(tmp_path / "none/a.cast"))
    assert done.exit_code == 2
    assert "cannot be written: No such file or directory" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(("lang", "words"), [("en", "Step 8 of 8"), ("ko", "8/8단계")])
def test_a_replay_without_a_terminal_prints_all_of_it_at_once(lang: str, words: str) -> None:
    done = forklab("replay", "prefork", lang=lang)
    assert done.exit_code == 0
    assert words in done.stdout
    assert "\x1b" not in done.stdout
    assert "\r" not in done.stdout
    assert forklab("replay", "prefork", "--lang", lang).stdout == done.stdout


# keys


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other side of the terminal that is our standard input."""
    ours, theirs = pty.openpty()
    with open(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield ours
    os.close(ours)


@pytest.mark.parametrize(
    ("pressed", "wanted"),
    [
        ("\n", Command("next")),
        ("\r", Command("next")),
        (" ", Command("next")),
        ("\x1b[6~", Command("next")),
        ("\x1b[5~", Command("back")),
        ("\x1b[D", Command("back")),
        ("xyz\x1b[Ab", Command("back")),
        ("r", Command("repeat")),
        ("h", Command("hide")),
        ("s", Command("shell")),
        ("q", Command("quit")),
        ("j4\r", Command("jump", 4)),
        ("j 12\r", Command("jump", 12)),
        ("j31\x7f\r", Command("jump", 3)),
        ("j\r", Command("jump", 0)),
    ],
)
def test_each_key_is_a_command(
    ours: int, monkeypatch: pytest.MonkeyPatch, pressed: str, wanted: Command
) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with Terminal() as terminal:
        terminal.forget()
        os.write(ours, pressed.encode())
        assert terminal.wait() == wanted


def test_what_was_pressed_too_early_is_forgotten(ours: int) -> None:
    with Terminal() as terminal:
        os.write(ours, b"qqq")
        terminal.forget()
        os.write(ours, b"r")
        assert terminal.wait() == Command("repeat")


def test_the_terminal_is_as_it_was_afterwards_and_while_it_is_lent(ours: int) -> None:
    def echoes() -> bool:
        return bool(termios.tcgetattr(sys.stdin.fileno())[3] & termios.ECHO)

    assert echoes()
    with Terminal() as terminal:
        assert not echoes()
        with terminal.lent():
            assert echoes()
        assert not echoes()
    assert echoes()


def test_nobody_says_next_at_once() -> None:
    nobody = keys.Nobody()
    nobody.forget()
    with nobody.lent():
        assert nobody.wait() == keys.NEXT
