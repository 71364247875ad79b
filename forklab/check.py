"""One run: a lab's checks on one program. The sandbox is on its way while pytest is imported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from forklab import labs
from forklab.hints import language
from forklab.interrupt import as_ctrl_c
from forklab.order import Order
from forklab.sandbox.opening import Opening

if TYPE_CHECKING:
    from forklab.results.record import Run


def check(order: Order, out: TextIO, say: Callable[[str], None]) -> Run:
    """Run the checks and return what was found; reports go to *out* and to the run's folder.

    Raises:
        UsageError: the order cannot be carried out.
    """
    info = labs.read(order.lab)
    order = _with_manifest(order)
    # complain before anything is started
    info.spec.changed(order.run, order.port, order.workers, order.worker)
    language()
    with as_ctrl_c(), Opening(order.sandbox, say) as opening:
        from forklab.session import Session

        return Session(order, info, opening, out, say).run_checks()


def _with_manifest(order: Order) -> Order:
    """Return *order* with what the `submission.toml` of its folder says; what it says itself wins.

    Raises:
        UsageError: the manifest says what cannot be.
    """
    if order.program is None or not (order.program / "submission.toml").is_file():
        return order
    from forklab.submissions.manifest import beside  # most programs have none

    said = beside(order.program)
    return replace(
        order,
        run=order.run or said.run,
        port=order.port or said.port,
        workers=order.workers or said.workers,
        worker=order.worker or said.worker,
        main=order.main or said.main,
        declared=order.declared or said.declares,
    )
