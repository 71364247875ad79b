"""One failure in full: done, expected, seen, the tables of that instant, the output, a hint."""

from __future__ import annotations

from collections.abc import Sequence

from forklab.reports import tables
from forklab.reports.text import WIDTH, Line, bounded, chop, columns, wrap
from forklab.results.record import Result

LABEL = 12  # where the text of a labelled line begins
MOST_STEPS = 9
FIRST_STEPS = 2
MOST_LINES = 16
OUTPUT_LINES = 3
OUTPUT_WIDTH = WIDTH - 6
FULL_OUTPUT_LINES = 40


def expanded(result: Result, *, full: bool) -> list[Line]:
    """Return the lines about one FAIL or BROKEN check, without its heading.

    Args:
        result: of the check.
        full: complete tables; else only what matters, and how much is left out.
    """
    lines = [Line("  " + text) for text in wrap(_requirement(result), WIDTH - 2)]
    lines += [Line(""), *_done(result.done, full=full)]
    for label, text in _judgement(result):
        lines += labelled(label, text, full=full)
    lines += _evidence(result, full=full)
    if result.done or result.evidence or result.output:  # else it never ran
        lines += _output(result.output, full=full)
    if result.hint:
        lines += [Line(""), *labelled("Hint", result.hint, full=full)]
    return lines


def further(result: Result) -> list[Line]:
    """Say how the next hints are asked for; nothing if there is no hint."""
    text = f"more, one at a time: make hint-{result.check.lab.replace('_', '-')}"
    return labelled("", text) if result.hint else []


def labelled(label: str, text: str, *, full: bool = False) -> list[Line]:
    """Return *text* beside its label, wrapped; short: a very long one is cut, and it is said."""
    rows = text.rstrip("\n").split("\n")
    kept = rows if full else [bounded(row) for row in rows[:MOST_LINES]]
    if len(kept) < len(rows):
        kept.append(f"[{len(rows) - len(kept)} more lines are left out here]")
    cut = [line for row in kept for line in wrap(row, WIDTH - LABEL)]
    first = f"  {label:<{LABEL - 2}}{cut[0]}"
    return [Line(first), *(Line(" " * LABEL + line if line else "") for line in cut[1:])]


def _requirement(result: Result) -> str:
    sentence = result.check.requirement.rstrip(".") + "."
    return f"{sentence} {result.check.reason}".rstrip()


def _judgement(result: Result) -> list[tuple[str, str]]:
    notes = [("Note", note) for note in result.notes]
    rows = [
        ("Broken", result.reason),
        ("Expected", result.expected),
        ("Seen", result.seen),
        ("How long", result.waited),
        *notes,
    ]
    return [(label, text) for label, text in rows if text]


def _done(steps: Sequence[str], *, full: bool) -> list[Line]:
    texts = [f"{number}. {step}" for number, step in enumerate(steps, 1)]
    if not full and len(texts) > MOST_STEPS:
        left_out = len(texts) - MOST_STEPS + 1
        last = MOST_STEPS - FIRST_STEPS - 1
        texts[FIRST_STEPS:-last] = [f"({left_out} steps are left out here)"]
    lines: list[Line] = []
    for text in texts:
        lines += labelled("" if lines else "Done", text, full=full)
    return lines


def _evidence(result: Result, *, full: bool) -> list[Line]:
    evidence = result.evidence
    if evidence is None:
        return []
    lines = [Line(""), *_heading("Processes at that instant", tables.legend(evidence))]
    if evidence.processes:
        lines += tables.processes(evidence, full=full)
    else:
        lines.append(Line("    none: every process of the program was gone"))
    if not evidence.whole:
        lines.append(Line("    (while this was looked at, processes came or went)"))
    if ends := tables.ends(evidence, full=full):
        lines += [Line(""), Line("  Ended before that"), *map(Line, ends)]
    if rows := tables.descriptors(evidence, full=full):
        aside = "" if full else "those that matter; all are in the report"
        lines += [Line(""), *_heading("Descriptors at that instant", aside), *rows]
    return lines


def _heading(text: str, aside: str) -> list[Line]:
    """Return a heading with an explanation beside it, or below it where that is too long."""
    one = f"  {text}   ({aside})" if aside else f"  {text}"
    if columns(one) <= WIDTH:
        return [Line(one)]
    return [Line(f"  {text}"), *(Line("    " + line) for line in wrap(f"({aside})", WIDTH - 4))]


def _output(output: str, *, full: bool) -> list[Line]:
    """Quote the last lines that the program printed, so that none can pass for one of ours."""
    rows = [row for row in output.split("\n") if row.strip()]
    if not rows:
        return [Line(""), Line("  The program had printed nothing.")]
    most = FULL_OUTPUT_LINES if full else OUTPUT_LINES
    count = f"the last {most} of {len(rows)} lines" if len(rows) > most else "all of it"
    lines = [Line(""), Line(f"  What the program had printed   ({count})")]
    limit = 10 * OUTPUT_WIDTH if full else 2 * OUTPUT_WIDTH
    for row in rows[-most:]:
        lines += [Line("    | " + part) for part in chop(bounded(row, limit), OUTPUT_WIDTH)]
    return lines
