"""Submissions that attack: each loses its own grade, nothing is BROKEN by it, nothing is left.

All are graded one after another in one sandbox, which after each of them still serves, and at the
end gives the reference all its points.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forklab import labs
from forklab.agent.proc import resident_kib
from forklab.program import build
from forklab.program.program import HELLO
from forklab.results.record import Verdict
from forklab.sandbox.opening import Opening
from tests import hostile
from tests.hostile import Head
from tests.start_state import lab_on

pytestmark = pytest.mark.engine

HERE = Path(__file__).resolve().parent.parent.parent
AGENT_KIB, HARNESS_KIB = 64 * 1024, 256 * 1024


@pytest.fixture(scope="module")
def opening() -> Iterator[Opening]:
    with Opening("docker", lambda text: None) as opening:
        yield opening


@pytest.fixture(autouse=True)
def _impatient(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less long for those that will never answer, and not for those that will."""
    found = request.node.callspec.params.get("head") if hasattr(request.node, "callspec") else None
    if found is not None and found.verdict == "FAIL":
        monkeypatch.setenv("FORKLAB_TIMEOUT_SCALE", "0.1")
    if found is not None and found.name in ("make_sleeps_for_ever", "never_ends_to_compile.cpp"):
        monkeypatch.setattr(build, "BUILD_S", 2.0)


@pytest.mark.parametrize("head", hostile.programs(), ids=lambda head: head.name)
def test_it_loses_its_own_grade_and_nothing_else(opening: Opening, head: Head) -> None:
    outcome = hostile.grade(opening, head.path, head.checks)
    assert outcome.faults == []
    assert outcome.verdict == head.verdict, outcome.failed
    assert bool(head.fails & outcome.failed) == bool(head.fails), outcome.failed
    assert "GOT THROUGH" not in outcome.printed
    assert hostile.leftovers(opening.wait()[1]) == ""
    serves(opening)


def serves(opening: Opening) -> None:
    """Demand that a right program is served in the same sandbox, now."""
    lab = lab_on(opening.wait()[1], labs.read(hostile.LAB).program)
    assert lab.start().connect().exchange(HELLO) == HELLO
    lab.reset()


def test_what_is_forbidden_was_tried_to_its_end(opening: Opening) -> None:
    said = hostile.grade(opening, hostile.FOLDER / "tries_what_is_forbidden.c").printed
    lines = said.splitlines()
    assert "that is all" in lines
    assert len([line for line in lines if line.endswith(" refused")]) > 80


def test_the_sandbox_grades_the_reference_as_ever(opening: Opening) -> None:
    outcome = hostile.grade(opening, None, frozenset())
    assert {result.verdict for result in outcome.results} == {Verdict.PASS}
    assert len(outcome.results) > 20


def test_the_agent_has_not_grown(opening: Opening) -> None:
    assert 0 < opening.wait()[1].call("memory").value < AGENT_KIB


def test_the_table_has_a_row_for_each_program(capsys: pytest.CaptureFixture[str]) -> None:
    hostile.main(["kills_everybody.py"])
    heading, row, *_ = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["program", "verdict", "took"]
    name, verdict, *took, left, after = row.split()[:6]
    assert (name, verdict, took[1], left, after) == (
        "kills_everybody.py",
        "FAIL",
        "s",
        "no",
        "PASS",
    )


def test_a_report_of_its_own_is_text_in_ours(tmp_path: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "forklab", "check", hostile.LAB, "--only=echoes"),
            *(str(hostile.FOLDER / "says_that_it_passed.py"), "--runs", str(tmp_path)),
        ],
        cwd=HERE,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    folder = (tmp_path / hostile.LAB / "latest").resolve()
    assert json.loads((folder / "results.json").read_text())["verdict"] == "FAIL"
    written = [folder / name for name in ("report.txt", "results.json", "junit.xml")]
    for text in (done.stdout, *(path.read_bytes() for path in written)):
        assert not set(text) & {0x1B, 0x07, 0x0D}
    assert b"\nFAIL  " in done.stdout
    assert b"\nPASS  " not in done.stdout


IN_PARALLEL = ("spins_everywhere.c", "eats_in_small_bites.c", "forks_without_end.py", "floods.py")


def test_another_one_that_is_graded_meanwhile_keeps_its_points(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "forklab", "check", hostile.LAB]
    only = [f"--only={check}" for check in sorted(hostile.CHECKS)]
    attackers = [
        subprocess.Popen(
            [*command, str(hostile.FOLDER / name), *only, "--runs", str(tmp_path / name)],
            cwd=HERE, env=os.environ | {"FORKLAB_TIMEOUT_SCALE": "0.2"},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for name in IN_PARALLEL
    ]  # fmt: skip
    done = subprocess.run(
        [*command, "--json", "--runs", str(tmp_path / "right")],
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    ended = [attacker.wait(100) for attacker in attackers]
    assert {check["verdict"] for check in json.loads(done.stdout)["checks"]} == {"PASS"}
    assert ended == [1] * len(attackers)


def test_the_harness_has_not_grown() -> None:
    assert resident_kib("/proc/self/status") < HARNESS_KIB
