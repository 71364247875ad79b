"""Why each check of a lab is there, on one page, for those whose program has passed it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from forklab import mutants
from forklab.checks.declare import LEVELS
from forklab.errors import UsageError
from forklab.hints import hints, language
from forklab.hints.words import WORDS, Words
from forklab.labs import LabInfo
from forklab.reports.last import LastRun, last_run
from forklab.reports.text import WIDTH, columns, pad, wrap
from forklab.results.record import Check
from forklab.session import checks_of

LABEL = 9
Questions = dict[str, dict[str, list[str]]]


def why(info: LabInfo, runs: Path, *, anyway: bool) -> str:
    """Return the page.

    Args:
        info: the lab.
        runs: where runs are kept.
        anyway: also if the last run has not passed all core checks.

    Raises:
        UsageError: it has not, with what is missing.
    """
    words = WORDS[language()]
    checks = checks_of(info.name)
    if not anyway and (closed := _closed(words, info, checks, last_run(runs, info.name))):
        raise UsageError(closed)
    return page(words, info, checks)


def missing(checks: Sequence[Check], run: LastRun) -> list[str]:
    """Return the ids of the core checks that *run* has not passed; what cannot be shown is free."""
    done = run.passed | run.not_shown_here
    return [check.id for check in checks if check.level == LEVELS[0] and check.id not in done]


def _closed(words: Words, info: LabInfo, checks: Sequence[Check], run: LastRun | None) -> str:
    """Say why the page is not shown; "" if it is."""
    if run is None:
        return words.closed_no_run.format(lab=info.dashed)
    left = missing(checks, run)
    return words.closed.format(lab=info.dashed, missing=", ".join(left)) if left else ""


def page(words: Words, info: LabInfo, checks: Sequence[Check]) -> str:
    """Return everything that is written about the checks of a lab, grouped by level."""
    asked = questions(info)
    lines = [*_heading(info.title, "="), *wrap(" ".join(info.idea.split()), WIDTH)]
    for level, title in zip(LEVELS, (words.core, words.robust), strict=True):
        group = [check for check in checks if check.level == level]
        lines += ["", "", *_heading(f"{title} ({len(group)})", "-")]
        for check in group:
            lines += ["", *_about(words, check, asked.get(check.id, {}))]
    return "\n".join(lines) + "\n"


def questions(info: LabInfo) -> Questions:
    """Return what the lab's mutants ask, by the check that fails them: question to file names."""
    found: Questions = defaultdict(lambda: defaultdict(list))
    for program in mutants.programs(info):
        if program.is_mutant:
            for check in program.fails:
                found[check][question(program.path)].append(program.path.name)
    return found


def question(path: Path) -> str:
    """Return the sentence in the head of a mutant, as a question that goes on "What breaks if"."""
    text = mutants.main_file(path).read_bytes()[: mutants.HEAD_BYTES].decode(errors="replace")
    found = re.search(r"Mutant of \w+: (.*?)\n[ *#]*\n", text, re.DOTALL)
    sentence = re.sub(r"\n[ *#]*", " ", found[1]) if found else path.stem.replace("_", " ")
    return f"... {sentence.strip().rstrip('.?')}?"


def _heading(text: str, rule: str) -> list[str]:
    return [*wrap(text, WIDTH), rule * min(columns(text), WIDTH)]


def _about(words: Words, check: Check, asked: dict[str, list[str]]) -> list[str]:
    ladder = hints(check.lab, check.id)
    lines = [check.id, *(f"  {line}" for line in wrap(check.requirement + ".", WIDTH - 2))]
    lines += _labelled(words.why, check.reason)
    for number, text in enumerate(ladder, 1):
        lines += _labelled("" if number > 1 else words.hints, f"{number}. {text}")
    if asked:
        lines.append(f"  {words.breaks}")
        lines += [line for pair in asked.items() for line in _asked(*pair)]
    return lines


def _asked(text: str, names: Sequence[str]) -> Iterator[str]:
    for number, line in enumerate(wrap(f"{text} ({', '.join(names)})", WIDTH - 8)):
        yield ("    " if number == 0 else "        ") + line


def _labelled(label: str, text: str) -> list[str]:
    lines = wrap(text, WIDTH - LABEL) if text else []
    heads = [pad(f"  {label}", LABEL), *[" " * LABEL] * len(lines)]
    return [head + line for head, line in zip(heads, lines, strict=False)]
