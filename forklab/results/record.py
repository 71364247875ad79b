"""What one run found out, check by check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from forklab.results.evidence import Evidence

CORE_SHARE, ROBUST_SHARE = 60.0, 40.0
REFERENCE = "the reference program, "  # before its path, where a person named no program


class Verdict(StrEnum):
    """PASS; FAIL: the program is wrong; BROKEN: we could not look; SKIPPED: with the reason."""

    PASS = "PASS"
    FAIL = "FAIL"
    BROKEN = "BROKEN"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True)
class Check:
    """One check, as it is declared.

    Attributes:
        id: stable within its lab, such as `reaps-a-burst`.
        lab: name of the lab, such as `fork_echo`.
        level: `core` (what the texts teach) or `robust` (what a careful engineer demands).
        weight: its share within its level.
        requirement: one sentence; reason: why it matters.
    """

    id: str
    lab: str
    level: str
    requirement: str
    reason: str
    weight: float = 1.0
    needs: tuple[str, ...] = ()

    @property
    def full_id(self) -> str:
        """`prefork.worker-closes-connection`."""
        return f"{self.lab}.{self.id}"


@dataclass(frozen=True)
class Result:
    """What came out of one check.

    Attributes:
        seconds: how long it took.
        reason: why it was SKIPPED, or what broke (BROKEN), in one sentence.
        because: id of the check whose failure made this one SKIPPED.
        done: the steps that were taken.
        expected, seen, waited: of a FAIL.
        evidence: tables of the instant that was judged.
        output: the last of what the program printed.
        trace: our own trace of a BROKEN check.
        hint: one question or pointer, of a FAIL.
        notes: what else a reader should know, such as a limit of this sandbox.
    """

    check: Check
    verdict: Verdict
    seconds: float
    reason: str = ""
    because: str = ""
    done: tuple[str, ...] = ()
    expected: str = ""
    seen: str = ""
    waited: str = ""
    evidence: Evidence | None = None
    output: str = ""
    trace: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> bool:
        """Whether its points are in the total: not when it could not be looked at here.

        BROKEN earns nothing and costs nothing; SKIPPED because of a failure costs its points.
        """
        if self.verdict is Verdict.BROKEN:
            return False
        return self.verdict is not Verdict.SKIPPED or bool(self.because)


@dataclass
class Run:
    """One run of one lab on one program.

    Attributes:
        program: as the person named it, or the reference.
        command: the command line it was started with, places filled.
        sandbox: kind of sandbox; image: what it was made from.
        began: ISO 8601, UTC.
        build: the command that built it, and warnings: what the compiler said.
        folder: where everything is kept, relative to the current folder if below it.
        page: the name of the report with pictures in that folder; "": there is none.
        waited_s: how much of `seconds` was waiting that the checks demanded.
        ready_s: how much of it programs needed until they listened.
        interrupted: it was stopped by Ctrl-C or a signal; what is there was finished.
    """

    lab: str
    title: str
    program: str
    sandbox: str
    began: str
    total: int = 0
    image: str = ""
    kernel: str = ""
    machine: str = ""
    command: str = ""
    build: str = ""
    warnings: str = ""
    folder: str = ""
    page: str = ""
    not_isolated: tuple[str, ...] = ()
    seconds: float = 0.0
    waited_s: float = 0.0
    ready_s: float = 0.0
    interrupted: bool = False
    broken: str = ""
    results: list[Result] = field(default_factory=list)

    def count(self, verdict: Verdict) -> int:
        """How many checks came out as *verdict*."""
        return sum(result.verdict is verdict for result in self.results)

    @property
    def failures(self) -> list[Result]:
        """The results that are FAIL, in order."""
        return [result for result in self.results if result.verdict is Verdict.FAIL]

    @property
    def verdict(self) -> Verdict:
        """FAIL over BROKEN over PASS; SKIPPED when no check could be looked at."""
        if self.failures:
            return Verdict.FAIL
        if self.broken or self.count(Verdict.BROKEN):
            return Verdict.BROKEN
        return Verdict.PASS if self.count(Verdict.PASS) else Verdict.SKIPPED

    @property
    def exit_status(self) -> int:
        """0 all pass, 1 some FAIL, 3 BROKEN (and no FAIL), 130 interrupted."""
        if self.interrupted:
            return 130
        if self.failures:
            return 1
        if self.broken or self.count(Verdict.BROKEN):
            return 3
        return 0


def shares(results: Sequence[Result]) -> list[float]:
    """Return what each check is worth: the core ones share 60 points, the robust ones 40."""
    worth = {"core": CORE_SHARE, "robust": ROBUST_SHARE}
    weights = {level: 0.0 for level in worth}
    for result in results:
        weights[result.check.level] += result.check.weight
    return [
        worth[result.check.level] * result.check.weight / weights[result.check.level]
        for result in results
    ]


def points(results: Sequence[Result]) -> tuple[float, float]:
    """Return (earned, possible) of all checks of a run."""
    worth = list(zip(results, shares(results), strict=True))
    earned = sum(value for result, value in worth if result.verdict is Verdict.PASS)
    return earned, sum(value for result, value in worth if result.counts)
