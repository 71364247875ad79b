"""Of a check that starts its program several times, the last start: the one that was judged."""

from __future__ import annotations

from collections.abc import Iterable

from forklab.events.event import Event


def last_start(events: Iterable[Event]) -> list[Event]:
    """Return those of *events*, of one check, that belong to its last start; none without one."""
    started = [event for event in events if event.start]
    last = max((event.start for event in started), default=0)
    return [event for event in started if event.start == last]
