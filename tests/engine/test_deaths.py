"""A harness that dies, in whatever way and at whatever moment, leaves nothing behind."""

from __future__ import annotations

import contextlib
import json
import random
import re
import signal
import socket
import uuid
from pathlib import Path

import pytest
from docker import DockerClient

from forklab.errors import SandboxError
from forklab.sandbox import engine, image
from forklab.sandbox.container import AttachedStream, Container
from forklab.sandbox.guard import MAKING, SESSION, Guard
from forklab.sandbox.link import Link
from tests.harness import Harness, until_empty

pytestmark = pytest.mark.engine

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MOMENTS, AT_ONCE, LONGEST_S = 20, 4, 3.0
SLOW_TO_BUILD = (
    "#include <iostream>\n#include <regex>\nint main() { return std::regex{}.flags(); }\n"
)
BOMB = "import os\nwhile True:\n    try:\n        os.fork()\n    except OSError:\n        pass\n"


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_an_interrupted_run_says_what_was_done_and_leaves_nothing(
    client: DockerClient, tmp_path: Path, number: signal.Signals
) -> None:
    harness = Harness(tmp_path / "harness", "prefork")
    begun = harness.read_until("3/27")
    harness.send(number)
    status, rest = harness.end()
    assert status == 130, begun + rest
    assert "INTERRUPTED" in rest
    assert "of 27 checks were done" in rest
    kept = json.loads(next((harness.folder / "runs").glob("prefork/*/results.json")).read_text())
    assert len(kept["checks"]) >= 3
    assert kept["interrupted"] is True
    assert until_empty(lambda: harness.left(client)) == []


def test_an_interruption_while_a_program_is_built_is_none_of_its_faults(
    client: DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "slow.cpp").write_text(SLOW_TO_BUILD)
    harness = Harness(tmp_path / "harness", "prefork", str(tmp_path / "slow.cpp"))

    def not_yet() -> list[str]:
        return [] if harness.runs_in_its_container(client, "cc1plus") else ["no compiler yet"]

    assert until_empty(not_yet) == []
    harness.send(signal.SIGINT)
    status, said = harness.end()
    assert status == 130
    assert "INTERRUPTED  0 of 27 checks were done" in said
    assert "Traceback" not in said
    assert until_empty(lambda: harness.left(client)) == []


def test_a_harness_killed_at_any_moment_leaves_nothing(
    client: DockerClient, tmp_path: Path
) -> None:
    (tmp_path / "slow.cpp").write_text(SLOW_TO_BUILD)
    (tmp_path / "bomb.py").write_text(BOMB)
    programs = [(), (), (str(tmp_path / "slow.cpp"),), (str(tmp_path / "bomb.py"),)]
    moments = random.Random()
    for first in range(0, MOMENTS, AT_ONCE):
        harnesses = [
            Harness(tmp_path / f"harness-{number}", "prefork", *programs[number % len(programs)])
            for number in range(first, first + AT_ONCE)
        ]
        lived_s = sorted(moments.uniform(0, LONGEST_S) for _ in harnesses)
        before_s = 0.0
        for harness, lives_s in zip(harnesses, lived_s, strict=True):
            harness.kill_after(lives_s - before_s)
            before_s = lives_s
        left = until_empty(lambda: [row for one in harnesses for row in one.left(client)])  # noqa: B023
        assert left == [], f"killed after {lived_s} s"


def test_the_guard_removes_a_container_that_was_created_and_never_started(
    client: DockerClient,
) -> None:
    session = uuid.uuid4().hex
    with Guard(session) as guard:
        guard.tell(MAKING)
        made = client.api.create_container(
            image.ensure_image(client), ["true"], labels={SESSION: session}
        )
    assert client.api.containers(all=True, filters={"id": made["Id"]}) == []


def test_a_container_that_ends_is_told_once_and_ends_the_run(
    client: DockerClient, tmp_path: Path
) -> None:
    harness = Harness(tmp_path / "harness", "prefork")
    begun = harness.read_until("1/27")
    [container] = harness.containers(client)
    engine.remove_container(client, container)
    status, rest = harness.end()
    said = " ".join((begun + rest).split())
    assert status == 3, said
    gone = "the agent in the sandbox is gone: the container has ended, though nobody had asked"
    assert f"the lab itself could not run: {gone} it to" in said
    assert said.count("/27 BROKEN ") <= 1, "the check that was under way, and no other"
    assert "Traceback" not in said


def test_an_engine_that_is_gone_is_told() -> None:
    """The engine of this machine is left alone: a client whose engine is gone says the same."""
    nobody = DockerClient(base_url="tcp://127.0.0.1:1", version="1.41")
    container = Container(nobody, "none")
    ours, theirs = socket.socketpair()
    theirs.shutdown(socket.SHUT_WR)
    sentence = "the container engine does not answer any more; was it stopped?"
    with theirs, contextlib.closing(nobody), pytest.raises(SandboxError, match=re.escape(sentence)):
        Link(AttachedStream(ours, container.why_gone))
