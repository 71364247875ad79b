"""What is known of one start of a program beside its snapshots."""

from __future__ import annotations

from typing import NamedTuple

from forklab.facts.snapshot import Key


class Start(NamedTuple):
    """One start.

    Attributes:
        key: of the process that the agent started.
        port: on which it listens, or on which the harness does for it.
        began: when it was asked for, in seconds of our clock.
        serves: it listens; else the harness does.
        ends_are_told: this kernel's pidfds tell when a process is reaped.
        asked: when each client asked to connect, by its port, in seconds of our clock.
        signalled: when the harness last sent a signal or froze a process, likewise; 0: never.
        ahead_s: by how much our clock is ahead of the agent's.
    """

    key: Key
    port: int
    began: float
    serves: bool
    ends_are_told: bool
    asked: dict[int, float]
    signalled: float = 0.0
    ahead_s: float = 0.0
