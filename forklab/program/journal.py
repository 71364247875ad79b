"""What was done to the program, in order: one event a line, kept for the report and the file."""

from __future__ import annotations

import json
import time
from typing import Any, NamedTuple


class Event(NamedTuple):
    """One thing that was done: milliseconds since the run began, kind, a clause, facts."""

    ms: float
    kind: str
    text: str
    facts: dict[str, Any]

    def as_json(self) -> str:
        """Return it as one line of events.jsonl."""
        return json.dumps({"t": round(self.ms, 2), "k": self.kind, "text": self.text, **self.facts})


class Journal:
    """Events of a whole run; `steps` are those of the check that runs now."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.events: list[Event] = []
        self.steps: list[str] = []

    def note(self, kind: str, text: str, **facts: Any) -> None:
        """Write down one event; what is done to the program is a step."""
        ms = (time.monotonic() - self._began) * 1000
        self.events.append(Event(ms, kind, text, facts))
        if kind not in ("check", "verdict"):
            self.steps.append(text)

    def begin(self, check: str) -> None:
        """A check begins: its steps begin anew."""
        self.note("check", f"check {check} begins")
        self.steps = []

    def done(self) -> list[str]:
        """The steps of this check, with repetitions folded: "client-3 to client-18 connect"."""
        return fold(self.steps)


def fold(steps: list[str]) -> list[str]:
    """Fold runs of steps that differ only in the number of the client."""
    folded: list[tuple[str, str, str]] = []  # what was done, first and last client
    for step in steps:
        who, _, what = step.partition(" ")
        if not who.startswith("client-"):
            folded.append((step, "", ""))
        elif folded and folded[-1][0] == what:
            folded[-1] = (what, folded[-1][1], who)
        else:
            folded.append((what, who, who))
    return [_sentence(*row) for row in folded]


def _sentence(what: str, first: str, last: str) -> str:
    if not first:
        return what
    return f"{first} {what}" if first == last else f"{first} to {last}: each {what}"
