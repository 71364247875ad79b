"""The log of a whole run of each lab: valid by the schema that is published, in every view."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from forklab import labs
from forklab.cli import main
from forklab.events import lines
from forklab.events.schema import faults
from forklab.pages.run_page import MOST_BYTES
from tests import trace_format
from tests.documents import HERE
from tests.parsed_page import parse

pytestmark = pytest.mark.engine

# what must have been seen of the reference program in a whole run; what it plays decides the rest
ALWAYS = {"check-begins", "check-ends", "exec", "fork", "exit", "reap", "close"}
SERVES = {"listen", "connect", "accept", "send", "receive", "end-of-file", "signal"}


@pytest.mark.parametrize("lab", labs.names())
def test_a_whole_run_leaves_a_log_that_is_valid(lab: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "forklab", "check", lab, "--runs", str(tmp_path)]
    subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)

    path = tmp_path / lab / "latest/events.jsonl"
    results = json.loads((path.parent / "results.json").read_text())
    text = path.read_text().splitlines()
    assert list(faults(text)) == []
    recorded = lines.read(text)
    assert {e.check for e in recorded.events} == {check["id"] for check in results["checks"]}
    kinds = {event.kind for event in recorded.events}
    wanted = ALWAYS | (SERVES if labs.read(lab).spec.plays == "server" else set())
    assert kinds >= wanted
    page = (path.parent / "report.html").read_bytes()
    assert len(page) <= MOST_BYTES
    assert len(parse(page.decode()).all("svg", "drawing")) >= 2
    trace = tmp_path / "trace.json"
    done = CliRunner().invoke(main, ["events", str(path), "--text", "--perfetto", str(trace)])
    assert done.exit_code == 0
    assert max(map(len, done.output.splitlines()[:-1])) <= 80
    assert trace_format.demand(json.dumps(json.loads(trace.read_text())))


def test_what_fails_is_told_by_strace_and_judged_once(tmp_path: Path) -> None:
    program = HERE / "labs/fork_echo/mutants/reaps_once_per_signal.py"
    command = [
        sys.executable, "-m", "forklab", "check", "fork_echo", str(program), "--trace", "--runs",
        str(tmp_path), "--only", "reaps-a-burst", "--only", "echoes",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=HERE, check=False, capture_output=True, text=True)

    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "once more under strace, and not judged: reaps-a-burst"
    folder = tmp_path / "fork_echo/latest"
    text = (folder / "events.jsonl").read_text().splitlines()
    assert list(faults(text)) == []
    traced = [e for e in lines.read(text).events if e.known == "strace"]
    assert {event.check for event in traced} == {"reaps-a-burst:traced"}
    reaped = [event for event in traced if event.kind == "reap"]
    assert [event.who for event in reaped] == ["parent"]  # once for sixteen
    assert len([e for e in traced if e.kind == "exit" and e.who.startswith("child-")]) == 16
    assert "unseen" not in str(traced)
    assert "once more, under strace" in (folder / "report.html").read_text()
    assert len(json.loads((folder / "results.json").read_text())["checks"]) == 2


def test_what_is_held_by_ptrace_is_not_traced_and_that_is_said(tmp_path: Path) -> None:
    command = [
        sys.executable, "-m", "forklab", "check", "pipe_conversation", "--trace", "--runs",
        str(tmp_path), "--only", "three-exchanges",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=HERE, check=True, capture_output=True, text=True)

    assert "three-exchanges was not traced: the check holds a process by ptrace" in done.stderr
