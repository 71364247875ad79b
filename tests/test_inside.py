"""The sandbox `inside`: the agent beside us, without a container."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import start_state
from tests.harness import (
    AS_NOBODY,
    NOBODY,
    Harness,
    open_folder,
    python_for_all,
    until_empty,
)

pytestmark = [
    pytest.mark.inside,
    pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="inside needs Linux"),
]

# how a harness may be started: what its parent did before exec
ALL = "set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}"
MOODS = {
    "plain": "",
    "ignoring": f"import signal\nfor n in {ALL}: signal.signal(n, signal.SIG_IGN)\n",
    "blocking": f"import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {ALL})\n",
}
EXEC = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])\n"
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that the program's user can reach."""
    with open_folder() as found:
        yield found


@pytest.mark.parametrize("number", INTERRUPTIONS, ids=lambda number: number.name)
def test_an_interrupted_run_leaves_no_process_and_no_folder(
    folder: Path, number: signal.Signals
) -> None:
    harness = Harness(folder / "harness", "prefork", "--sandbox", "inside")
    begun = harness.read_until("2/27")
    assert harness.left() != []
    harness.send(number)
    status, rest = harness.end()
    assert status == 130, begun + rest
    assert "of 27 checks were done" in rest
    assert until_empty(harness.left) == []


def test_a_killed_harness_leaves_no_process_and_no_folder(folder: Path) -> None:
    moments = [random.uniform(0, 1.5) for _ in range(6)]
    for number, lives_s in enumerate(moments):
        harness = Harness(folder / f"harness-{number}", "prefork", "--sandbox", "inside")
        harness.kill_after(lives_s)
        assert until_empty(harness.left) == [], f"killed after {lives_s} s"


def test_what_a_killed_agent_leaves_is_swept_at_once(folder: Path) -> None:
    harness = Harness(folder / "harness", "prefork", "--sandbox", "inside")
    harness.read_until("1/27")
    agent = int(next(harness.folder.glob("forklab-*")).name.split("-")[2])
    os.kill(agent, signal.SIGKILL)
    status, rest = harness.end()
    assert status == 3
    assert "the agent in the sandbox is gone: it was killed by SIGKILL" in " ".join(rest.split())
    assert until_empty(harness.left) == []


@pytest.mark.parametrize("mood", ["plain", "ignoring", "blocking"])
def test_a_program_starts_in_the_same_state_whatever_the_harness_inherited(
    folder: Path, mood: str
) -> None:
    """As under nohup, or from a shell or a service manager that ignores or blocks signals."""
    script = str(Path(start_state.__file__))
    found = subprocess.run(
        [sys.executable, "-c", MOODS[mood] + EXEC, sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)},
        umask=0o077,
    )
    assert found.stderr == ""
    start = json.loads(found.stdout)
    start_state.check_start(start)
    if os.geteuid() == 0:
        start_state.check_own_user(start)


@pytest.mark.parametrize("mood", ["ignoring", "blocking"])
def test_a_lab_runs_whatever_the_harness_inherited(folder: Path, mood: str) -> None:
    harness = Harness(
        folder / "harness",
        *("fork_echo", "--sandbox", "inside", "--only", "starts", "--only", "reaps-each-child"),
        prefix=[sys.executable, "-c", MOODS[mood] + EXEC],
    )
    status, said = harness.end()
    assert status == 0, said
    assert until_empty(harness.left) == []


FEW = [
    "starts",
    "bad-usage",
    "answers-a-half-close",
    "reaps-a-burst",
    "a-killed-child-hurts-nobody",
]


@pytest.mark.parametrize("who", ["ourselves", "somebody else"])
def test_the_reference_passes_and_what_is_not_isolated_is_said(folder: Path, who: str) -> None:
    words = ["--sandbox", "inside", *(word for name in FEW for word in ("--only", name))]
    if who == "ourselves":
        harness = Harness(folder / "harness", "fork_echo", *words)
    else:
        python = python_for_all()
        (folder / "harness").mkdir()
        os.chown(folder / "harness", NOBODY, NOBODY)
        harness = Harness(folder / "harness", "fork_echo", *words, prefix=AS_NOBODY, python=python)
    status, said = harness.end()
    assert status == 0, said
    assert "not isolated there: the network" in said
    own_user = who == "ourselves" and os.geteuid() == 0
    assert ("could send signals to it" in " ".join(said.split())) is not own_user
    assert until_empty(harness.left) == []
