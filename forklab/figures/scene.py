"""What a figure shows of a check: the events of one start of the program."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from forklab.events.event import AGENT, Event
from forklab.views.folded import folded
from forklab.views.last_start import last_start

NOT_DRAWN = frozenset({"check-begins", "check-ends", "clean", "left-out"})
MANY = 60


class Scene(NamedTuple):
    """The last start of the program in one check: the one that was judged.

    Attributes:
        check: its id.
        events: of that start, in the order of time; what clients said in a row is one event.
        began, ended: seconds, the first of these events and the end of the check.
        starts: how often the program was started in this check.
        left_out: how many events the log itself left out.
    """

    check: str
    events: tuple[Event, ...]
    began: float
    ended: float
    starts: int
    left_out: int = 0


def scenes(events: Iterable[Event]) -> dict[str, Scene]:
    """Return the scene of each check in which the program was started, by the id of the check."""
    by_check: dict[str, list[Event]] = {}
    for event in events:
        by_check.setdefault(event.check, []).append(event)
    found = {check: _scene(check, of_it) for check, of_it in by_check.items() if check}
    return {check: scene for check, scene in found.items() if scene is not None}


def _scene(check: str, events: Sequence[Event]) -> Scene | None:
    mine = last_start(events)
    first = next((event.who for event in mine if event.kind == "exec"), "")
    drawn = [event for event in mine if not (event.kind in NOT_DRAWN or _is_ours(event, first))]
    if not drawn:
        return None
    ends = [event.t for event in events if event.kind == "check-ends"]
    left_out = sum(int(e.facts.get("count", 0)) for e in events if e.kind == "left-out")
    last = max(event.t for event in drawn)
    starts = len({event.start for event in events if event.start})
    return Scene(check, tuple(folded(drawn)), drawn[0].t, max([last, *ends]), starts, left_out)


def _is_ours(event: Event, first: str) -> bool:
    """The agent reaps *first*, whom it started: that says nothing of the program."""
    return (event.kind, event.who, event.to) == ("reap", AGENT, first)


def most_telling(found: Collection[Scene]) -> str:
    """Return the check in which the most kinds of things happen; "" if there is none.

    Of several the shortest, and one that is drawn without folding before others.
    """
    return min(found, key=_telling).check if found else ""


def _telling(scene: Scene) -> tuple[bool, int, int]:
    kinds = {event.kind for event in scene.events}
    return len(scene.events) > MANY, -len(kinds), len(scene.events)
