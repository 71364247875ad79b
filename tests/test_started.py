"""Who is called what in a program that has just been started, look by look."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from forklab.facts import Snapshot
from forklab.program.journal import Journal
from forklab.program.program import Program
from forklab.program.started import FIRST_LOOKS
from forklab.sandbox.link import Link
from tests.pictures import PORT, key, listener, pair, picture, process

LISTENER = listener(500)
A, B = pair(700), pair(710)
# in the midst of the forks a child has all that its parent had, and the parent was read before
TORN = picture(
    process(10, fds={4: A[0]}),
    process(11, parent=10, fds={0: A[1]}),
    process(12, parent=10, fds={3: LISTENER, 4: A[0], 5: B[1]}),
)
WHOLE = picture(
    process(10, fds={3: LISTENER, 4: A[0], 5: B[0]}),
    process(11, parent=10, fds={0: A[1]}),
    process(12, parent=10, fds={0: B[1]}),
)
RIGHT = {key(10): "dispatcher", key(11): "worker-1", key(12): "worker-2"}


def started(*looks: Snapshot) -> Program:
    """Return a pool that shows *looks* one after another."""
    coming = iter(looks)

    def call(op: str, **more: object) -> SimpleNamespace:
        assert op == "snapshot"
        return SimpleNamespace(value=next(coming).raw)

    hello = {"machine": "x86_64", "ends_are_told": True}
    link = cast(Link, SimpleNamespace(call=call, hello=hello))
    return Program(link, Journal(), ["./server"], PORT, 2)


def test_a_look_in_the_midst_of_the_forks_names_nobody_for_good() -> None:
    program = started(TORN, WHOLE)

    program.snapshot()
    assert program.names[key(12)] == "dispatcher"
    program.snapshot()

    assert program.names == RIGHT


@pytest.mark.parametrize("looks", [1, FIRST_LOOKS])
def test_a_client_makes_names_stay_once_there_were_some_looks(looks: int) -> None:
    program = started(*[TORN] * looks, WHOLE)
    for _ in range(looks):
        program.snapshot()
    program._asked[50001] = 1.0

    program.snapshot()

    assert (program.names == RIGHT) == (looks < FIRST_LOOKS)


def test_a_signal_makes_names_stay_at_once() -> None:
    program = started(TORN, WHOLE)
    program.snapshot()
    program._signalled = 1.0

    program.snapshot()

    assert program.names[key(12)] == "dispatcher"
