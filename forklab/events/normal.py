"""What two runs of one program have in common: no pids, ports, times, and no order by chance.

Of one client, and of the harness, everything is known as it came, so its order counts. What is
seen in snapshots has the order that the looks gave it, so of processes only the number of each
thing counts. Which of several alike did it, the first child or the second, is chance.

Chance is also whether a look falls into a life that is shorter than the time between two: of
clients that came and left at one go, or in a crowd, and of children that were forked for them; of
processes that no snapshot has; of a program that ends at once, since it was started wrongly. So is
what came too late for the last look: the end of an orphan, which the agent reaps, and the answer to
a client that stays. All that is left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from forklab.events.event import A_CLIENT, AGENT, SOMEBODY, Event

IN_ORDER = frozenset({"client", "harness"})
# what the kernel, the harness or the hour gave
NUMBERS = frozenset({"bytes", "fd", "inode", "port", "path", "argv", "sure", "count", "killed"})
# seen only if a look fell between two other things
BY_CHANCE = frozenset({"open", "close", "stopped", "continued"})
CROWD = 20
OVER = frozenset({"half-close", "end-of-file", "close", "reset"})  # a client has done with talking
ENDS = ("check-ends", "clean")

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
    chance = _Chance(events)
    actors: dict[tuple[str, int, str], _Actor] = {}
    for event in events:
        if not chance.decided(event):
            place = event.check, event.start, event.who
            actors.setdefault(place, _Actor()).take(event)
    found: Normal = {}
    for (check, _, who), actor in actors.items():
        found.setdefault(check, Counter())[stem(who), *actor.did()] += 1
    return found


class _Chance:
    """Which events are in a log by chance."""

    def __init__(self, events: list[Event]) -> None:
        self._visitors = _visitors(events)
        self._crowded = {start for start, _ in self._visitors} | _crowded(events)
        self._ended = {(e.start, e.who) for e in events if e.kind == "exit"}
        self._brief = _brief(events)

    def decided(self, event: Event) -> bool:
        """Whether *event* might be missing from the next log."""
        others = {event.who, event.to, event.of} - {""}
        if others & {A_CLIENT, SOMEBODY} or any(stem(name) == "unseen" for name in others):
            return True
        if event.known in IN_ORDER:
            return False
        return (
            (event.known == "snapshot" and event.kind in BY_CHANCE)
            or (event.kind == "reap" and event.who == AGENT)
            or any(self._is_fleeting(event.start, name) for name in others)
            or event.start in self._brief
        )

    def _is_fleeting(self, start: int, name: str) -> bool:
        """A client that came and left at one go, or a child that has ended where such came."""
        was_child = stem(name) == "child" and (start, name) in self._ended
        return (start, name) in self._visitors or (was_child and start in self._crowded)


def _brief(events: list[Event]) -> set[int]:
    """Starts whose program ended before anybody did anything to it, or of which no more is known.

    What it did before its end is luck to see.
    """
    touched = {e.start for e in events if e.known in IN_ORDER and e.kind not in ENDS}
    first = {e.start: e.who for e in events if e.kind == "exec" and e.known == "agent"}
    ended = {e.start for e in events if e.kind == "exit" and first.get(e.start) == e.who}
    alive = {e.start for e in events if e.kind not in ("exec", *ENDS)}
    return (ended | (first.keys() - alive)) - touched - {0}


def _crowded(events: list[Event]) -> set[int]:
    """Starts with many clients; not all of those that keep a program busy have events."""
    came = Counter(event.start for event in events if event.kind == "connect")
    forked = Counter(event.start for event in events if event.kind == "fork")
    return {start for start in came | forked if max(came[start], forked[start]) > CROWD}


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
        ordered, balance = list(_once(self.ordered)), self.balance
        if not OVER & {kind for kind, *_ in ordered}:  # it stays: was the last answer waited for?
            while ordered and ordered[-1][0] == "receive":
                ordered.pop()
            balance = 0
        return tuple(ordered), frozenset(self.counted.items()), (balance > 0) - (balance < 0)


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
