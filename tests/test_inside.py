"""The sandbox `inside`: the agent beside us, without a container."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness import Harness, open_folder, until_empty

pytestmark = [
    pytest.mark.inside,
    pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="inside needs Linux"),
]

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
