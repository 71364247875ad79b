"""The events of a run as lines of text, for terminals, screen readers and course platforms."""

from __future__ import annotations

from collections.abc import Iterator

from forklab.events.event import Event
from forklab.events.lines import Recorded
from forklab.reports.text import WIDTH, columns, pad, shorten, wrap
from forklab.views.folded import folded
from forklab.views.sentences import clause, seen

NAME, LONGEST_NAME = 14, 30
INDENT = "           "


def timeline(recorded: Recorded) -> Iterator[str]:
    """Yield lines of at most 80 columns: seconds, who, what; an empty line before each check.

    What a client sent and received in a row is one line of each. What was seen in snapshots says
    between which times it happened, and stands where it is likely.
    """
    header = recorded.header
    yield shorten(f"events of lab {header.get('lab', '?')}, {header.get('began', '?')}", WIDTH)
    yield from wrap(f"program: {header.get('program', '?')}", WIDTH)
    yield "seconds since the run began, who, and what"
    for event in folded(recorded.events):
        if event.kind == "check-begins":
            yield ""
        yield from _lines(event)


def _lines(event: Event) -> Iterator[str]:
    name = pad(shorten(event.who, LONGEST_NAME), NAME)
    between = seen(event)
    text = clause(event) + (f" ({between})" if between else "")
    start = f"{event.t:9.3f}  {name}"
    first, *rest = wrap(text, WIDTH - columns(start))
    yield start + first
    for line in rest:
        yield INDENT + " " * NAME + line
