"""What stands around the failures: the heading of a run, a line per check, the count."""

from __future__ import annotations

from collections.abc import Sequence

from forklab.reports.failure import expanded, further, labelled
from forklab.reports.text import WIDTH, Line, bounded, chop, columns, pad, shorten, wrap
from forklab.results.record import Check, Result, Run, Verdict, points

TONES = {
    Verdict.PASS: "good",
    Verdict.FAIL: "bad",
    Verdict.BROKEN: "odd",
    Verdict.SKIPPED: "quiet",
}
WORDS = {
    Verdict.PASS: "passed",
    Verdict.FAIL: "failed",
    Verdict.BROKEN: "broken",
    Verdict.SKIPPED: "skipped",
}
VERDICT = 7  # columns of the longest verdict
MOST_WARNINGS = 10
WHAT_TO_DO = "Run it again; if it stays broken, `make doctor` says what is missing."


def heading(run: Run, checks: Sequence[Check]) -> list[Line]:
    """Say what is going to be judged, where, and how many checks there are."""
    lines = [Line(line) for line in wrap(f"lab {run.lab}: {run.title}", WIDTH)]
    lines += labelled("program", run.program)
    if run.build:
        lines += labelled("built by", run.build)
    if run.command:
        lines += labelled("run as", run.command)
    lines += labelled("sandbox", _sandbox(run))
    if run.not_isolated:
        lines += labelled("", "not isolated there: " + ", ".join(run.not_isolated))
    what = "check looks" if len(checks) == 1 else "checks look"
    told = f"{len(checks)} {what} at the running processes, not at the source."
    return [*lines, *labelled("", told)]


def _sandbox(run: Run) -> str:
    kernel = f"Linux {run.kernel} {run.machine}".rstrip() if run.kernel else ""
    return ", ".join(part for part in (run.sandbox, kernel) if part)


def warnings(run: Run, *, full: bool) -> list[Line]:
    """Quote what the compiler said; short: a few lines that name a warning, the rest counted."""
    rows = run.warnings.rstrip().split("\n") if run.warnings.strip() else []
    named = [row for row in rows if "warning:" in row or "error:" in row]
    shown = rows if full else named[:MOST_WARNINGS]
    if not shown:  # only what make says of its commands
        return []
    lines = [Line(""), Line("What the compiler said (it fails nothing):")]
    for row in shown:
        text = row if full else bounded(row, 2 * WIDTH)
        lines += [Line("  | " + part) for part in chop(text, WIDTH - 4)]
    left_out = len(rows) - len(shown)
    if left_out:
        more = "line of the compiler is" if left_out == 1 else "lines of the compiler are"
        lines.append(Line(f"  ({left_out} more {more} in the report named at the end)"))
    return lines


def check_line(result: Result, number: int, total: int, id_width: int) -> list[Line]:
    """Return the line of one check that has ended, and below it what a reader needs at once."""
    digits = len(str(total))
    head = f" {number:>{digits}}/{total}  {result.verdict:<{VERDICT}}  "
    text = head + pad(result.check.id, id_width)
    time = f"  {result.seconds:6.2f} s  {result.check.level}"
    below = ""
    if result.verdict is Verdict.SKIPPED:
        below = f"because of {result.because}" if result.because else result.reason
        if columns(text) + 2 + columns(below) <= WIDTH and "\n" not in below:
            text, below = f"{text}  {below}", ""
    else:
        text += time
        below = {Verdict.FAIL: result.check.requirement, Verdict.BROKEN: result.reason}.get(
            result.verdict, ""
        )
    first = Line(text.rstrip(), TONES[result.verdict], str(result.verdict))
    rest = wrap(bounded(below), WIDTH - len(head)) if below else []
    return [first, *(Line(" " * len(head) + line) for line in rest)]


