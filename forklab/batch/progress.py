"""How far a batch is, for a person: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from forklab.batch.run import CONFIRM
from forklab.grading.record import Record
from forklab.submissions.submission import Submission

WHAT = {True: "looking again, alone, at failures that waited", False: "grading"}


class Reader(Console):
    """Whoever reads: once gone, nothing more is said, and grading goes on."""

    def on_broken_pipe(self) -> None:
        """Say nothing any more, where rich would end the program."""
        self.quiet = True


class Watched:
    """Says a line for each submission that ends; below them, on a terminal, what is under way."""

    def __init__(self, out: TextIO, row: Callable[[Record], str]) -> None:
        """Print to *out*; *row* makes a record into the words of its line."""
        self._console = Reader(file=out, highlight=False, soft_wrap=True)
        self._row = row
        self._lock = threading.Lock()
        self._running: list[str] = []
        self._done = self._todo = 0
        self._bar: Progress | None = None

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it was."""
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def phase(self, what: str, todo: list[Submission]) -> None:
        """Say what comes now, and begin a bar for it."""
        with self._lock:
            self._stop()
            self._running, self._done, self._todo = [], 0, len(todo)
            if not todo:
                return
            self._console.print(f"{WHAT[what == CONFIRM]}: {len(todo)}", markup=False)
            if self._console.is_terminal:
                self._bar = Progress(
                    TextColumn("{task.description}", markup=False),
                    BarColumn(),
                    MofNCompleteColumn(),
                    TimeRemainingColumn(elapsed_when_finished=True),
                    console=self._console,
                    transient=True,
                )
                self._bar.add_task("", total=len(todo))
                self._bar.start()

    def begins(self, submission: str) -> None:
        """Show that it is under way."""
        with self._lock:
            self._running.append(submission)
            self._draw()

    def ended(self, record: Record, *, final: bool) -> None:
        """Say what came out; what is to be looked at again is said to be so."""
        with self._lock:
            self._done += 1
            if record["submission"] in self._running:
                self._running.remove(record["submission"])
            count = f"{self._done:{len(str(self._todo))}}/{self._todo}"
            later = "" if final else "; to be looked at again"
            self._console.print(f"  {count}  {self._row(record)}{later}", markup=False)
            self._draw()

    def _draw(self) -> None:
        if self._bar is not None:
            names = ", ".join(self._running)
            width = max(20, self._console.width - 50)
            shown = names if len(names) <= width else names[: width - 3] + "..."
            self._bar.update(self._bar.task_ids[0], completed=self._done, description=shown)
