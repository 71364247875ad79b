"""A rubric: what each check of a lab is worth, what it builds on, who may see it.

    total        the sum of all points
    leave_out    ids of checks, or patterns such as "reaps-*", that are worth nothing
    hidden       ids or patterns: a student is not to see these checks
    [levels]     core and robust: their points, which their checks share by weight
    [points]     a check and its points, taken from those of its level
    [needs]      a check, and those without which it earns nothing
    [late]       per_hour, per_day: points for each that has begun; grace_hours, most
    [[group]]    name, checks, credit, at_least, points: checks whose points belong together

docs/rubric.toml shows them all. Each may be left out; without a file the core checks share 60
points and the robust ones 40.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from forklab.grades import rubric_file
from forklab.grades.shares import DEFAULT_SHARES, DEFAULT_TOTAL, Wanted, share
from forklab.grades.words import RubricError

__all__ = ["Group", "Item", "Known", "Late", "Rubric", "RubricError", "read"]


class Known(Protocol):
    """What a rubric must know of a check that a lab has; `forklab.results.record.Check` does."""

    @property
    def id(self) -> str:
        """Its id, such as `reaps-a-burst`."""

    @property
    def level(self) -> str:
        """`core` or `robust`."""

    @property
    def weight(self) -> float:
        """Its share within its level."""

    @property
    def requirement(self) -> str:
        """One sentence."""


@dataclass(frozen=True)
class Item:
    """What one check is worth.

    Attributes:
        points: at most, two decimals.
        hidden: a student is not to see it.
        needs: ids of checks without which it earns nothing.
    """

    id: str
    level: str
    title: str
    points: float
    hidden: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """Checks whose points belong together.

    Attributes:
        credit: `fraction`: each earns its own; `all`: one that fails takes the points of all;
            `at-least`: if at least *at_least* pass, all points are earned, else none.
    """

    name: str
    checks: tuple[str, ...]
    credit: str = "fraction"
    at_least: int = 0


@dataclass(frozen=True)
class Late:
    """What lateness costs: points for each hour and each day that has begun.

    Attributes:
        grace_hours: so much costs nothing, and is not counted afterwards either.
        most: no more points than this are taken off; None: down to 0.
    """

    per_hour: float = 0.0
    per_day: float = 0.0
    grace_hours: float = 0.0
    most: float | None = None


@dataclass(frozen=True)
class Rubric:
    """What a lab is worth.

    Attributes:
        total: the sum of the points of its items.
        items: one for each check, in the order of the lab.
    """

    lab: str
    total: float
    items: tuple[Item, ...]
    groups: tuple[Group, ...] = ()
    late: Late = field(default_factory=Late)


def read(path: Path | None, lab: str, known_checks: Sequence[Known]) -> Rubric:
    """Return the rubric of *lab* that stands in the file *path*; None: the default one.

    Args:
        path: a TOML file, as this module's docstring shows one.
        lab: such as `fork_echo`.
        known_checks: every check of the lab, in its order.

    Raises:
        RubricError: the file cannot be read or used: one sentence with the file, the key and what
            is allowed.
    """
    said = rubric_file.Said() if path is None else rubric_file.parse(path, lab, known_checks)
    try:
        points = share(known_checks, _wanted(said))
    except ValueError as error:
        raise RubricError(f"{path}: {error}") from error
    items = tuple(
        Item(
            id=check.id,
            level=check.level,
            title=check.requirement,
            points=points[check.id],
            hidden=check.id in said.hidden,
            needs=said.needs.get(check.id, ()),
        )
        for check in known_checks
    )
    groups = tuple(Group(g.name, g.checks, g.credit, g.at_least) for g in said.groups)
    total = round(sum(item.points for item in items), 2)
    return Rubric(lab, total, items, groups, Late(**said.late))


def _wanted(said: rubric_file.Said) -> Wanted:
    return Wanted(
        total=DEFAULT_TOTAL if said.total is None else said.total,
        levels=said.levels or DEFAULT_SHARES,
        chosen=bool(said.levels),
        fixed=said.points,
        bundles=tuple((g.checks, g.points) for g in said.groups if g.points is not None),
        left_out=said.left_out,
    )
