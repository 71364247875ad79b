"""The events of a run as sequence diagrams in Markdown, one for each start in a check.

Source: https://mermaid.js.org/syntax/sequenceDiagram.html: a comment, a line end or a `;` ends a
statement, `#35;` is a `#`, and the word "end" in a text must stand in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from forklab.events.event import HARNESS, Event
from forklab.events.lines import Recorded
from forklab.views.folded import folded
from forklab.views.sentences import clause

MOST = 80
LEFT_TO_RIGHT = frozenset({"fork", "pass", "reap", "signal"})
PLAIN = re.compile(r"[^\w .,:()/'+=?-]", re.ASCII)


def mermaid(recorded: Recorded) -> Iterator[str]:
    """Yield the lines of a Markdown document: a heading and a diagram for each start."""
    lab = _text(str(recorded.header.get("lab", "?")))
    starts: dict[tuple[int, str], list[Event]] = {}
    for event in folded(recorded.events):
        if event.start:  # the begin and the end of a check are of none
            starts.setdefault((event.start, event.check), []).append(event)
    for (start, check), events in sorted(starts.items()):
        yield f"### {_text(check)}, start {start} of {lab}"
        yield ""
        yield "```mermaid"
        yield from _diagram(events, f"{lab}: {_text(check)}, start {start}")
        yield "```"
        yield ""


def _diagram(events: list[Event], title: str) -> Iterator[str]:
    shown, left_out = events[:MOST], len(events) - MOST
    names = list(dict.fromkeys(name for event in shown for name in _parties(event)))
    short = {name: f"p{number}" for number, name in enumerate(names, 1)}
    yield "sequenceDiagram"
    yield f"  accTitle: {title}"
    yield f"  accDescr: {len(events)} events of {', '.join(map(_text, names))}."
    for name in names:
        yield f"  participant {short[name]} as {_text(name)}"
    for event in shown:
        yield "  " + _statement(event, short)
    if left_out > 0:
        yield f"  note over {short[names[0]]}: {left_out} more events are left out here"


def _parties(event: Event) -> list[str]:
    other = event.kind in LEFT_TO_RIGHT or event.kind in ("accept", "connect")
    return [event.who, event.to] if other and event.to else [event.who]


def _statement(event: Event, short: dict[str, str]) -> str:
    who, to = short[event.who], short.get(event.to, "")
    text = _text(clause(event))
    if event.kind == "accept" and to:
        return f"{to}->>{who}: is accepted"
    if to and event.kind in LEFT_TO_RIGHT | {"connect"}:
        arrow = "-->>" if event.kind == "reap" or event.who == HARNESS else "->>"
        return f"{who}{arrow}{to}: {text}"
    return f"note over {who}: {text}"


def _text(text: str) -> str:
    """Return *text* with all that could mean something to Mermaid or Markdown as its number."""
    plain = PLAIN.sub(lambda found: f"#{ord(found[0])};", text)
    return re.sub(r"\bend\b", "(end)", plain).strip() or "?"
