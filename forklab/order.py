"""What a person asked for, as the command line or a caller says it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """What a person asked for; see `forklab check --help`.

    No sandbox: the one that is here. Of a program that was handed in: main says which of its files
    it is; refused why it cannot be examined, one sentence, and every check says so; folder is where
    the run is kept, instead of a new one below runs. No events: events.jsonl is not written.
    Trace: what fails, or all where nothing does, is run once more under strace, for the log alone.
    """

    lab: str
    program: Path | None = None
    run: str | None = None
    port: int | None = None
    workers: int | None = None
    worker: str | None = None
    only: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    sandbox: str = ""
    json: bool = False
    junit: Path | None = None
    runs: Path = Path("runs")
    folder: Path | None = None
    main: str = ""
    events: bool = True
    trace: bool = False
    refused: str = ""
    pytest_args: tuple[str, ...] = field(default=())

    @property
    def command(self) -> str:
        """The command line that asks for the same."""
        said = {
            "--run": self.run, "--port": self.port, "--workers": self.workers,
            "--worker": self.worker, "--sandbox": self.sandbox,
        }  # fmt: skip
        words = ["forklab", "check", self.lab, *([str(self.program)] if self.program else [])]
        for option, value in said.items():
            words += [option, str(value)] if value else []
        for word in sorted(self.declared):
            words += ["--declares", word]
        return shlex.join(words)
