"""Between which two times something happened that was seen in the second of two looks."""

from __future__ import annotations

from typing import Any, NamedTuple

from forklab.events.event import Change, Who
from forklab.events.start import Start
from forklab.facts import Process, Snapshot
from forklab.facts.snapshot import Key


class Interval(NamedTuple):
    """From the begin of the look *before* to the end of the next one, *after*."""

    before: Snapshot
    after: Snapshot
    start: Start

    def change(
        self,
        kind: str,
        key: Key,
        *,
        who: Who | None = None,
        to: Who = "",
        of: Who = "",
        client_port: int = 0,
        likely: float = 0.0,
        **facts: Any,
    ) -> Change:
        """Return what happened to process *key* at some time of the interval.

        Before it ended, and nothing happens to a client's connection before the client asks for it.

        Args:
            kind, to, of, facts: as of `Change`.
            key: of a process.
            who: as of `Change`; None: that process.
            client_port: of the client whose connection it is; 0: of none.
            likely: not certain, but hardly before this time: where it stands among others.
        """
        high = self.after.time + self.after.raw.get("took_s", 0.0)
        low = max(self.before.time, self.asked(client_port))
        end = self.after.ends.get(key)
        if end is not None and end.ended is not None:
            high = min(high, end.ended)
        low = min(low, high)
        t = min(max(low, likely, self._signalled), high)
        return Change(t, kind, key if who is None else who, "snapshot", low, high, to, of, facts)

    def asked(self, client_port: int) -> float:
        """Return when the client of that port asked to connect, 0 if unknown."""
        found = self.start.asked.get(client_port)
        return 0.0 if found is None else found - self.start.ahead_s

    @property
    def _signalled(self) -> float:
        """When the harness last sent a signal: what is seen next is, as a rule, what came of it."""
        return self.start.signalled - self.start.ahead_s if self.start.signalled else 0.0

    def began(self, process: Process) -> float:
        """Return before when *process*, which is new, was hardly forked.

        As a rule it has the connections from its parent that nobody had at the look before.
        """
        held = set().union(*self.before.sockets.values())
        new = process.sockets - held
        return max((self.asked(s.peer_port) for s in self.after.tcp if s.inode in new), default=0.0)
