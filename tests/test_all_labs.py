"""`forklab labs`: rows, the exit status of all, and what an interruption leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from forklab import all_labs, labs
from forklab.all_labs import Outcome, Runs, at_once, line, outcome, summary, worst
from forklab.errors import UsageError

INFO = labs.read("fork_echo")


def document(**changes: Any) -> str:
    """What `forklab check --json` prints."""
    return json.dumps(
        {
            "counts": {"PASS": 24, "FAIL": 1},
            "total": 25,
            "points": {"earned": 95.5, "possible": 100.0},
            "folder": "runs/fork_echo/now",
            **changes,
        }
    )


def test_a_row_says_what_a_run_has_found() -> None:
    ended = outcome(INFO, 1, 12.34, document(), "")
    assert ended.cells == ("fork-echo", "24 of 25", "96 of 100", "12.3", "runs/fork_echo/now")
    assert line(ended) == "fork-echo: 24 of 25 passed, 12.3 s"


def test_a_run_without_points_has_none_in_its_row() -> None:
    assert outcome(INFO, 130, 1.0, document(points=None), "").cells[2] == "-"


def test_a_run_without_results_says_the_last_of_what_was_said() -> None:
    ended = outcome(INFO, 3, 1.0, "", "first\nforklab: there is no engine\n")
    assert line(ended) == "fork-echo: no result: forklab: there is no engine"
    assert ended.cells == ("fork-echo", "-", "-", "1.0", "-")
    assert outcome(INFO, 0, 1.0, "", "").exit_status == all_labs.BROKEN


def test_the_summary_compares_the_time_with_the_sum() -> None:
    rows = summary([Outcome("fork-echo", 0, 10.0, 25, 25), Outcome("prefork", 0, 11.0, 27, 27)], 12)
    assert [row.split()[0] for row in rows if row] == ["lab", "fork-echo", "prefork", "12.0"]
    assert rows[-1] == "12.0 s in all; the labs' own seconds are 21.0"


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [([0, 0], 0), ([0, 3], 3), ([3, 1, 0], 1), ([1, 130], 130), ([2, 1], 2), ([0, -9], 3), ([], 3)],
)
def test_the_exit_status_is_the_worst_of_all(statuses: list[int], expected: int) -> None:
    assert worst(statuses) == expected


def test_there_are_two_for_each_core_unless_it_is_said() -> None:
    assert at_once(None) == 2 * len(os.sched_getaffinity(0))
    assert at_once(1) == 1


def test_an_unknown_lab_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match="there is no lab 'nonsense'"):
        all_labs.examine_all(["fork_echo", "nonsense"], None, Path("runs"), lambda text: None)


def test_an_interruption_reaches_what_is_under_way_and_begins_no_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sleeper = "import signal, sys; print('up', flush=True, file=sys.stderr); signal.pause()"
    start = subprocess.Popen

    def instead(command: list[str], **more: Any) -> subprocess.Popen[str]:
        return start([sys.executable, "-c", sleeper], **more)

    monkeypatch.setattr(subprocess, "Popen", instead)
    runs = Runs(tmp_path, "docker")
    found: list[Outcome] = []
    thread = threading.Thread(target=lambda: found.append(runs.examine(INFO)))
    thread.start()
    began = time.monotonic()
    while not runs._under_way and time.monotonic() - began < 30:
        threading.Event().wait(0.01)
    runs.interrupt()
    thread.join(30)
    assert not thread.is_alive()
    assert runs._under_way == set()
    assert found[0].exit_status != 0
    assert runs.examine(INFO).trouble == "it was not begun"
