"""What a person asked for, as the command line or a caller says it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Order:
    """What a person asked for; see `forklab check --help`."""

    lab: str
    program: Path | None = None
    run: str | None = None
    port: int | None = None
    workers: int | None = None
    worker: str | None = None
    only: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    sandbox: str = "docker"
    json: bool = False
    junit: Path | None = None
    runs: Path = Path("runs")
    pytest_args: tuple[str, ...] = field(default=())
