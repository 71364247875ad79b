"""Demos on the real thing: all steps come, on a stage with keys; and what a failure is like."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient

from forklab import labs
from forklab.demos import cast, expectations, script
from forklab.demos.happened import Saw
from forklab.demos.stage import Stage, StepFailed
from forklab.program.lab import Lab
from forklab.sandbox.bubblewrap import why_not
from tests.documents import HERE
from tests.harness import containers_of, until_empty

pytestmark = pytest.mark.engine

FORKLAB = [sys.executable, "-m", "forklab"]


def environment() -> dict[str, str]:
    """Return ours, with the package of this checkout in front."""
    more = {"PYTHONPATH": str(HERE), "TERM": "xterm", "NO_COLOR": "1", "FORKLAB_LANG": "en"}
    return {**os.environ, **more}


@pytest.mark.parametrize("kind", ["docker", "bubblewrap"])
def test_every_step_of_every_demo_comes(kind: str) -> None:
    if kind == "bubblewrap" and (reason := why_not()):
        pytest.skip(f"bubblewrap: {reason}")
    done = subprocess.run(
        [*FORKLAB, "rehearse", "--sandbox", kind],
        env=environment(), capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    count = len(labs.names())
    assert f"{count} of {count} demos came out as expected" in done.stdout
    assert "told in en and ko" in done.stdout


def test_a_demo_is_recorded_as_it_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "a.cast"
    done = subprocess.run(
        [*FORKLAB, "demo", "pipe-conversation", "--auto", "0", "--big", "--lang", "ko",
         "--from", "2", "--no-predict", "--record", str(path)],
        env=environment(), capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = cast.read(path)
    printed = "".join(event.data for event in found.events if event.kind == "o")
    assert printed.replace("\r\n", "\n").count("from child: hello") > 0
    assert "2/7단계" in done.stdout
    assert "1/7단계" not in done.stdout
    assert "질문" not in done.stdout
    assert found.header["width"] == 60


# a step that does not come


def test_a_step_that_does_not_come_says_which_and_what_was_seen(sandbox: Lab) -> None:
    info = labs.read("fork_echo")
    told = script.read(info, "en")
    wrong = replace(told.steps[0], expect=(expectations.parse("at look 1: 2 zombies"),))
    stage = Stage(sandbox.link, info, replace(told, steps=(wrong, *told.steps[1:])), 0.2)
    with pytest.raises(StepFailed) as failed:
        list(stage.perform(1))
    assert str(failed.value).startswith("step 1 (waits): expected 2 zombies, but 0 zombies (looked")
    # the next start is as ever
    facts = list(stage.perform(3))
    assert isinstance(facts[-1], Saw)


# on a terminal


class Stagehand:
    """A demo at a terminal of ours."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, 80, 0, 0))
        self.process = subprocess.Popen(
            [*FORKLAB, "demo", *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(),
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def until(self, *texts: str) -> str:
        """Read what it shows until one of *texts* is there; return all up to it, and forget it."""
        while not (found := [text for text in texts if text in self.seen]):
            self.seen += os.read(self.ours, 1 << 16).decode()
        before, text, self.seen = self.seen.partition(found[0])
        return before + text

    def press(self, keys: str, until: str = "> ") -> str:
        """Press keys and return what is shown until the next prompt."""
        os.write(self.ours, keys.encode())
        return self.until(until)


@pytest.fixture
def stagehand() -> Iterator[Stagehand]:
    """The demo of fork_echo at its first question."""
    found = Stagehand("fork-echo", "--sandbox", "docker")
    try:
        found.until("Enter shows > ")
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        with contextlib.suppress(OSError):
            os.close(found.ours)


def test_a_presenter_goes_forth_back_and_elsewhere(
    stagehand: Stagehand, client: DockerClient
) -> None:
    assert "only parent holds the listening socket" in stagehand.press("\r", "Enter > ")
    asked = stagehand.press("j5\r", "Enter shows > ")
    assert "Step 4 was done before this one, unseen." in " ".join(asked.split())
    assert "child-2 is a zombie" in stagehand.press(" ", "Enter > ")
    asked = stagehand.press("b", "Enter shows > ")
    assert "A process that has ended cannot be revived" in asked
    assert "Step 4 of 7" in asked
    stagehand.press("q", "\n")
    assert stagehand.process.wait(60) == 0
    assert until_empty(lambda: containers_of(stagehand.process.pid, client)) == []


def test_a_shell_beside_the_program_and_back(stagehand: Stagehand) -> None:
    stagehand.press("\r", "Enter > ")
    stagehand.press("s", "the demo back.")
    if stagehand.until("# ", "Enter > ").endswith("# "):  # not where an engine lets nobody join
        stagehand.press("ps -o args= $PID; exit\r", "python3 server.py")
        stagehand.until("Enter > ")
    assert "Step 2 of 7" in stagehand.press("\r", "Enter shows > ")


def test_ctrl_c_ends_it_and_leaves_nothing(stagehand: Stagehand, client: DockerClient) -> None:
    stagehand.process.send_signal(signal.SIGINT)
    stagehand.until("forklab: interrupted")
    assert stagehand.process.wait(60) == 130
    assert until_empty(lambda: containers_of(stagehand.process.pid, client)) == []
