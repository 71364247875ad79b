"""`forklab events`: which log is meant, what is printed and written, what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab.cli import main
from forklab.events import lines
from tests import trace_format
from tests.event_samples import CHECK, EVENTS, HEADER


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run of prefork."""
    found = tmp_path / "runs/prefork/2026-11-27T06-00-00Z"
    found.mkdir(parents=True)
    (found / "events.jsonl").write_text("\n".join(lines.write(HEADER, EVENTS)) + "\n")
    results = {"program": "p.c", "checks": [], "interrupted": False, "broken": ""}
    (found / "results.json").write_text(json.dumps(results))
    return found


def events(*words: object) -> Result:
    """Call the command."""
    return CliRunner().invoke(main, ["events", *map(str, words)])


def test_a_file_a_folder_and_a_lab_are_the_same_log(folder: Path) -> None:
    by_file = events(folder / "events.jsonl")
    by_lab = events("prefork", "--runs", folder.parent.parent)

    assert by_file.exit_code == 0
    assert by_file.output == events(folder).output == by_lab.output
    assert "dispatcher    passes the connection of client-1 to worker-1" in by_file.output


def test_a_log_that_is_right_is_said_to_be(folder: Path) -> None:
    done = events(folder, "--validate")

    assert done.exit_code == 0
    assert f"{len(EVENTS)} events, as forklab-events/1 demands" in done.output
    assert len(done.output.splitlines()) == 1


def test_a_log_that_is_wrong_ends_with_1(folder: Path) -> None:
    path = folder / "events.jsonl"
    path.write_text(path.read_text().replace('"fork"', '"spoon"', 1))

    done = events(folder, "--validate", "--text")

    assert done.exit_code == 1
    assert "line 5: kind: 'spoon' is not one of" in done.output


def test_a_trace_is_written(folder: Path, tmp_path: Path) -> None:
    done = events(folder, "--perfetto", tmp_path / "trace.json")

    assert done.exit_code == 0
    assert str(tmp_path / "trace.json") in done.output
    assert trace_format.demand((tmp_path / "trace.json").read_text())


def test_one_check_is_shown(folder: Path) -> None:
    assert CHECK in events(folder, "--only", CHECK, "--mermaid").output
    other = events(folder, "--only", "echoes")
    assert other.exit_code == 2
    assert f"no check 'echoes'; it has: {CHECK}" in other.output


def test_what_is_no_log_is_refused_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    (folder / "events.jsonl").write_bytes(b"\xff")
    for words, said in (
        ((folder,), "cannot be read"),
        ((tmp_path / "none",), "there is no lab"),
        (("fork-echo", "--runs", tmp_path), "there is no run of fork-echo"),
        ((folder / "results.json",), "line 1 is not of forklab-events/1"),
    ):
        done = events(*words)
        assert done.exit_code == 2
        assert said in done.output
    (folder / "events.jsonl").unlink()
    assert "was never started" in events("prefork", "--runs", folder.parent.parent).output


def test_a_trace_that_cannot_be_written_is_said(folder: Path, tmp_path: Path) -> None:
    done = events(folder, "--perfetto", tmp_path)
    assert done.exit_code == 2
    assert "cannot write" in done.output
