"""A grading process, seen by the batch: it is played by another program."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from forklab.batch import pool
from forklab.grading.job import Settings
from tests.test_batch import submission

PYTHON = sys.executable
SETTINGS = Settings("fork_echo")


def worker(folder: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> pool.Worker:
    """Return a worker whose process runs *program*, in Python."""
    script = folder / "python"
    script.write_text(f"#!{PYTHON}\nimport sys\n{program}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    return pool.Worker("docker", folder / "log.txt")


def test_what_a_process_said_when_it_died_is_told_and_nothing_of_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = worker(tmp_path, monkeypatch, "input(); print('a fault', file=sys.stderr); sys.exit(7)")
    assert found.grade(submission("anna"), SETTINGS)["broken"].endswith("status 7: a fault")
    found = worker(tmp_path, monkeypatch, "input(); sys.exit(8)")
    assert found.grade(submission("anna"), SETTINGS)["broken"].endswith("status 8: it said nothing")


def test_once_it_was_stopped_no_process_is_started_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = worker(tmp_path, monkeypatch, f"open({str(tmp_path / 'ran')!r}, 'w')")
    found.stop()
    assert found.grade(submission("anna"), SETTINGS)["verdict"] == "BROKEN"
    assert not (tmp_path / "ran").exists()


def test_a_reason_names_no_folder_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "runs" / "anna"
    program = f"input(); print('cannot write {folder}/x', file=sys.stderr); sys.exit(1)"
    found = worker(tmp_path, monkeypatch, program)
    why = found.grade(submission("anna"), Settings("fork_echo", folder=str(folder)))["broken"]
    assert why.endswith("status 1: cannot write anna/x")
