"""What one submission gets: a mark for each check, and their sum."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Mark:
    """What one check gave.

    Attributes:
        id: of the check, such as `reaps-a-burst`; title: its requirement, one sentence.
        level: `core` or `robust`.
        verdict: PASS, FAIL, SKIPPED or BROKEN.
        points, possible: earned and at most; possible is 0 where it does not count.
        hidden: a student is not to see it.
        seconds: how long it took.
        seen: one line, what was wrong; "" of a PASS.
        text: the evidence, many lines of plain text; "" of a PASS.
    """

    id: str
    title: str
    level: str
    verdict: str
    points: float
    possible: float
    hidden: bool = False
    seconds: float = 0.0
    seen: str = ""
    text: str = ""


@dataclass(frozen=True)
class Grade:
    """What one submission gets.

    Attributes:
        submission: its name, unique in its batch; lab: such as `fork_echo`.
        verdict: FAIL over BROKEN over PASS; of a BROKEN one no points mean anything.
        points, possible: the sum of its marks, after the penalty; never below 0.
        penalty: points taken off, because it was late.
        marks: one for each check, in the order of the lab.
        broken: why we could not look, one sentence.
        notes: what a reader should know: how it was read, what was tried again or confirmed.
        warnings: what the compiler said.
        command: the command line it was started with.
        sandbox: kind of sandbox.
        began: ISO 8601, UTC; seconds: how long it took.
        folder: where its evidence is, relative to the page of the batch; "" if nowhere.
        total: what the rubric gives if every check counts; 0: as much as is possible.
    """

    submission: str
    lab: str
    verdict: str
    points: float
    possible: float
    marks: tuple[Mark, ...]
    penalty: float = 0.0
    broken: str = ""
    notes: tuple[str, ...] = ()
    warnings: str = ""
    command: str = ""
    sandbox: str = ""
    began: str = ""
    seconds: float = 0.0
    folder: str = ""
    total: float = 0.0

    @property
    def judged(self) -> bool:
        """Whether its points mean anything: not when we could not look."""
        return self.verdict in ("PASS", "FAIL") and self.possible > 0

    @property
    def scaled(self) -> float:
        """Points of the total, for a platform that has one maximum for everybody; two decimals.

        What could not be looked at costs nothing there: the rest stands for it.
        """
        if self.points >= self.possible:
            return self.total or self.possible
        return round((self.total or self.possible) * self.fraction, 2)

    @property
    def fraction(self) -> float:
        """Points as a share of what is possible, 0 to 1; 0 where nothing is."""
        return min(1.0, self.points / self.possible) if self.possible else 0.0
