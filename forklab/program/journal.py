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


class _Run(NamedTuple):
    """A run of equal steps: of clients *first* to *last*, or one step so many times."""

    what: str
    first: int = 0
    last: int = 0
    times: int = 1

    def sentence(self) -> str:
        """Return it in words."""
        if self.first < self.last:
            return f"client-{self.first} to client-{self.last}: each {self.what}"
        step = f"client-{self.first} {self.what}" if self.first else self.what
        return step if self.times == 1 else f"{step} ({self.times} times)"


def fold(steps: list[str]) -> list[str]:
    """Fold runs of steps that are equal, or differ only in the number of the next client."""
    folded: list[_Run] = []
    for step in steps:
        who, _, what = step.partition(" ")
        title, _, number = who.partition("-")
        is_client = title == "client" and number.isdecimal()
        new = _Run(what, int(number), int(number)) if is_client else _Run(step)
        run = folded[-1] if folded else _Run("")
        if new.what == run.what and new.first and new.first == run.last + 1 and run.times == 1:
            folded[-1] = run._replace(last=new.last)
        elif new == run._replace(times=1):
            folded[-1] = run._replace(times=run.times + 1)
        else:
            folded.append(new)
    return [run.sentence() for run in folded]
