"""Logs of real runs, in the sandbox `inside`: valid, and alike when the same is run again."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from forklab.events import lines
from forklab.events.event import Event
from forklab.events.normal import normal
from forklab.events.schema import faults
from tests.documents import HERE
from tests.harness import open_folder
from tests.parsed_page import parse

pytestmark = [
    pytest.mark.inside,
    pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="inside needs Linux"),
]
MUTANTS = HERE / "labs/fork_echo/mutants"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder that the program's user can reach."""
    with open_folder() as found:
        yield found


def log(folder: Path, lab: str, *words: str) -> list[Event]:
    """Run checks of *lab*, demand that the log is valid, and return its events."""
    command = [sys.executable, "-m", "forklab", "check", lab, *words]
    done = subprocess.run(
        [*command, "--sandbox", "inside", "--runs", str(folder)],
        cwd=HERE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (0, 1), done.stderr
    text = (folder / lab / "latest/events.jsonl").read_text().splitlines()
    assert list(faults(text)) == []
    return lines.read(text).events


@pytest.mark.parametrize(
    ("lab", "checks"),
    [
        ("fork_echo", "echoes child-closes-the-listener reaps-a-burst"),
        ("prefork", "forks-in-advance passes-the-connection"),
        ("split_client", "two-processes half-closes-on-q"),
        ("pipe_conversation", "one-child ends-and-reaps"),
        ("echo_store", "a-writer-apart loses-nothing-on-stop"),
        ("exec_worker", "runs-another-program worker-works-alone"),
    ],
)
def test_two_runs_of_one_program_differ_by_chance_alone(
    folder: Path, lab: str, checks: str
) -> None:
    first, again = (log(folder / name, lab, "--only", checks) for name in ("first", "again"))

    assert normal(first) == normal(again)
    assert {event.check for event in first} == set(checks.split())


def test_a_program_that_reaps_once_per_signal_is_told_by_its_log(folder: Path) -> None:
    mutant = str(MUTANTS / "reaps_once_per_signal.py")
    events = log(folder, "fork_echo", mutant, "--only", "reaps-a-burst")

    assert [e.facts for e in events if e.kind == "check-ends"] == [{"verdict": "FAIL"}]
    kept = folder / "fork_echo/latest"
    page = parse((kept / "report.html").read_text())
    assert [one.text for one in page.all("h2")][:2] == ["1 check", "1 check failed"]
    assert page.all("rect", "zombie")
    assert "```mermaid" in (kept / "summary.md").read_text()
    ended = {event.who for event in events if event.kind == "exit"}
    reaped = {event.to for event in events if event.kind == "reap"}
    assert len(ended) == 16
    assert reaped < ended


def test_who_has_a_connection_open_is_told_where_its_end_is_missing(folder: Path) -> None:
    mutant = str(MUTANTS / "parent_keeps_the_connection.py")
    log(folder, "fork_echo", mutant, "--only", "answers-a-half-close")

    (found,) = json.loads((folder / "fork_echo/latest/results.json").read_text())["checks"]
    assert re.search(r"then nothing more; still open in parent \(pid \d+\)$", found["seen"])
    assert "open still" in (folder / "fork_echo/latest/report.txt").read_text()


def test_a_burst_is_told_by_name_and_in_the_order_of_cause_and_effect(folder: Path) -> None:
    events = log(folder, "fork_echo", "--only", "reaps-a-burst")

    at = {(event.kind, event.who, event.to): number for number, event in enumerate(events)}
    for number in range(1, 17):
        child, client = f"child-{number}", f"client-{number}"
        story = [
            at["connect", client, ""], at["accept", "parent", client], at["fork", "parent", child],
            at["signal", "harness", "parent"], at["exit", child, ""], at["reap", "parent", child],
        ]  # fmt: skip
        assert story[:3] == sorted(story[:3])
        assert story[4] < story[5]
        assert at["stopped", "parent", ""] < story[4]
