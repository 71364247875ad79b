"""One run: a lab's checks on one program. The sandbox is on its way while pytest is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from forklab import labs
from forklab.interrupt import as_ctrl_c
from forklab.sandbox.opening import Opening

if TYPE_CHECKING:
    from forklab.results.record import Run


@dataclass(frozen=True)
class Order:
    """What a person asked for; see `forklab check --help`."""

    lab: str
    program: Path | None = None
    run: str | None = None
    port: int | None = None
    workers: int | None = None
    only: frozenset[str] = frozenset()
    declared: frozenset[str] = frozenset()
    sandbox: str = "docker"
    json: bool = False
    junit: Path | None = None
    runs: Path = Path("runs")
    pytest_args: tuple[str, ...] = field(default=())


def check(order: Order, out: TextIO, say: Callable[[str], None]) -> Run:
    """Run the checks and return what was found; reports go to *out* and to the run's folder.

    Raises:
        UsageError: the order cannot be carried out.
    """
    info = labs.read(order.lab)
    info.spec.changed(order.run, order.port, order.workers)  # complain before anything is started
    with as_ctrl_c(), Opening(order.sandbox, say) as opening:
        from forklab.session import Session

        return Session(order, info, opening, out, say).run_checks()
