"""Play a recording: at its own pace on a terminal, at once elsewhere; no engine is needed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TextIO

from forklab.demos.cast import Cast
from forklab.demos.printer import unpainted


@dataclass(frozen=True)
class Pace:
    """How fast it is played.

    Attributes:
        speed: 2 is twice as fast.
        idle_s: the longest time in which nothing happens.
    """

    speed: float = 1.0
    idle_s: float = 10.0


def play(cast: Cast, out: TextIO, *, colour: bool, pace: Pace | None) -> None:
    """Print what was recorded; with *pace* None without any pause."""
    before = 0.0
    pause = threading.Event()
    for event in cast.events:
        if pace is not None:
            pause.wait(min(event.time - before, pace.idle_s) / pace.speed)
        before = event.time
        if event.kind == "o":
            text = event.data.replace("\r\n", "\n")
            out.write(text if colour else unpainted(text))
            out.flush()
