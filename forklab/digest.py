"""A run as Markdown, for the summary of a job or a comment: verdicts, failures, what happened.

A timeline is there as a Mermaid diagram and as text, folded, of each failure that is shown.
"""

from __future__ import annotations

from collections.abc import Iterator

from forklab.emitters.markdown import SIGNS, escaped, fenced
from forklab.events.lines import Recorded
from forklab.events.traced import again
from forklab.reports.failure import expanded
from forklab.reports.summary import count
from forklab.reports.text import bounded, visible
from forklab.results.record import Result, Run, Verdict
from forklab.views.last_start import last_start
from forklab.views.mermaid import mermaid
from forklab.views.timeline import timeline

MOST_BYTES = 60_000  # a comment on GitHub takes 65,536 characters
MOST_LINES = 80
LETTERS = 200


def render(run: Run, recorded: Recorded) -> str:
    """Return the summary; failures are shown in order while there is room, and the rest counted."""
    parts = [_head(run)]
    failures = [
        result for result in run.results if result.verdict in (Verdict.FAIL, Verdict.BROKEN)
    ]
    room = MOST_BYTES - len(parts[0].encode())
    for number, result in enumerate(failures):
        part = "\n".join(_failure(result, recorded))
        room -= len(part.encode()) + 1
        if room < LETTERS:
            parts.append(f"{len(failures) - number} more failures are in the report.\n")
            break
        parts.append(part)
    return "\n".join(parts)


def _head(run: Run) -> str:
    counted = " ".join(line.text.strip() for line in count(run)) or str(run.verdict)
    rows = ["| check | verdict | seen |", "|---|---|---|", *map(_row, run.results)]
    lines = [f"### lab {escaped(run.lab)}: {escaped(bounded(run.program, LETTERS))}", "", counted]
    if run.broken:
        lines += ["", escaped(bounded(run.broken, LETTERS))]
    return "\n".join([*lines, "", *(rows if run.results else []), ""])


def _row(result: Result) -> str:
    seen = (
        result.seen or result.reason or (f"because of {result.because}" if result.because else "")
    )
    said = escaped(bounded(seen.replace("\n", " "), LETTERS)) if seen else ""
    return f"| {escaped(result.check.id)} | {SIGNS[result.verdict]} {result.verdict} | {said} |"


def _failure(result: Result, recorded: Recorded) -> Iterator[str]:
    yield f"#### {result.verdict} {escaped(result.check.id)}"
    yield ""
    lines = [visible(line.text) for line in expanded(result, full=False)]
    yield fenced("\n".join(lines), "text")
    yield ""
    check = result.check.id
    for name, of in (check, check), (again(check), f"{check}, once more under strace"):
        if events := last_start(e for e in recorded.events if e.check == name):
            yield from _timeline(recorded._replace(events=events), name, of)


def _timeline(recorded: Recorded, check: str, of: str) -> Iterator[str]:
    text = list(timeline(recorded))
    shown, left_out = text[:MOST_LINES], len(text) - MOST_LINES
    if left_out > 0:
        shown.append(f"({left_out} more lines: forklab events, with --only {check})")
    yield f"<details><summary>Timeline of {escaped(of)}</summary>"
    yield ""
    yield from list(mermaid(recorded))[2:]  # its heading is the summary's
    yield fenced("\n".join(shown), "text")
    yield ""
    yield "</details>"
    yield ""
