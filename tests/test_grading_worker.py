"""The sandboxes of a grading process: one for each job, and none that has ended meanwhile."""

from __future__ import annotations

import io
import os
import queue
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest

from forklab.agent import home
from forklab.grading import worker


class Opened:
    """Stands in for a sandbox on its way."""

    all: ClassVar[list[Opened]] = []

    def __init__(self, kind: str, say: object) -> None:
        self.lost = self.closed = False
        self.all.append(self)

    def is_lost(self) -> bool:
        return self.lost

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed = True


def test_each_job_has_a_sandbox_of_its_own_and_one_that_is_lost_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    for line in ("one\n", "two\n", "\n"):
        lines.put(line)
    monkeypatch.setattr(Opened, "all", [])
    monkeypatch.setattr(worker, "Opening", Opened)
    monkeypatch.setattr(worker, "queue", SimpleNamespace(SimpleQueue=lambda: lines))
    monkeypatch.setattr(worker, "_read", lambda lines, scratch: None)
    used = []
    for line, opening in worker._jobs("docker", "scratch"):
        used.append((line, Opened.all.index(opening)))  # type: ignore[arg-type]
        Opened.all[-1].lost = line == "one\n"  # the one that was opened for the next job
        with opening:
            pass
    assert used == [("one\n", 0), ("two\n", 2)]
    assert all(one.closed for one in Opened.all)


def test_the_temporary_files_of_a_process_are_in_one_folder_and_those_of_dead_ones_go(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dead = tmp_path / home.name_of(os.getpid()).replace(f"-{os.getpid()}-", "-4194303-")
    dead.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    scratch = Path(worker._scratch())
    assert list(tmp_path.iterdir()) == [scratch]
    assert Path(tempfile.mkdtemp()).parent == scratch


def test_the_folder_goes_when_the_input_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "server.c").touch()
    ended: list[int] = []
    monkeypatch.setattr(sys, "stdin", io.StringIO("a job\n"))
    monkeypatch.setattr(os, "_exit", ended.append)
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    worker._read(lines, str(tmp_path / "scratch"))
    assert lines.get() == "a job\n"
    assert list(tmp_path.iterdir()) == []
    assert ended == [1]
