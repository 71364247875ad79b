"""What a class did: how its points are spread, and which checks it failed.

Only submissions that were judged, PASS or FAIL, count: of a BROKEN one nothing is known.
"""

from __future__ import annotations

import re
import statistics
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from forklab.grades.grade import Grade, Mark

JUDGED = ("PASS", "FAIL")
BINS = 10  # of as many percent each; all points have one of their own


class Bin(NamedTuple):
    """A column of the distribution: from *low* to *high* percent, both included, and how many."""

    low: int
    high: int
    number: int


@dataclass(frozen=True)
class CheckTally:
    """What the judged submissions did in one check.

    Attributes:
        mark: one of its marks, for id, title, level and hidden.
        failed: the grades in which it is FAIL, in the order of the class.
        passed, skipped, broken: in how many it is PASS, SKIPPED, BROKEN.
    """

    mark: Mark
    failed: tuple[Grade, ...]
    passed: int
    skipped: int
    broken: int

    @property
    def judged(self) -> int:
        """In how many submissions it was judged."""
        return self.passed + len(self.failed)

    @property
    def rate(self) -> float:
        """The share of those that failed it, 0 to 1; 0 where it was never judged."""
        return len(self.failed) / self.judged if self.judged else 0.0


@dataclass(frozen=True)
class Tally:
    """A whole class.

    Attributes:
        grades: by name, the numbers in it as numbers.
        judged: those that count.
        bins: of the judged ones, from 0 to 100 percent.
        checks: the one that most failed first; else as the lab has them.
    """

    grades: tuple[Grade, ...]
    judged: tuple[Grade, ...]
    bins: tuple[Bin, ...]
    checks: tuple[CheckTally, ...]

    @property
    def median(self) -> float | None:
        """The median share of the points, 0 to 1; None of nobody."""
        return statistics.median(g.fraction for g in self.judged) if self.judged else None

    @property
    def mean(self) -> float | None:
        """The mean share of the points, 0 to 1; None of nobody."""
        return statistics.fmean(g.fraction for g in self.judged) if self.judged else None

    @property
    def broken(self) -> tuple[Grade, ...]:
        """The submissions that we could not look at."""
        return tuple(grade for grade in self.grades if grade.verdict == "BROKEN")

    def count(self, verdict: str) -> int:
        """How many submissions came out as *verdict*, judged or not."""
        return sum(grade.verdict == verdict for grade in self.grades)


def tally(grades: Sequence[Grade]) -> Tally:
    """Count what *grades* say; their order does not matter."""
    ordered = tuple(sorted(grades, key=by_name))
    judged = tuple(grade for grade in ordered if grade.verdict in JUDGED)
    return Tally(ordered, judged, _bins(judged), _checks(judged))


def by_name(grade: Grade) -> tuple[list[tuple[int, int, str]], str]:
    """Return a key that puts s2 before s10, and is another one for each name."""
    plain = unicodedata.normalize("NFC", grade.submission).casefold()
    pieces = re.split(r"([0-9]+)", plain)
    return [_piece(text) for text in pieces], grade.submission


def _piece(text: str) -> tuple[int, int, str]:
    # a number of 5000 digits is a name like any other: int() would refuse it
    if text[:1].isascii() and text.isdigit() and len(text) < 20:
        return (0, int(text), text)
    return (1, 0, text)


def _bins(judged: Sequence[Grade]) -> tuple[Bin, ...]:
    width = 100 // BINS
    counts = [0] * (BINS + 1)
    for grade in judged:
        # a hair is added, since 0.3 * 10 may be less than 3; all points are all points only
        full = grade.fraction >= 1.0
        counts[BINS if full else min(int(grade.fraction * BINS + 1e-9), BINS - 1)] += 1
    parts = [Bin(n * width, n * width + width - 1, counts[n]) for n in range(BINS)]
    return (*parts, Bin(100, 100, counts[BINS]))


def _checks(judged: Sequence[Grade]) -> tuple[CheckTally, ...]:
    found: dict[str, list[tuple[Grade, Mark]]] = {}
    for grade in judged:
        for mark in grade.marks:
            found.setdefault(mark.id, []).append((grade, mark))
    checks = [_check(pairs) for pairs in found.values()]
    return tuple(sorted(checks, key=lambda check: (-check.rate, -len(check.failed))))


def _check(pairs: Sequence[tuple[Grade, Mark]]) -> CheckTally:
    verdicts = [mark.verdict for _, mark in pairs]
    return CheckTally(
        mark=pairs[0][1],
        failed=tuple(grade for grade, mark in pairs if mark.verdict == "FAIL"),
        passed=verdicts.count("PASS"),
        skipped=verdicts.count("SKIPPED"),
        broken=verdicts.count("BROKEN"),
    )
