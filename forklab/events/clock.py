"""The agent's clock and ours: one and the same, unless the sandbox is a machine of its own."""

from __future__ import annotations

import math


class Clock:
    """Learns from each answer by how much our clock is ahead of the agent's.

    The time that the agent names in an answer lies between our question and our hearing of it;
    each answer makes the bounds of the difference tighter.
    """

    def __init__(self) -> None:
        self._low, self._high = -math.inf, math.inf

    def learn(self, asked: float, answered: float, theirs: float) -> None:
        """Take one answer: *theirs* is what the agent's clock showed between the two of ours."""
        self._low = max(self._low, asked - theirs)
        self._high = min(self._high, answered - theirs)

    @property
    def ahead_s(self) -> float:
        """Seconds to add to the agent's time; 0 where that can be: then it is the same clock."""
        if self._low <= 0.0 <= self._high or not math.isfinite(self._low + self._high):
            return 0.0
        return (self._low + self._high) / 2
