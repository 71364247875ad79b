"""What was done to the program, in order, as steps for the report; and the log of what happened."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from forklab.events.client_side import seen_by
from forklab.events.clock import Clock
from forklab.events.differences import differences, nothing_yet
from forklab.events.event import HARNESS, Change, Who
from forklab.events.log import Log
from forklab.events.start import Start
from forklab.facts import ClientState, Snapshot

# steps of which the log tells more: what was seen, and between which times
TOLD_AS_SEEN = frozenset(
    {"accept", "close", "connect", "exchange", "listen", "pass", "receive", "send", "signal",
     "start", "visit"}
)  # fmt: skip


class Journal:
    """What was done in a whole run; `steps` are those of the check that runs now.

    Attributes:
        keeps_events: whether what happens is logged; finding it out takes some of a run's CPU time,
            which where many are graded is all that there is.
        log: what happened, to be written when the run is over.
        clock: by how much our clock is ahead of the agent's.
        waited_s: seconds of waiting that the checks themselves demanded, so far: windows, and
            deadlines that passed.
        ready_s: seconds that programs needed from their start until they listened.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.keeps_events = True
        self.log = Log()
        self.clock = Clock()
        self.steps: list[str] = []
        self.waited_s = 0.0
        self.ready_s = 0.0

    def now(self) -> float:
        """Return how many seconds ago the run began."""
        return time.monotonic() - self._began

    def note(self, kind: str, text: str) -> None:
        """Write down a step: something that is done to the program, now, in one clause."""
        self.steps.append(text)
        if kind not in TOLD_AS_SEEN:
            self.happened("step", HARNESS, "harness", text=text)

    def happened(
        self,
        kind: str,
        who: Who,
        known: str,
        *,
        to: Who = "",
        of: Who = "",
        since: float | None = None,
        **facts: object,
    ) -> None:
        """Log what has just happened; with *since*, at some time between then and now."""
        if not self.keeps_events:
            return
        now = self.now()
        change = Change(now, kind, who, known, to=to, of=of, facts=facts)
        if since is not None:
            change = change._replace(t=since, after=since, before=now)
        self.log.add([change])

    def answered(
        self,
        name: str,
        was: ClientState,
        now: ClientState,
        since: float,
        *,
        half_close: bool = False,
    ) -> None:
        """Log what a client has seen since it was asked; see `seen_by`."""
        if not self.keeps_events:
            return
        self.log.add(seen_by(name, was, now, (since, self.now()), half_close=half_close))

    def looked(self, asked: float, before: Snapshot | None, after: Snapshot, start: Start) -> None:
        """Log what is different in *after*, which was *asked* for at that time.

        Args:
            asked: as `now` returns it.
            before: the snapshot before of the same start, None if this is the first.
            after: the snapshot that has just come.
            start: what else is known; its `ahead_s` is found here.
        """
        if not self.keeps_events:
            return
        self.learn(asked, after.time)
        ahead_s = self.clock.ahead_s - self._began
        before = before or nothing_yet(start.began - ahead_s)
        found = differences(before, after, start._replace(ahead_s=ahead_s))
        self.log.add(change.moved(ahead_s) for change in found)

    def learn(self, asked: float, theirs: float) -> None:
        """Take what the agent's clock showed at some time between *asked* and now."""
        self.clock.learn(asked + self._began, time.monotonic(), theirs)

    def begin(self, check: str) -> None:
        """A check begins: its steps begin anew."""
        self.log.begin(Change(self.now(), "check-begins", HARNESS, "harness"), check)
        self.steps = []

    def end(self, verdict: str) -> None:
        """The check ends with *verdict*."""
        self.happened("check-ends", HARNESS, "harness", verdict=verdict)

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
