"""Points, shared: by weight within a level, in hundredths, so that every sum is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forklab.grades.rubric import Known

DEFAULT_TOTAL = 100.0
DEFAULT_SHARES = {"core": 60.0, "robust": 40.0}
CENTS = 100  # points have two decimals, here and nowhere else decided


@dataclass(frozen=True)
class Wanted:
    """How points are to be shared.

    Attributes:
        total: the sum.
        levels: level to its part of the total; the proportion is what counts.
        chosen: a person chose the levels, so none of their points may be left over.
        fixed: check to its points; bundles: checks, and the points that they share by weight.
        left_out: checks that are worth nothing.
    """

    total: float
    levels: Mapping[str, float]
    chosen: bool = False
    fixed: Mapping[str, float] = field(default_factory=dict)
    bundles: Sequence[tuple[Sequence[str], float]] = ()
    left_out: frozenset[str] = frozenset()


def largest_remainder(weights: Sequence[float], total: int) -> list[int]:
    """Share *total* by *weights* in whole numbers that add up to it.

    Each gets its share rounded down, and those with the largest rest get one more; of equal rests
    the first one wins. All weights 0: all get 0.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    exact = [total * weight / whole for weight in weights]
    found = [int(share) for share in exact]
    # rounded, since 0.1 + 0.2 is not 0.3: what is equal on paper must not be decided by the machine
    by_rest = sorted(range(len(exact)), key=lambda at: (-round(exact[at] - found[at], 9), at))
    for at in by_rest[: total - sum(found)]:
        found[at] += 1
    return found


def share(checks: Sequence[Known], wanted: Wanted) -> dict[str, float]:
    """Return the points of each check, two decimals; they add up to the total exactly.

    Raises:
        ValueError: the points that are given do not go with those of the levels, in one sentence.
    """
    given = _given(checks, wanted)
    pools = _pools(checks, wanted)
    found: dict[str, int] = {}
    for level, pool in pools.items():
        members = [check for check in checks if check.level == level]
        taken = sum(given.get(check.id, 0) for check in members)
        free = [c for c in members if c.id not in given and c.id not in wanted.left_out]
        _fits(level, pool, taken, bool(free))
        shares = largest_remainder([check.weight for check in free], pool - taken)
        found.update(zip((check.id for check in free), shares, strict=True))
    return {check.id: (found | given).get(check.id, 0) / CENTS for check in checks}


def _given(checks: Sequence[Known], wanted: Wanted) -> dict[str, int]:
    """Return the hundredths of every check whose points do not come from its level's rest."""
    given = {check: round(points * CENTS) for check, points in wanted.fixed.items()}
    weight = {check.id: check.weight for check in checks}
    for bundle, points in wanted.bundles:
        members = [check for check in bundle if check not in wanted.left_out]
        if not members:
            raise ValueError(f"leave_out leaves out every check that shares {points:g} points")
        shares = largest_remainder([weight[check] for check in members], round(points * CENTS))
        given.update(zip(members, shares, strict=True))
    return given


def _pools(checks: Sequence[Known], wanted: Wanted) -> dict[str, int]:
    """Return the hundredths of each level; one without a check gets none unless it was chosen."""
    counted = {check.level for check in checks if check.id not in wanted.left_out}
    levels = [level for level in wanted.levels if wanted.chosen or level in counted]
    shares = largest_remainder(
        [wanted.levels[level] for level in levels], round(wanted.total * CENTS)
    )
    silent = {check.level: 0 for check in checks if check.level not in levels}
    return dict(zip(levels, shares, strict=True)) | silent


def _fits(level: str, pool: int, taken: int, free: bool) -> None:
    if taken > pool:
        raise ValueError(
            f"the points of single checks of level {level} add up to {taken / CENTS:g}, and the "
            f"level has {pool / CENTS:g}; give it more in [levels]"
        )
    if taken < pool and not free:
        raise ValueError(
            f"levels.{level} has {pool / CENTS:g} points, but only {taken / CENTS:g} are given to "
            "checks, and no check is left to share the rest"
        )
