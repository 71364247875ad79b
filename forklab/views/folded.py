"""Events of a log with the talk of its clients made short."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from forklab.events.event import Event

TRAFFIC = frozenset({"send", "receive"})


def folded(events: Iterable[Event]) -> Iterator[Event]:
    """Yield *events*, with those in a row that are traffic joined, one of each client and kind.

    A joined one has the bytes of all, `times` says how many they were, and it lies between the
    earliest and the latest time of them.
    """
    for (is_traffic, _), group in groupby(events, _place):
        run = list(group)
        yield from _joined(run) if is_traffic else run


def _place(event: Event) -> tuple[bool, tuple[str, int]]:
    return event.kind in TRAFFIC, (event.check, event.start)


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    alike: dict[tuple[str, str], list[Event]] = {}
    for event in events:
        alike.setdefault((event.who, event.kind), []).append(event)
    for first, *others in alike.values():
        if not others:
            yield first
            continue
        count = sum(int(event.facts.get("bytes", 0)) for event in (first, *others))
        facts = {**first.facts, "bytes": count, "times": 1 + len(others)}
        before = max(event.before or event.t for event in (first, *others))
        yield first._replace(after=first.after or first.t, before=before, facts=facts)
