"""The grader graded: each mutant must fail its checks and no other, each right way must pass.

A program of `labs/<lab>/mutants` or `labs/<lab>/right` says in its head what is to come out:

    Fails:    checks that must fail
    Also:     checks that may fail too, as a consequence
    Declares: what it does beyond the contract; a Python mutant without this line declares what
        the reference does

Everything else must pass, or be skipped because it cannot be shown. A program of several files is
a folder, whose head is that of its Makefile, or of its server.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forklab import labs, matrix_page
from forklab.errors import SandboxError, UsageError
from forklab.labs import LabInfo

HEAD_BYTES = 4000
MAIN_FILES = ("Makefile", "server.py", "server.c", "server.cpp")
# they mostly wait: twice as many at once as this project's smallest machine has cores
AT_ONCE = 4


@dataclass(frozen=True)
class Expected:
    """What the head of a program says."""

    path: Path
    fails: frozenset[str]
    also: frozenset[str]
    declares: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Folder and file, as in `mutants/never_reaps.py`."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def is_mutant(self) -> bool:
        """Whether it is wrong on purpose."""
        return self.path.parent.name == "mutants"


@dataclass(frozen=True)
class Outcome:
    """What came out: verdict by check id."""

    expected: Expected
    verdicts: dict[str, str]
    seen: dict[str, str]
    trouble: str = ""

    @property
    def failed(self) -> set[str]:
        """Checks that did not pass and were not skipped."""
        return {check for check, verdict in self.verdicts.items() if verdict == "FAIL"}

    def complaints(self) -> list[str]:
        """What is not as expected, a sentence each."""
        if self.trouble:
            return [self.trouble]
        broken = [check for check, verdict in self.verdicts.items() if verdict == "BROKEN"]
        said = [f"{check} is BROKEN: {self.seen[check]}" for check in broken]
        for check in sorted(self.expected.fails - self.failed):
            said.append(f"{check} must fail and is {self.verdicts.get(check, 'unknown')}")
        for check in sorted(self.failed - self.expected.fails - self.expected.also):
            said.append(f"{check} must not fail: {self.seen[check]}")
        if self.expected.is_mutant and not self.expected.fails:
            said.append("its head names no check that it fails")
        return said

    def cells(self) -> dict[str, str]:
        """What the matrix shows of it, by check."""
        return {check: self._cell(check, verdict) for check, verdict in self.verdicts.items()}

    def _cell(self, check: str, verdict: str) -> str:
        must = check in self.expected.fails
        if verdict == "FAIL":
            if must:
                return matrix_page.MUST_FAIL
            return matrix_page.FAILS_TOO if check in self.expected.also else matrix_page.WRONG
        if must or verdict == "BROKEN":
            return matrix_page.WRONG
        return matrix_page.PASS if verdict == "PASS" else matrix_page.SKIPPED


def parse(path: Path) -> Expected:
    """Read the head of *path*."""
    text = main_file(path).read_bytes()[:HEAD_BYTES].decode(errors="replace")
    return Expected(path, _ids(text, "Fails"), _ids(text, "Also"), _ids(text, "Declares"))


def main_file(path: Path) -> Path:
    """Return which file has the head: of a folder its Makefile, or else its server."""
    if not path.is_dir():
        return path
    return next(path / name for name in MAIN_FILES if (path / name).is_file())


def _ids(text: str, title: str) -> frozenset[str]:
    """Return the ids after "*title*:", which may go on over indented lines."""
    found = re.search(rf"^[ *#]*{title}:((?:.*,[ ]*\n)*.*)$", text, re.MULTILINE)
    return (
        frozenset(re.findall(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", found[1])) if found else frozenset()
    )


def programs(info: LabInfo, only: str = "") -> list[Expected]:
    """The reference, mutants and right ways of a lab, whose names hold *only*."""
    reference = Expected(info.program, frozenset(), frozenset())
    files = [
        path
        for folder in ("mutants", "right")
        for path in sorted((info.folder / folder).glob("[a-z]*"))
        if path.suffix in (".py", ".c", ".cpp") or path.is_dir()
        if path.name != info.spec.worker  # it is a part of those beside it
    ]
    found = [reference, *(parse(path) for path in files)]
    return [expected for expected in found if only in expected.name]


def examine(info: LabInfo, expected: Expected, sandbox: str) -> Outcome:
    """Run one program in a process of its own, in a sandbox of the kind *sandbox*."""
    declares = expected.declares
    if not declares and expected.path.parent.name != "right":
        declares = info.declares if main_file(expected.path).suffix == ".py" else declares
    with tempfile.TemporaryDirectory() as runs:
        command = [
            sys.executable, "-m", "forklab", "check", info.name, str(expected.path),
            "--json", "--sandbox", sandbox, "--runs", runs,
            *(f"--declares={word}" for word in sorted(declares)),
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        document: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        lines = (done.stderr or done.stdout).strip().splitlines()
        return Outcome(expected, {}, {}, f"no result: {lines[-1] if lines else done.returncode}")
    verdicts = {check["id"]: check["verdict"] for check in document["checks"]}
    seen = {
        check["id"]: check.get("seen") or check.get("reason") or "" for check in document["checks"]
    }
    return Outcome(expected, verdicts, seen)


def matrix(
    lab: str | None,
    only: str,
    say: Callable[[str], None],
    at_once: int = AT_ONCE,
    page: Path | None = None,
    sandbox: str = "",
) -> bool:
    """Run all programs of one lab, or of all labs; return whether everything was as expected.

    Args:
        lab: None: all of them.
        only: part of the names of the programs to run.
        say: told each outcome.
        at_once: how many programs are run at a time.
        page: the page whose sections are written.
        sandbox: the kind in which they run; "": the one that is here.

    Raises:
        UsageError: no such lab or program; a page is wanted of some programs only.
    """
    if page is not None and only:
        raise UsageError("the page holds every program: leave out --only, or --write")
    infos = [labs.read(name) for name in ([lab] if lab else labs.names())]
    kind, good = "", True
    for info in sorted(infos, key=lambda info: info.order):
        wanted = programs(info, only)
        if not wanted:
            raise UsageError(f"no program of {info.dashed} has {only!r} in its name")
        kind = kind or _ready(sandbox, say)
        say(f"lab {info.dashed}: {len(wanted)} programs, {at_once} at a time")
        outcomes = list(_run(info, wanted, kind, say, at_once))
        good = _judge(info, outcomes, say, whole=not only) and good
        if page is not None:
            matrix_page.write(page, {info.dashed: _section(info, outcomes)})
    return good


def _judge(
    info: LabInfo, outcomes: Sequence[Outcome], say: Callable[[str], None], *, whole: bool
) -> bool:
    """Say how many came out as expected, and which check no mutant of the *whole* lab fails."""
    complaints = sum(bool(outcome.complaints()) for outcome in outcomes)
    bare = _checks_without_a_mutant(outcomes, _failed_elsewhere(info)) if whole else []
    for check in bare:
        say(f"  BAD  no mutant fails {check}")
    say(f"lab {info.dashed}: {len(outcomes) - complaints} of {len(outcomes)} as expected")
    return not complaints and not bare


def _ready(sandbox: str, say: Callable[[str], None]) -> str:
    """Make engine and image once, before several would do it; return the kind of sandbox."""
    from forklab.sandbox.choose import choose

    return choose(sandbox, say).kind


def _section(info: LabInfo, outcomes: Sequence[Outcome]) -> str:
    rows = {outcome.expected.name: outcome.cells() for outcome in outcomes}
    return matrix_page.section(info, list(outcomes[0].verdicts), rows)


def _run(
    info: LabInfo,
    wanted: Sequence[Expected],
    sandbox: str,
    say: Callable[[str], None],
    at_once: int,
) -> Iterator[Outcome]:
    with ThreadPoolExecutor(at_once) as pool:
        for outcome in pool.map(lambda expected: examine(info, expected, sandbox), wanted):
            _say_one(outcome, say)
            if outcome.trouble.startswith("no result: forklab: there is no engine"):
                raise SandboxError(outcome.trouble)
            yield outcome


def _say_one(outcome: Outcome, say: Callable[[str], None]) -> None:
    complaints = outcome.complaints()
    passed = sum(verdict == "PASS" for verdict in outcome.verdicts.values())
    word = "BAD " if complaints else "ok  "
    say(f"  {word} {outcome.expected.name:<46} {passed:>2} passed, {len(outcome.failed):>2} failed")
    for check in sorted(outcome.expected.fails & outcome.failed):
        say(f"         fails {check}")
    for complaint in complaints:
        say(f"         {complaint}")


def _failed_elsewhere(info: LabInfo) -> set[str]:
    """Checks that a mutant of the lab that this one extends must fail: they are the same there."""
    if not info.extends:
        return set()
    heads = programs(labs.read(info.extends), "")
    return {check for head in heads if head.is_mutant for check in head.fails}


def _checks_without_a_mutant(outcomes: Sequence[Outcome], elsewhere: Set[str]) -> list[str]:
    reference = outcomes[0]
    judged = {
        check
        for outcome in outcomes
        if outcome.expected.is_mutant
        for check in outcome.expected.fails & outcome.failed
    }
    return sorted(set(reference.verdicts) - judged - elsewhere)
