"""What two runs of one program have in common: no pids, ports, times, and no order by chance.

Of one client, and of the harness, everything is known as it came, so its order counts. What is
seen in snapshots has the order that the looks gave it, so of processes only the number of each
thing counts. Which of several alike did it, the first child or the second, is chance.

Chance is also whether a look falls into a life that is shorter than the time between two: of
clients that came and left at one go, of processes that no snapshot has, how those ended of which
the last look came too early. That is left out, as far as a log tells it. A server that forks for
each of many such clients is seen to fork as often as looks happen to be made.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from forklab.events.event import A_CLIENT, SOMEBODY, Event

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
    events = list(events)
    visitors = _visitors(events)
    actors: dict[tuple[str, int, str], _Actor] = {}
    for event in events:
        if not _is_by_chance(event, visitors):
            place = event.check, event.start, event.who
            actors.setdefault(place, _Actor()).take(event)
    found: Normal = {}
    for (check, _, who), actor in actors.items():
        found.setdefault(check, Counter())[stem(who), *actor.did()] += 1
    return found


def _visitors(events: list[Event]) -> set[tuple[int, str]]:
    """Clients that came, were answered and left in one request, by start and name."""
    came: dict[tuple[int, str], float | None] = {}
    found = set()
    for event in events:
        place = event.start, event.who
        if event.known == "client" and event.kind == "connect":
            came[place] = event.after
        elif event.known == "client" and event.kind == "close" and came.get(place) == event.after:
            found.add(place)
    return found


def _is_by_chance(event: Event, visitors: set[tuple[int, str]]) -> bool:
    if event.known == "snapshot" and event.kind in BY_CHANCE:
        return True
    others = {event.who, event.to, event.of} - {""}
    if event.known not in IN_ORDER and any((event.start, name) in visitors for name in others):
        return True
    return bool(others & {A_CLIENT, SOMEBODY}) or any(stem(name) == "unseen" for name in others)


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
        if name not in NUMBERS and event.kind != "exit"  # `reap` has how it ended
    }
    return event.kind, stem(event.to), tuple(sorted(facts.items()))
