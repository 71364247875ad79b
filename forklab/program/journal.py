"""What was done to the program, in order: one event a line, kept for the report and the file."""

from __future__ import annotations

import itertools
import json
import re
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
        ready_s: seconds that programs needed from their start until they listened.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.events: list[Event] = []
        self.steps: list[str] = []
        self.waited_s = 0.0
        self.ready_s = 0.0

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


class _Part(NamedTuple):
    """What clients *first* to *last* did, each of them; 0: what nobody in particular did."""

    first: int
    last: int
    steps: tuple[str, ...]

    def sentence(self) -> str:
        """Return it in words, a step that was repeated with the number of times."""
        runs = [(step, len(list(run))) for step, run in itertools.groupby(self.steps)]
        what = ", ".join(f"{step} ({n} times)" if n > 1 else step for step, n in runs)
        if self.first < self.last:
            return f"client-{self.first} to client-{self.last}: each {what}"
        return f"client-{self.first} {what}" if self.first else what


def fold(steps: list[str]) -> list[str]:
    """Join what one client does in a row, then fold clients in a row that do the same.

    `client-1 connects`, `client-1 leaves`, `client-2 connects`, `client-2 leaves` becomes
    "client-1 to client-2: each connects, leaves".
    """
    parts: list[_Part] = []
    for who, run in itertools.groupby(map(_who, steps), lambda step: step[0]):
        new = _Part(who, who, tuple(what for _, what in run))
        last = parts[-1] if parts else None
        if not who:
            parts += [_Part(0, 0, tuple(same)) for _, same in itertools.groupby(new.steps)]
        elif last is not None and last.steps == new.steps and 0 < last.last == who - 1:
            parts[-1] = last._replace(last=who)
        else:
            parts.append(new)
    return [part.sentence() for part in parts]


def _who(step: str) -> tuple[int, str]:
    """Cut a step into the number of its client and the rest; 0 and all of it without one."""
    found = re.fullmatch(r"client-(\d+) (.*)", step, re.DOTALL)
    return (int(found[1]), found[2]) if found else (0, step)
