"""The timeline of a scene: a lane for everybody, a column for each event, in order, not to scale.

A life is a bar from fork to exit, then a hatched one until its parent has reaped it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from forklab.events.event import A_CLIENT, AGENT, HARNESS, SOMEBODY, Event
from forklab.figures.alike import Cast, Column, cast
from forklab.figures.scene import MANY, Scene

COLUMN, WIDE_COLUMN, GAP_COLUMN, LANE, LEFT, TOP = 26, 36, 58, 36, 14, 26
UNFOLDED, MOST_LANES, HARD_MOST = MANY, 12, 90
GAP_S = 0.02  # a pause that is marked on the axis
NOBODY = frozenset({"", AGENT, SOMEBODY, A_CLIENT})  # have no lane

LETTERS = {
    "exec": "E", "fork": "F", "exit": "X", "reap": "R", "orphaned": "O", "signal": "!",
    "stopped": "S", "continued": "G", "listen": "L", "accept": "A", "connect": "C",
    "refused": "N", "send": ">", "receive": "<", "half-close": "H", "end-of-file": "0",
    "reset": "#", "open": "+", "close": "/", "pass": "P", "step": "*",
    "signalled": "D", "shutdown": "U",
}  # fmt: skip
JOINED = frozenset({"fork", "reap", "pass", "accept", "connect", "signal"})


class Lane(NamedTuple):
    """One lane: *name*, with all for whom it stands; `kind` is process, client or harness."""

    name: str
    members: tuple[str, ...]
    pid: int
    kind: str
    y: int


class Mark(NamedTuple):
    """One event: its number, place and letter, and what it joins.

    Attributes:
        who, to: the lanes' names; "" without one.
        gap_s: the pause before it, if it is worth a word; else 0.
        y_to: of the other lane; None: none.
        is_odd: it should not happen to a program that is right and left alone.
        is_between: it is only known to lie between two looks.
    """

    number: int
    column: Column
    letter: str
    x: int
    y: int
    y_to: int | None
    gap_s: float
    is_odd: bool
    is_between: bool
    who: str
    to: str

    @property
    def event(self) -> Event:
        """What happened."""
        return self.column.event


class Bar(NamedTuple):
    """A span of a lane.

    Attributes:
        kind: alive, zombie or connected.
        shortest_s, longest_s: of a zombie, how long nobody reaped it: of all for whom it stands.
        is_open: it had not ended at the end of the check.
    """

    kind: str
    x: int
    width: int
    y: int
    shortest_s: float = 0.0
    longest_s: float = 0.0
    is_open: bool = False


class Timeline(NamedTuple):
    """A figure: its lanes, bars and marks, its size, and how many events it leaves out.

    `rest_s` is the pause between the last event and the end of the check, if it is worth a word.
    """

    scene: Scene
    lanes: tuple[Lane, ...]
    bars: tuple[Bar, ...]
    marks: tuple[Mark, ...]
    width: int
    height: int
    left_out: int
    rest_s: float = 0.0

    @property
    def zombies(self) -> list[Lane]:
        """The lanes of those that were not reaped by the end of the check."""
        open_at = {bar.y for bar in self.bars if bar.kind == "zombie" and bar.is_open}
        return [lane for lane in self.lanes if lane.y in open_at]

    @property
    def kinds(self) -> list[tuple[str, str]]:
        """Kind and letter of what occurs, in the order of the letters' list."""
        there = {mark.event.kind for mark in self.marks}
        return [(kind, letter) for kind, letter in LETTERS.items() if kind in there]

    @property
    def events(self) -> int:
        """How many events the marks stand for."""
        return sum(mark.column.times for mark in self.marks)


def timeline(scene: Scene) -> Timeline:
    """Return the timeline of *scene*; at most HARD_MOST columns of it."""
    whole = cast(scene.events, UNFOLDED, MOST_LANES)
    few = whole._replace(columns=whole.columns[:HARD_MOST])
    lanes = _lanes(few)
    places = {lane.name: lane for lane in lanes}
    marks = tuple(_marks(few.columns, _drawn(few), places))
    rest_s = max(scene.ended - max(event.t for event in scene.events), 0.0)
    rest_s = rest_s if rest_s >= GAP_S else 0.0
    right = (marks[-1].x if marks else LEFT) + (GAP_COLUMN if rest_s else COLUMN)
    bars = tuple(bar for lane in lanes for bar in _Life(lane, scene, marks, right).bars())
    left_out = sum(column.times for column in whole.columns[HARD_MOST:])
    size = right + LEFT, TOP + LANE * len(lanes) + 20
    return Timeline(scene, lanes, bars, marks, *size, left_out, rest_s)


def _drawn(found: Cast) -> dict[str, str]:
    return {name: lead for lead, names in found.members.items() for name in names}


