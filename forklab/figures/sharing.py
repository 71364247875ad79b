"""Who shares what at one instant: processes beside each other, each open socket or pipe a row.

The same row is the same socket, or the same end of one pipe; two rows that are joined are the two
ends of one channel.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from forklab.results.evidence import DescriptorRow, Evidence, ProcessRow

COLUMN, ROW, HEAD, LEFT = 112, 34, 54, 10
MARK = 18  # below a row with a culprit
BOX = (84, 22)
ROOM = 8  # digits of descriptors in a box
NARROWEST = 560  # what is said of a culprit has room
MOST_ALIKE = 3  # columns, and rows, that are alike and drawn; more are counted
FEW = 6  # so many processes, and so many rows, are drawn in any case
MOST_ROWS, MOST_COLUMNS = 24, 16
PARTS = ("listener", "connection", "unix", "socket", "pipe", "anon", "file", "terminal")

Place = tuple[str, str]  # the target of a link, and which end of a pipe


class Holder(NamedTuple):
    """One column: a process, with those that hold alike."""

    row: ProcessRow
    alike: tuple[ProcessRow, ...]
    x: int

    @property
    def name(self) -> str:
        """What it is called."""
        return self.row.who or f"pid {self.row.pid}"

    @property
    def state(self) -> str:
        """What it does: lives, is held, or has ended."""
        return {"Z": "zombie", "X": "zombie", "T": "held", "t": "held"}.get(self.row.state, "lives")


class Box(NamedTuple):
    """What one process has of a thing: one descriptor, as a rule."""

    numbers: tuple[int, ...]
    x: int
    mark: str

    @property
    def label(self) -> str:
        """Its numbers, as far as they have room."""
        first, *others = self.numbers
        both = ", ".join(map(str, self.numbers))
        return both if len(others) < 2 and len(both) <= ROOM else f"{first} +{len(others)}"


class Thing(NamedTuple):
    """One row: what is held, by whom, and who is at its other end.

    Attributes:
        kind, side, other: as of `DescriptorRow`; what: in words.
        more: how many rows like it are not drawn.
        y_other: of the row of its other end, if that is the next one.
    """

    kind: str
    what: str
    side: str
    other: str
    boxes: tuple[Box, ...]
    y: int
    more: int = 0
    y_other: int = 0

    @property
    def culprits(self) -> list[Box]:
        """Boxes that are marked."""
        return [box for box in self.boxes if box.mark]

    @property
    def left(self) -> int:
        """Where the middle of its first box is."""
        return min(box.x for box in self.boxes) + BOX[0] // 2

    @property
    def right(self) -> int:
        """Where the middle of its last box is."""
        return max(box.x for box in self.boxes) + BOX[0] // 2


class Sharing(NamedTuple):
    """A figure: columns, rows, its size, and how many rows and columns it leaves out."""

    holders: tuple[Holder, ...]
    things: tuple[Thing, ...]
    width: int
    height: int
    rows_left_out: int = 0
    holders_left_out: int = 0

    def name_at(self, x: int) -> str:
        """Return who has the column at *x*."""
        return next(holder.name for holder in self.holders if holder.x == x)

    def is_other_end(self, thing: Thing) -> bool:
        """Whether the row above is the other end of *thing*."""
        return any(one.y_other == thing.y for one in self.things)

    def x_below(self, thing: Thing) -> int:
        """Return where the first box of the row below *thing* is."""
        at = self.things.index(thing)
        return self.things[at + 1].boxes[0].x


def sharing(evidence: Evidence) -> Sharing | None:
    """Return who shares what; None if there is nothing that is worth a figure."""
    sides: dict[str, set[str]] = {}
    for row in evidence.descriptors:
        sides.setdefault(row.target, set()).add(row.side)
    rows = [row for row in evidence.descriptors if _tells(row, sides[row.target])]
    if not rows or not evidence.processes:
        return None
    by_pid: dict[int, list[DescriptorRow]] = {}
    for row in rows:
        by_pid.setdefault(row.pid, []).append(row)
    columns = list(_columns(evidence.processes, by_pid))
    holders = tuple(columns[:MOST_COLUMNS])
    places = {holder.row.pid: holder.x for holder in holders}
    groups = list(_rows(rows, places))
    things = tuple(_stacked(groups[:MOST_ROWS], places))
    height = things[-1].y + ROW + MARK * bool(things[-1].culprits) if things else HEAD
    return Sharing(
        holders, things, max(LEFT + COLUMN * (len(holders) + 1), NARROWEST), height,
        sum(1 + more for _, more in groups[MOST_ROWS:]), len(columns) - len(holders),
    )  # fmt: skip


def most_open(looks: Mapping[str, Evidence]) -> str:
    """Return the name of that one of *looks* which shows most that is open; "": none shows any."""
    counts = {name: _open(look) for name, look in looks.items()}
    best = max(counts, key=lambda name: counts[name], default="")
    return best if best and counts[best] else ""


def _open(look: Evidence) -> int:
    """How many sockets and pipes are held, as long as all of them can be drawn."""
    if len(look.processes) > MOST_COLUMNS:
        return 0
    found = {row.target for row in look.descriptors if row.kind in PARTS[:5] and row.number > 2}
    return len(found) if len(found) <= MOST_ROWS else 0


def _tells(row: DescriptorRow, sides: set[str]) -> bool:
    """Whether it is drawn: not the streams, files and terminals that everybody has.

    Args:
        row: a descriptor.
        sides: which ends of the same pipe are held by anybody.
    """
    if row.mark or row.kind in ("listener", "connection", "unix"):
        return True
    if row.kind == "pipe":
        return row.number > 2 or len(sides) > 1
    return row.number > 2 and row.kind in ("socket", "file", "anon", "terminal")


def _columns(
    processes: Sequence[ProcessRow], by_pid: dict[int, list[DescriptorRow]]
) -> Iterator[Holder]:
    """Yield the columns; of many that are alike the first stands for all."""
    groups: dict[object, list[ProcessRow]] = {}
    for process in processes:
        key: object = process.pid
        if len(processes) > FEW:
            held = sorted(
                (r.kind, r.side, r.number, bool(r.mark)) for r in by_pid.get(process.pid, [])
            )
            key = (process.state == "Z", process.mark, process.ppid, tuple(held))
        groups.setdefault(key, []).append(process)
    x = LEFT
    for first, *others in groups.values():
        are_few = len(others) < MOST_ALIKE
        for process in [first, *others] if are_few else [first]:
            yield Holder(process, () if are_few else tuple(others), x)
            x += COLUMN


def _rows(
    rows: Iterable[DescriptorRow], columns: dict[int, int]
) -> Iterator[tuple[list[DescriptorRow], int]]:
    """Yield the descriptors of each row, and how many rows like it are left out."""
    held: dict[Place, list[DescriptorRow]] = {}
    for row in rows:
        if row.pid in columns:
            held.setdefault((row.target, row.side), []).append(row)
    things = sorted(held.values(), key=_order(held))
    alike: dict[object, list[list[DescriptorRow]]] = {}
    for thing in things:
        place: object = (thing[0].target, thing[0].side)
        alike.setdefault(place if len(things) <= FEW else _kind_of(thing, held), []).append(thing)
    more = {id(same[0]): len(same) - 1 for same in alike.values() if len(same) > MOST_ALIKE}
    hidden = {id(thing) for same in alike.values() if id(same[0]) in more for thing in same[1:]}
    for thing in things:
        if id(thing) not in hidden:
            yield thing, more.get(id(thing), 0)


def _kind_of(thing: list[DescriptorRow], held: dict[Place, list[DescriptorRow]]) -> object:
    """What rows have in common that are alike: who holds them, and who their other ends."""
    row = thing[0]
    others = held.get((row.other, row.side), [])
    return (
        row.kind,
        row.side,
        bool(row.other),
        tuple(sorted((one.pid, bool(one.mark)) for one in thing)),
        tuple(sorted(one.pid for one in others)),
    )


def _order(
    held: dict[Place, list[DescriptorRow]],
) -> Callable[[list[DescriptorRow]], tuple[int, int, int]]:
    """Return a key that puts rows in the order of PARTS, and the two ends of a channel together."""
    first: dict[str, int] = {}
    for at, (target, _) in enumerate(held):
        first.setdefault(target, at)

    def key(thing: list[DescriptorRow]) -> tuple[int, int, int]:
        row = thing[0]
        mine = first[row.target]
        part = PARTS.index(row.kind) if row.kind in PARTS else len(PARTS)
        return part, min(mine, first.get(row.other, mine)), mine

    return key


def _stacked(
    groups: Sequence[tuple[list[DescriptorRow], int]], columns: dict[int, int]
) -> Iterator[Thing]:
    """Yield the rows from the top to the bottom, each with its boxes."""
    y = HEAD
    for (rows, more), following in zip(groups, [*groups[1:], ([], 0)], strict=True):
        row = rows[0]
        boxes = tuple(_boxes(rows, columns))
        below = y + ROW + MARK * any(box.mark for box in boxes)
        joined = bool(following[0]) and _are_ends(row, following[0][0])
        yield Thing(
            row.kind, row.what, row.side, row.other, boxes, y, more, below if joined else 0
        )  # fmt: skip
        y = below


def _boxes(rows: Iterable[DescriptorRow], columns: dict[int, int]) -> Iterator[Box]:
    """Yield a box for each process; one that has it twice has both numbers in it."""
    by_pid: dict[int, list[DescriptorRow]] = {}
    for row in rows:
        by_pid.setdefault(row.pid, []).append(row)
    for pid, mine in by_pid.items():
        mark = next((row.mark for row in mine if row.mark), "")
        yield Box(tuple(row.number for row in mine), columns[pid], mark)


def _are_ends(one: DescriptorRow, other: DescriptorRow) -> bool:
    if one.kind == "pipe":
        return one.target == other.target
    return one.kind == "unix" and one.other == other.target
