"""What was done to the program, in order: one event a line, kept for the report and the file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
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
    """Events of a whole run; `steps` are those of the check that runs now.

    Attributes:
        waited_s: seconds of waiting that the checks themselves demanded, so far: windows, and
            deadlines that passed.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.events: list[Event] = []
        self.steps: list[str] = []
        self.waited_s = 0.0

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

    @contextmanager
    def waiting(self, deadline_s: float) -> Iterator[None]:
        """Count *deadline_s* as demanded if what is done here lasts so long."""
        began = time.monotonic()
        yield
        if time.monotonic() - began >= deadline_s:
            self.waited_s += deadline_s

    def done(self) -> list[str]:
        """The steps of this check, with repetitions folded: "client-3 to client-18 connect"."""
        return fold(self.steps)


def fold(steps: list[str]) -> list[str]:
    """Join what one client does in a row, then fold clients that do the same.

    `client-1 connects`, `client-1 leaves`, `client-2 connects`, `client-2 leaves` becomes
    "client-1 to client-2: each connects, leaves".
    """
    joined: list[tuple[str, str]] = []  # who (empty: nobody in particular), what
    for step in steps:
        who, _, what = step.partition(" ")
        if not who.startswith("client-"):
            joined.append(("", step))
        elif joined and joined[-1][0] == who:
            joined[-1] = (who, f"{joined[-1][1]}, {what}")
        else:
            joined.append((who, what))
    folded: list[tuple[str, str, str]] = []  # first client, last client, what
    for who, what in joined:
        if who and folded and folded[-1][0] and folded[-1][2] == what:
            folded[-1] = (folded[-1][0], who, what)
        else:
            folded.append((who, who, what))
    return [_sentence(*row) for row in folded]


def _sentence(first: str, last: str, what: str) -> str:
    if not first:
        return what
    return f"{first} {what}" if first == last else f"{first} to {last}: each {what}"
