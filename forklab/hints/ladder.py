"""The next hint for the last failure: one level further with each call.

Hint 3 opens after the program has changed since hint 2 was shown: it is for those who have tried,
not for those who have waited. What was shown last is kept beside the lab's runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from forklab.errors import UsageError
from forklab.hints.language import language
from forklab.hints.texts import hints
from forklab.hints.words import WORDS, Words
from forklab.labs import LabInfo
from forklab.program import source
from forklab.reports.last import LastRun, last_run
from forklab.reports.text import WIDTH, wrap

MEMORY = "hints.json"
GUARDED = 3  # the level that opens after a change


@dataclass(frozen=True)
class Shown:
    """The hint that was shown last.

    Attributes:
        check: id of the check; program: as the run names it.
        level: 1 to 3.
        state: hash of the program's files when this hint was shown first; "" if unknown.
    """

    check: str
    program: str
    level: int
    state: str


def next_hint(info: LabInfo, runs: Path) -> str:
    """Return the next hint for the first failed check of the lab's last run, ready to print.

    Raises:
        UsageError: there is no run yet, or what is kept of it cannot be used.
    """
    words = WORDS[language()]
    run = last_run(runs, info.name)
    if run is None:
        raise UsageError(words.no_run.format(lab=info.dashed))
    failed = run.first_failure
    if failed is None:
        return _nothing(words, info, run)
    texts = hints(info.name, failed["id"])
    if not texts or not failed["hint"]:
        lines = wrap(words.not_built.format(lab=info.dashed), WIDTH)
        return "\n".join([*lines, f"  {run.folder}/report.txt"])  # never broken: can be copied
    memory = runs / info.name / MEMORY
    before = recall(memory)
    state = fingerprint(Path(run.program), runs)
    now = climb(before, Shown(failed["id"], run.program, 1, state), len(texts))
    if now != before:
        _keep(memory, now)
    closed = now == before and now.level == GUARDED - 1 < len(texts)
    count = words.count.format(level=now.level, count=len(texts))
    then = _what_next(words, info, now.level, len(texts), closed)
    head = f"{info.dashed}  {failed['id']}: {failed['requirement']}"
    shown = [f"  {line}" for line in wrap(texts[now.level - 1], WIDTH - 2)]
    return "\n".join([*wrap(head, WIDTH), "", count, *shown, "", *wrap(then, WIDTH)])


def one_hint(info: LabInfo, check_id: str, level: int) -> str:
    """Return the hint of one *level* for one check, or its last one.

    Raises:
        UsageError: the lab has no such check.
    """
    texts = hints(info.name, check_id)
    if not texts:
        raise UsageError(f"{info.dashed} has no check {check_id!r}; its lab sheet lists them")
    level = min(level, len(texts))
    count = WORDS[language()].count.format(level=level, count=len(texts))
    return f"{count}: {texts[level - 1]}"


def climb(before: Shown | None, now: Shown, count: int) -> Shown:
    """Return what is shown now, one level above *before* if that was the same failure.

    Args:
        before: what was shown last; None: nothing.
        now: the failure, at level 1, with the program's state.
        count: how many hints there are.
    """
    if before is None or (before.check, before.program) != (now.check, now.program):
        return now
    level = min(before.level + 1, count)
    if level == before.level:
        return before
    if level == GUARDED and now.state and now.state == before.state:
        return before
    return Shown(now.check, now.program, level, now.state)


def fingerprint(program: Path, runs: Path) -> str:
    """Return a hash of the files that are built and run, "" if there are none.

    Args:
        program: a file or a folder.
        runs: where runs are kept; it may be in that folder and is no part of the program.
    """
    try:
        files = source.find(program).files
    except source.NoProgram:
        return ""
    folder = program if program.is_dir() else program.parent
    digest = hashlib.sha256()
    for file in files:
        if not (folder / file.path).resolve().is_relative_to(runs.resolve()):
            digest.update(f"{file.path}\0{len(file.data)}\0".encode())
            digest.update(file.data)
    return digest.hexdigest()


def recall(memory: Path) -> Shown | None:
    """Return what was shown last; None if nothing was, or what is kept cannot be read."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        kept = json.loads(memory.read_text(encoding="utf-8"))
        return Shown(kept["check"], kept["program"], int(kept["level"]), kept["state"])
    return None


def _keep(memory: Path, shown: Shown) -> None:
    try:
        memory.write_text(json.dumps(asdict(shown)) + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {memory}: {error.strerror or error}") from error


def _nothing(words: Words, info: LabInfo, run: LastRun) -> str:
    text = words.nothing_failed if run.all_judged else words.nothing_judged
    return "\n".join(wrap(text.format(lab=info.dashed, number=len(run.passed)), WIDTH))


def _what_next(words: Words, info: LabInfo, level: int, count: int, closed: bool) -> str:
    if closed:
        return words.locked.format(lab=info.dashed, level=level + 1, count=count)
    if level == count:
        return words.last.format(lab=info.dashed)
    text = words.change if level + 1 == GUARDED else words.further
    return text.format(lab=info.dashed)
