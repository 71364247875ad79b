"""What a rubric file says, read and held against the checks of the lab."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from forklab.grades.words import RubricError, Table

if TYPE_CHECKING:
    from forklab.grades.rubric import Known

CREDITS = ("fraction", "all", "at-least")
KEYS = ("lab", "total", "leave_out", "hidden", "levels", "points", "needs", "late", "group")
LATE = ("per_hour", "per_day", "grace_hours", "most")


@dataclass(frozen=True)
class SaidGroup:
    """One [[group]]; *points* is None where its checks keep the points that they have."""

    name: str
    checks: tuple[str, ...]
    credit: str
    at_least: int
    points: float | None


@dataclass(frozen=True)
class Said:
    """What the file says; ids are ids of the lab, and patterns are resolved."""

    total: float | None = None
    levels: Mapping[str, float] = field(default_factory=dict)
    points: Mapping[str, float] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    late: Mapping[str, float] = field(default_factory=dict)
    groups: tuple[SaidGroup, ...] = ()


def parse(path: Path, lab: str, known_checks: Sequence[Known]) -> Said:
    """Return what *path* says of *lab*.

    Raises:
        RubricError: as `forklab.grades.rubric.read`.
    """
    whole = _load(path)
    whole.only(*KEYS)
    known = [check.id for check in known_checks]
    if (meant := whole.text("lab", lab).replace("-", "_")) != lab:
        raise whole.wrong("lab", f"is {meant!r}, but {lab!r} is to be graded")
    levels = _levels(whole, known_checks)
    groups = tuple(_group(table, known) for table in whole.tables("group"))
    _only_once(whole, groups)
    points = whole.table("points")
    said = Said(
        total=_total(whole, levels),
        levels=levels,
        points={points.one_check(key, known): value for key, value in points.numbers().items()},
        left_out=frozenset(whole.checks("leave_out", known)),
        hidden=frozenset(whole.checks("hidden", known)),
        needs=_needs(whole.table("needs"), known),
        late=_late(whole.table("late")),
        groups=groups,
    )
    _not_twice(whole, said)
    return said


def _load(path: Path) -> Table:
    try:
        text = path.read_bytes().decode()
        return Table(str(path), "", tomllib.loads(text))
    except OSError as error:
        raise RubricError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RubricError(f"{path}: it must be UTF-8 text, and is not") from error
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"{path}: it is no TOML: {error}") from error
    except RecursionError:  # brackets in brackets in brackets
        raise RubricError(f"{path}: it is no TOML that can be read: nested too deeply") from None


def _levels(whole: Table, known_checks: Sequence[Known]) -> dict[str, float]:
    table = whole.table("levels")
    table.only(*dict.fromkeys(check.level for check in known_checks))
    return table.numbers()


def _total(whole: Table, levels: Mapping[str, float]) -> float | None:
    total = whole.number("total")
    if total == 0:
        raise whole.wrong("total", "must be more than 0")
    if not levels:
        return total
    of_levels = round(sum(levels.values()), 2)
    if total is not None and total != of_levels:
        raise whole.wrong("total", f"is {total:g}, but the points of [levels] are {of_levels:g}")
    return of_levels


def _group(table: Table, known: Sequence[str]) -> SaidGroup:
    table.only("name", "checks", "credit", "at_least", "points")
    checks = table.checks("checks", known)
    if not checks:
        raise table.wrong("checks", "must name at least one check")
    credit = table.text("credit", CREDITS[0], CREDITS)
    return SaidGroup(
        name=table.text("name", table.name),
        checks=checks,
        credit=credit,
        at_least=_at_least(table, credit, len(checks)),
        points=table.number("points"),
    )


def _at_least(table: Table, credit: str, most: int) -> int:
    """Return how many checks of a group are enough; 0 where its rule is another one."""
    found = table.values.get("at_least", 0)
    if credit == "at-least":
        if type(found) is int and 1 <= found <= most:  # to Python, true is a number, and so is 1.0
            return found
        raise table.wrong("at_least", f"must be a whole number from 1 to {most}, not {found!r}")
    if found:
        raise table.wrong("at_least", 'goes with credit = "at-least"')
    return 0


def _needs(table: Table, known: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found = {table.one_check(key, known): table.checks(key, known) for key in table.values}
    for key, needs in found.items():
        if key in needs:
            raise table.wrong(key, "needs itself")
    return found


def _late(table: Table) -> dict[str, float]:
    table.only(*LATE)
    return table.numbers()


def _only_once(whole: Table, groups: Sequence[SaidGroup]) -> None:
    """Demand that each check is in one group at most: else its points have two rules."""
    seen: dict[str, str] = {}
    for group in groups:
        for check in group.checks:
            if check in seen:
                both = f"{seen[check]!r} and {group.name!r}"
                raise whole.wrong("group", f"has {check!r} in both {both}; once is allowed")
            seen[check] = group.name


def _not_twice(whole: Table, said: Said) -> None:
    """Demand that the points of a check are said at one place."""
    for group in said.groups:
        for check in group.checks if group.points is not None else ():
            if check in said.points:
                what = f"has points for the check, and so has the group {group.name!r}"
                raise whole.wrong(f"points.{check}", what)
    for check in said.points:
        if check in said.left_out:
            raise whole.wrong(f"points.{check}", "has points, but leave_out leaves the check out")
