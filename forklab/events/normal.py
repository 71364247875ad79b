"""What two runs of one program have in common: no pids, ports, times, and no order by chance.

Of one client, and of the harness, everything is known as it came, so its order counts. What is
seen in snapshots has the order that the looks gave it, so of processes only the number of each
thing counts. Which of several alike did it, the first child or the second, is chance.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from forklab.events.event import Event

IN_ORDER = frozenset({"client", "harness"})
# what the kernel, the harness or the hour gave
NUMBERS = frozenset({"bytes", "fd", "inode", "port", "path", "argv", "sure", "count", "killed"})
# seen only if a look fell between two other things
BY_CHANCE = frozenset({"open", "close", "stopped", "continued"})

Told = tuple[str, str, tuple[tuple[str, Any], ...]]
Normal = dict[str, Counter[tuple[Any, ...]]]


def normal(events: Iterable[Event]) -> Normal:
    """Return the normal form of *events*, the same for two runs that did the same.

    How often a client spoke in a row does not count, since the harness chooses that by chance; that
    it got back as many bytes as it sent, fewer or more, does.

    Returns:
        For each check how many there were who did just this: (who, without a number; what is in
        order; what is not; whether as much came back).
    """
    actors: dict[tuple[str, int, str], _Actor] = {}
    for event in events:
        if event.known != "snapshot" or event.kind not in BY_CHANCE:
            place = event.check, event.start, event.who
            actors.setdefault(place, _Actor()).take(event)
    found: Normal = {}
    for (check, _, who), actor in actors.items():
        found.setdefault(check, Counter())[stem(who), *actor.did()] += 1
    return found


def stem(name: str) -> str:
    """Return a name without its number: `worker` of `worker-2`."""
    return re.sub(r"-\d+$", "", name)


class _Actor:
    """What one of them did."""

    def __init__(self) -> None:
        self.ordered: list[Told] = []
        self.counted: Counter[Told] = Counter()
        self.balance = 0

    def take(self, event: Event) -> None:
        told = _told(event)
        if event.kind == "exec":  # `env` executes once more, which a look sees or misses
            self.counted[told] = 1
        elif event.known not in IN_ORDER:
            self.counted[told] += 1
        else:
            self.ordered.append(told)
        count = int(event.facts.get("bytes", 0))
        self.balance += {"send": -count, "receive": count}.get(event.kind, 0)

    def did(self) -> tuple[Any, ...]:
        ordered = tuple(_once(self.ordered))
        return ordered, frozenset(self.counted.items()), (self.balance > 0) - (self.balance < 0)


def _once(ordered: list[Told]) -> Iterable[Told]:
    """Leave out a turn, of sending and receiving, that is the same as the one before."""
    kept: list[Told] = []
    for told in ordered:
        kept.append(told)
        if kept[-2:] == kept[-4:-2] and kept[-1][0] == "receive":
            del kept[-2:]
    return kept


def _told(event: Event) -> Told:
    facts = {
        name: re.sub(r"\d+", "N", value) if isinstance(value, str) else value
        for name, value in event.facts.items()
        if name not in NUMBERS
    }
    return event.kind, stem(event.to), tuple(sorted(facts.items()))
