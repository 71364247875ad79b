"""The hostile programs: what each tries, what must come of it, and what did.

`python -m tests.hostile` grades each of them, and after each one the reference program in the same
sandbox, and prints a row for each.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from forklab.mutants import main_file
from forklab.mutants import parse as parse_head
from forklab.plugin import Raw, Wanted
from forklab.program.lab import Lab
from forklab.reports.text import bounded
from forklab.results.record import Result, Verdict
from forklab.sandbox.link import Link
from forklab.sandbox.opening import Opening
from forklab.session import run_scenario

FOLDER = Path(__file__).parent / "programs" / "hostile"
LAB = "fork_echo"
SHOWN = 160
# one of each kind: its start, its answers, its children, its limits
CHECKS = frozenset({"starts", "echoes", "reaps-each-child", "survives-fork-failure"})

# every process but this shell, every file that a program could have left, IPC of both kinds
LEFTOVERS = """
for p in /proc/[0-9]*; do
    pid=${p#/proc/}
    [ $pid = 1 ] || [ $pid = $$ ] || { [ -e $p/stat ] && cat $p/stat; }
done
ls -A /lab | grep -vx program
ls -A /tmp /dev/shm /dev/mqueue /small | grep -v '^/' | grep .
tail -qn +2 /proc/sysvipc/shm /proc/sysvipc/sem /proc/sysvipc/msg | head
true
"""


@dataclass(frozen=True)
class Head:
    """What the head of a hostile program says.

    Attributes:
        path: a file, or a folder with a Makefile.
        tries: what it does, a sentence.
        verdict: what its whole grade must be, PASS or FAIL.
        fails: checks of which one must fail it, at least: which one is a matter of moments.
    """

    path: Path
    tries: str
    verdict: str
    fails: frozenset[str]

    @property
    def name(self) -> str:
        """Its file name."""
        return self.path.name

    @property
    def checks(self) -> frozenset[str]:
        """Those that tell: all CHECKS for a right one."""
        return self.fails | {"starts", "echoes"} if self.fails else CHECKS


@dataclass
class Outcome:
    """What came of one program: its results, how long they took, what it printed."""

    results: list[Result] = field(default_factory=list)
    seconds: float = 0.0
    printed: str = ""
    broken: str = ""

    @property
    def verdict(self) -> str:
        """FAIL before BROKEN before PASS."""
        found = {result.verdict for result in self.results}
        if Verdict.FAIL in found:
            return "FAIL"
        return "BROKEN" if self.broken or Verdict.BROKEN in found else "PASS"

    @property
    def failed(self) -> set[str]:
        """Ids of the checks that failed."""
        return {result.check.id for result in self.results if result.verdict is Verdict.FAIL}

    @property
    def faults(self) -> list[str]:
        """What is BROKEN, which no program may bring about."""
        found = [result for result in self.results if result.verdict is Verdict.BROKEN]
        said = [f"{result.check.id}: {result.reason}" for result in found]
        return said + ([self.broken] if self.broken else [])


def programs() -> list[Head]:
    """Return every hostile program."""
    paths = sorted(path for path in FOLDER.iterdir() if not path.name.startswith(("_", ".")))
    return [head(path) for path in paths]


def head(path: Path) -> Head:
    """Read the head of *path*."""
    text = main_file(path).read_text(errors="replace")
    plain = re.sub(r"^(?:[#/* ]+|\"\"\")", "", text, flags=re.MULTILINE)
    tries = re.search(r"^Hostile: ((?:.+\n)+)", plain, re.MULTILINE)
    verdict = re.search(r"^Verdict: (PASS|FAIL)$", plain, re.MULTILINE)
    assert tries is not None, path
    assert verdict is not None, path
    said = " ".join(tries[1].split())
    return Head(path, said, verdict[1], parse_head(path).fails)


def grade(opening: Opening, path: Path | None, only: frozenset[str] = CHECKS) -> Outcome:
    """Run the checks *only* on *path* (None: the reference), as `forklab check` does."""
    outcome = Outcome()

    def on_result(result: Result, lab: Lab | None, raw: Raw | None) -> None:
        outcome.results.append(result)
        outcome.printed += result.output

    def on_broken(why: str) -> None:
        outcome.broken = outcome.broken or why

    wanted = Wanted(
        program=path, only=only, opening=opening, on_result=on_result, on_broken=on_broken
    )
    began = time.monotonic()
    run_scenario(LAB, wanted)
    outcome.seconds = time.monotonic() - began
    return outcome


def leftovers(link: Link) -> str:
    """Return what a program left in its sandbox after a reset; nothing, if all is well."""
    env = {"PATH": "/usr/bin:/bin"}
    return link.call("run", argv=["sh", "-c", LEFTOVERS], env=env, wait_s=30.0).blob.decode(
        errors="replace"
    )


ROW = "{:<26} {:<8} {:>6}  {:<5} {:<10} {}"


def main(words: list[str]) -> None:
    """Print what came of each hostile program whose name holds one of *words*."""
    print(ROW.format("program", "verdict", "took", "left", "the next", "what it tried"))
    for found in programs():
        if not words or any(word in found.name for word in words):
            _try(found)


def _try(found: Head) -> None:
    """Grade one in a sandbox of its own, then the reference in the same, and print a row."""
    with Opening("docker", lambda text: None) as opening:
        outcome = grade(opening, found.path, found.checks)
        link = opening.wait()[1]
        left = leftovers(link) if link.is_open else "-"
        after = grade(opening, None).verdict if link.is_open else "-"
    took = f"{outcome.seconds:.1f} s"
    word = "no" if not left else "yes"
    print(ROW.format(found.name, outcome.verdict, took, word, after, found.tries))
    for said in [
        *(f"{result.check.id}: {result.seen}" for result in outcome.results if result.seen),
        *(f"BROKEN {fault}" for fault in outcome.faults),
        *(line for line in outcome.printed.splitlines() if "GOT THROUGH" in line),
    ]:
        print("   ", bounded(said, SHOWN))


if __name__ == "__main__":
    main(sys.argv[1:])