def failures(run: Run) -> list[Line]:
    """Return the first failure with its evidence, and one line for each later one."""
    if not run.failures:
        return []
    first, *later = run.failures
    which = f"   (the first of {len(run.failures)} failures)" if later else ""
    lines = [Line(""), Line(f"FAIL  {first.check.id}{which}", "bad", "FAIL"), Line("")]
    lines += [*expanded(first, full=False), *further(first)]
    if later:
        lines += [
            Line(""),
            Line("Also failed   (perhaps because of the first; in full in the report)"),
        ]
        width = max(columns(result.check.id) for result in later)
        lines += [_later(result, width) for result in later]
    return lines


def _later(result: Result, width: int) -> Line:
    head = f"  {pad(result.check.id, width)}  "
    return Line(head + shorten(result.seen, WIDTH - columns(head)))


def breakages(run: Run) -> list[Line]:
    """Say what could not be judged, that it is not the program's fault, and what to do."""
    broken = [result for result in run.results if result.verdict is Verdict.BROKEN]
    if not run.broken and not broken:
        return []
    lines = _broken_run(run) if run.broken else _broken_checks(broken)
    cut = [line for text in [*lines, WHAT_TO_DO] for line in wrap(text, WIDTH - VERDICT - 1)]
    texts = [pad("BROKEN", VERDICT + 1) + cut[0], *(" " * (VERDICT + 1) + text for text in cut[1:])]
    traces = [f"  trace     {run.folder}/broken/{r.check.id}.txt" for r in broken if r.trace]
    return [Line(""), Line(texts[0], "odd", "BROKEN"), *map(Line, [*texts[1:], *traces])]


def _broken_run(run: Run) -> list[str]:
    judged = "was judged only by the checks above" if run.results else "was not judged"
    return [f"the lab itself could not run: {run.broken}", f"Your program {judged}."]


def _broken_checks(broken: Sequence[Result]) -> list[str]:
    ids = ", ".join(result.check.id for result in broken)
    return [f"the lab failed in {ids}, not your program: it was not judged there, at no cost."]


def count(run: Run) -> list[Line]:
    """Return the line with the verdict, how many checks came out how, and the points."""
    if run.interrupted:
        return [_interrupted(run)]
    if not run.results:
        return []
    verdict = run.verdict
    text = f"{verdict}  {_counted(run)}"
    return [Line(f"{text}    {score(run)}", TONES[verdict], str(verdict)), *_uncounted(run)]


def _interrupted(run: Run) -> Line:
    done = f"INTERRUPTED  {len(run.results)} of {run.total} checks were done"
    return Line(f"{done}: {_counted(run)}" if run.results else done, "odd", "INTERRUPTED")


def _counted(run: Run) -> str:
    found = [(run.count(verdict), verdict) for verdict in Verdict]
    return ", ".join(f"{number} {WORDS[verdict]}" for number, verdict in found if number)


def score(run: Run) -> str:
    """Return "57 of 100 points"; never rounded up to all of them."""
    earned, possible = points(run.results)
    return f"{_number(earned, possible)} of {_number(possible)} points"


def _number(value: float, limit: float | None = None) -> str:
    shown = f"{value:.1f}".removesuffix(".0")
    if limit is not None and value < limit - 1e-6 and shown == _number(limit):
        return f"{limit - 0.1:.1f}"
    return shown


def _uncounted(run: Run) -> list[Line]:
    """Say why the points are not of 100."""
    number = sum(not result.counts for result in run.results)
    if not number:
        return []
    what = "1 check is" if number == 1 else f"{number} checks are"
    return [Line(f"      {what} not counted: the reason stands beside it above")]


def where(run: Run) -> list[Line]:
    """Name the files that hold the rest; a path is never broken, so that it can be copied."""
    if not run.folder:
        return []
    lines = [Line(f"  report    {run.folder}/report.txt")]
    if run.failures:
        lines.append(
            Line("            all failures, whole tables; beside it output/ and snapshots/")
        )
    if run.page:
        lines.append(Line(f"  pictures  {run.folder}/{run.page}"))
    return lines