def _lanes(found: Cast) -> tuple[Lane, ...]:
    """Above who talks to the program, then its processes in the order of their forks."""
    pids: dict[str, int] = {}
    acts: dict[str, str] = {}
    for column in found.columns:
        event = column.event
        for name, pid in ((event.who, event.pid), (event.to, event.to_pid)):
            if name == HARNESS and event.kind == "step":
                acts[name] = "harness"
            elif name not in NOBODY and name != HARNESS:
                pids[name] = pids.get(name) or pid
                acts.setdefault(name, "client")
    acts |= {name: "process" for name, pid in pids.items() if pid}
    shown = [name for name in acts if name in found.members]
    order = ("harness", "client", "process")
    return tuple(
        Lane(name, found.members[name], pids.get(name, 0), acts[name], TOP + LANE * row + LANE // 2)
        for row, name in enumerate(sorted(shown, key=lambda name: order.index(acts[name])))
    )


def _marks(
    columns: Sequence[Column], drawn: dict[str, str], places: dict[str, Lane]
) -> Iterator[Mark]:
    x, before = LEFT - COLUMN // 2, columns[0].event.t if columns else 0.0
    number = 0
    for column in columns:
        event = column.event
        who, to = (places.get(drawn.get(name, "")) for name in (event.who, event.to))
        lane = who or to
        if lane is None:
            continue
        gap = event.t - before
        gap_s = gap if gap >= GAP_S and number else 0.0
        x += GAP_COLUMN if gap_s else WIDE_COLUMN if column.times >= MANY else COLUMN
        number += 1
        before = max(event.t, before)
        joins = event.kind in JOINED and who is not None and to is not None and who != to
        yield Mark(
            number, column, LETTERS[event.kind], x, lane.y, to.y if joins and to else None, gap_s,
            _is_odd(event), _is_between(event), who.name if who else "", to.name if to else "",
        )  # fmt: skip


def _is_odd(event: Event) -> bool:
    if event.kind == "exit":
        return "signal" in event.facts or bool(event.facts.get("status"))
    return event.kind in ("orphaned", "reset", "refused")


def _is_between(event: Event) -> bool:
    if event.known != "snapshot" or event.after is None or event.before is None:
        return False
    return event.before > event.after


class _Life:
    """The bars of one lane."""

    def __init__(self, lane: Lane, scene: Scene, marks: Sequence[Mark], right: int) -> None:
        self._lane, self._scene, self._marks, self._right = lane, scene, marks, right

    def bars(self) -> Iterator[Bar]:
        if self._lane.kind == "process":
            yield from self._process()
        elif self._lane.kind == "client":
            begin, end = self._x("connect", "accept"), self._x("close", "reset")
            if begin is not None:
                yield self._bar("connected", begin, self._right if end is None else end)

    def _process(self) -> Iterator[Bar]:
        begin, end, gone = self._born(), self._x("exit"), self._x("reap", to=True)
        alive = min(x for x in (end, gone, self._right) if x is not None)
        yield self._bar("alive", begin, alive, is_open=end is None and gone is None)
        if end is not None and self._is_for_its_parent():
            spans = list(_unreaped(self._scene, self._lane.members))
            until = self._right if gone is None else gone
            zombie = self._bar("zombie", end, until, is_open=gone is None)
            yield zombie._replace(
                shortest_s=min(spans, default=0.0), longest_s=max(spans, default=0.0)
            )

    def _is_for_its_parent(self) -> bool:
        """Whether a process of the program has to reap it, and not who started all of it."""
        name = self._lane.name
        forked = self._x("fork", to=True) is not None
        left_to_us = self._x("orphaned") is not None or any(
            mark.to == name and mark.event.kind == "reap" and mark.event.who == AGENT
            for mark in self._marks
        )
        return forked and not left_to_us

    def _bar(self, kind: str, begin: int, end: int, *, is_open: bool = False) -> Bar:
        return Bar(kind, begin, max(end - begin, 2), self._lane.y, is_open=is_open)

    def _born(self) -> int:
        """Where it was forked; else where it was first seen."""
        forked = self._x("fork", to=True)
        if forked is not None:
            return forked
        mine = (mark.x for mark in self._marks if self._lane.name in (mark.who, mark.to))
        return next(mine, LEFT)

    def _x(self, *kinds: str, to: bool = False) -> int | None:
        for mark in self._marks:
            name = mark.to if to else mark.who
            if name == self._lane.name and mark.event.kind in kinds:
                return mark.x
        return None


def _unreaped(scene: Scene, members: Iterable[str]) -> Iterator[float]:
    """Seconds from the end of each of *members* until it was reaped, or the check ended."""
    ended: dict[str, float] = {}
    gone: dict[str, float] = {}
    for event in scene.events:
        if event.kind == "exit":
            ended.setdefault(event.who, event.t)
        elif event.kind == "reap":
            gone.setdefault(event.to, event.t)
    for name in members:
        if name in ended:
            yield max(gone.get(name, scene.ended) - ended[name], 0.0)
