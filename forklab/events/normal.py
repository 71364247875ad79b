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
# Seen only if a look fell between two other things; and numbers that the kernel gave.
BY_CHANCE = frozenset({"open", "close", "stopped", "continued", "left-out", "clean"})
NUMBERS = frozenset({"fd", "inode", "port", "path", "argv", "sure", "count", "killed"})

Told = tuple[str, str, tuple[tuple[str, Any], ...]]


def normal(events: Iterable[Event]) -> dict[str, Counter[tuple[Any, ...]]]:
    """Return the normal form of *events*, the same for two runs that did the same.

    Returns:
        For each check how many there were who did just this: (who, without a number; what is in
        order; what is not).
    """
    actors: dict[tuple[str, int, str], tuple[list[Told], Counter[Told]]] = {}
    for event in events:
        if event.kind == "clean" or (event.known == "snapshot" and event.kind in BY_CHANCE):
            continue
        ordered, counted = actors.setdefault((event.check, event.start, event.who), ([], Counter()))
        if event.known in IN_ORDER:
            ordered.append(_told(event))
        else:
            counted[_told(event)] += 1
    found: dict[str, Counter[tuple[Any, ...]]] = {}
    for (check, _, who), (ordered, counted) in actors.items():
        did = (stem(who), tuple(ordered), tuple(sorted(counted.items(), key=repr)))
        found.setdefault(check, Counter())[did] += 1
    return found


def stem(name: str) -> str:
    """Return a name without its number: `worker` of `worker-2`."""
    return re.sub(r"-\d+$", "", name)


def _told(event: Event) -> Told:
    facts = {
        name: re.sub(r"\d+", "N", value) if isinstance(value, str) else value
        for name, value in event.facts.items()
        if name not in NUMBERS
    }
    return event.kind, stem(event.to), tuple(sorted(facts.items()))
