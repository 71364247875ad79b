"""The sandboxes of a grading process: one for each job, and none that has ended meanwhile."""

from __future__ import annotations

import queue
from types import SimpleNamespace
from typing import ClassVar

import pytest

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
    monkeypatch.setattr(worker, "_read", lambda lines: None)
    used = []
    for line, opening in worker._jobs("docker"):
        used.append((line, Opened.all.index(opening)))  # type: ignore[arg-type]
        Opened.all[-1].lost = line == "one\n"  # the one that was opened for the next job
        with opening:
            pass
    assert used == [("one\n", 0), ("two\n", 2)]
    assert all(one.closed for one in Opened.all)
