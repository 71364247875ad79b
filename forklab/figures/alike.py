"""Who did the same as another one, so that one of them stands for all of them in a figure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from forklab.events.event import Event
from forklab.events.normal import BY_CHANCE, stem

FEWEST = 3  # two that are alike are drawn

Trace = frozenset[tuple[str, ...]]


class Column(NamedTuple):
    """One place on the axis.

    Attributes:
        event: what happened there.
        others: what others did that are alike, in the order of time.
    """

    event: Event
    others: tuple[Event, ...] = ()

    @property
    def times(self) -> int:
        """How many events it stands for."""
        return 1 + len(self.others)


class Cast(NamedTuple):
    """Columns, and who stands for whom: name to the names of all of them, itself first."""

    columns: tuple[Column, ...]
    members: dict[str, tuple[str, ...]]


def cast(events: Sequence[Event], most_columns: int, most_actors: int) -> Cast:
    """Return *events* as columns, folded no more than it takes to have few columns and actors.

    First each event has a column. Else those who did the same are one; else what is seen by chance
    in the looks does not make a difference either; else what one did again is one, too.
    """
    found = _folded(events, {}, repeats=True)
    for by_chance, repeats in ((True, True), (False, True), (False, False)):
        if len(found.columns) <= most_columns and len(found.members) <= most_actors:
            break
        found = _folded(events, _standing_in(events, by_chance=by_chance), repeats=repeats)
    return found


def _standing_in(events: Iterable[Event], *, by_chance: bool) -> dict[str, str]:
    """Return who is drawn, for everybody who did the same as that one."""
    traces: dict[str, set[tuple[str, ...]]] = {}
    for event in events:
        parties = [name for name in (event.who, event.to, event.of) if name]
        counts = by_chance or event.kind not in BY_CHANCE
        for role, name in zip(("who", "to", "of"), (event.who, event.to, event.of), strict=True):
            if name and stem(name) != name:
                others = sorted(stem(other) for other in parties if other != name)
                mine = traces.setdefault(name, {("",)})
                mine |= {(event.kind, role, *others, _ending(event))} if counts else set()
    groups: dict[tuple[str, Trace], list[str]] = {}
    for name, trace in traces.items():
        groups.setdefault((stem(name), frozenset(trace)), []).append(name)
    return {
        name: names[0] for names in groups.values() if len(names) >= FEWEST for name in names[1:]
    }


def _ending(event: Event) -> str:
    return str(event.facts.get("signal", event.facts.get("status", "")))


def _folded(events: Sequence[Event], stands_in: dict[str, str], *, repeats: bool) -> Cast:
    columns: dict[tuple[object, ...], list[int]] = {}
    counts: dict[tuple[str, ...], int] = {}
    members: dict[str, list[str]] = {}
    for at, event in enumerate(events):
        parties = (event.who, event.to, event.of)
        shown = tuple(stands_in.get(name, name) for name in parties)
        for name, drawn in zip(parties, shown, strict=True):
            known = members.setdefault(drawn, [drawn])
            if name not in known:
                known.append(name)
        number = counts[event.kind, *parties] = counts.get((event.kind, *parties), 0) + 1
        place = event.kind, *shown, _ending(event), number if repeats else 0, _text(event)
        columns.setdefault(place, []).append(at)
    members.pop("", None)
    leads = sorted((_lead(events, alike, stands_in), alike) for alike in columns.values())
    made = [
        Column(events[lead], tuple(events[at] for at in alike if at != lead))
        for lead, alike in leads
    ]
    return Cast(tuple(made), {name: tuple(names) for name, names in members.items()})


def _lead(events: Sequence[Event], alike: Sequence[int], stands_in: dict[str, str]) -> int:
    """Which of *alike* was done by those who are drawn; else the first."""
    for at in alike:
        event = events[at]
        if not {event.who, event.to, event.of} & stands_in.keys():
            return at
    return alike[0]


def _text(event: Event) -> str:
    """A step is one of its own if it says something else."""
    return str(event.facts.get("text", ""))
