"""One thing that happened: as it is noted while the program runs, and as it is told later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from forklab.facts.snapshot import Key

NOTHING: Mapping[str, Any] = MappingProxyType({})
HARNESS, AGENT = "harness", "agent"
SOMEBODY = "somebody"
SERVER, A_CLIENT = "the server", "a client"

# In the order in which they happen where nothing else tells one: what is seen in one look.
KINDS = (
    "check-begins", "step", "orphaned", "connect", "refused", "signal", "signalled", "stopped",
    "continued", "listen", "accept", "fork", "exec", "open", "pass", "send", "half-close",
    "shutdown", "receive", "end-of-file", "reset", "close", "exit", "reap", "check-ends", "clean",
    "left-out",
)  # fmt: skip
RANKS = {kind: rank for rank, kind in enumerate(KINDS)}
SENSORS = ("snapshot", "client", "harness", "agent", "strace")


class PeerAt(NamedTuple):
    """Who has *port* at the other end of a connection; the name may be known later, or never.

    Attributes:
        otherwise: what to call it then.
    """

    port: int
    otherwise: str


Who = str | Key | PeerAt


class Change(NamedTuple):
    """One thing that happened, as it is noted: processes by (pid, start ticks).

    Attributes:
        t: seconds; where it is only known to lie between two times, its likely place among others.
        kind: one of KINDS.
        who: who did it, or to whom it happened.
        known: how it is known, one of SENSORS.
        after, before: the earliest and the latest time that is possible; None: it was at `t`.
        to: the other one, such as the child of a fork; "" if there is none.
        of: the client whose connection it is about, where that is neither; else "".
        facts: what else is known, JSON-able.
    """

    t: float
    kind: str
    who: Who
    known: str
    after: float | None = None
    before: float | None = None
    to: Who = ""
    of: Who = ""
    facts: Mapping[str, Any] = NOTHING

    def moved(self, by_s: float) -> Change:
        """Return it on a clock that shows *by_s* seconds more."""
        after, before = (None if t is None else t + by_s for t in (self.after, self.before))
        return self._replace(t=self.t + by_s, after=after, before=before)


class Event(NamedTuple):
    """One thing that happened, as it is told: everybody by name.

    Attributes:
        t, after, before: seconds since the run began, as of `Change`.
        kind, known, facts: as of `Change`.
        who, to, of: stable names, such as `dispatcher`, `worker-2`, `client-1`, `harness`.
        check: id of the check during which it happened; "" before the first one.
        start: which start of the program it belongs to, from 1; 0: to none.
        pid, to_pid: of those that are processes of the program, else 0.
    """

    t: float
    kind: str
    who: str
    known: str
    after: float | None = None
    before: float | None = None
    to: str = ""
    of: str = ""
    check: str = ""
    start: int = 0
    pid: int = 0
    to_pid: int = 0
    facts: Mapping[str, Any] = NOTHING
