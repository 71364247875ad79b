"""Points as whole numbers, for platforms that know no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forklab.grades.grade import Grade, Mark
from forklab.grades.shares import largest_remainder


@dataclass(frozen=True)
class Whole:
    """A grade in whole numbers; nothing is negative, and nothing is more than its maximum.

    Attributes:
        points, possible: of the grade, after the penalty.
        marks: (points, possible) of each mark, in their order; `possible` is their sum.
        late: what the penalty and rounding took off the sum of the marks, 0 or less.
    """

    points: int
    possible: int
    marks: tuple[tuple[int, int], ...]
    late: int = 0


def whole_points(grade: Grade, marks: Sequence[Mark] | None = None) -> Whole:
    """Return *grade* in whole numbers, shared by the largest remainder.

    Args:
        grade: of one submission.
        marks: other marks with the same sums, where some are shown as one; else those of it.

    A check that passes has all its points, and all points are only for who has all.
    """
    marks = grade.marks if marks is None else marks
    possible = round(sum(mark.possible for mark in marks))
    if not possible and any(mark.possible for mark in marks):
        possible = 1  # else what is worth little could not be told from what does not count
    most = largest_remainder([mark.possible for mark in marks], possible)
    earned = [_earned(mark, whole) for mark, whole in zip(marks, most, strict=True)]
    points = min(sum(earned), max(0, _rounded(grade, sum(earned), possible)))
    return Whole(points, possible, tuple(zip(earned, most, strict=True)), late=points - sum(earned))


def _earned(mark: Mark, most: int) -> int:
    if not mark.possible:
        return 0
    # rounded first: of 8.57 points of 8.57 nothing may be lost to binary fractions
    return min(most, max(0, int(round(most * mark.points / mark.possible, 6))))


def _rounded(grade: Grade, earned: int, possible: int) -> int:
    """Return the sum of the marks after the penalty; not all points if one is missing."""
    left = earned - round(grade.penalty)
    missing = grade.points < grade.possible
    return min(left, possible - 1) if missing and possible else left
