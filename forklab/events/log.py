"""The log of a run while it is written: changes come in any order, events leave in one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from forklab.events.event import RANKS, Change, Event, PeerAt, Who
from forklab.facts.snapshot import Key

MOST = 2000  # of one check: what a program does without end shall not fill our memory


class Names(NamedTuple):
    """Names of one start: of processes, and by port of who is at the other end of connections.

    Both go on growing while it runs.
    """

    processes: dict[Key, str]
    peers: dict[int, str]


class _Entry(NamedTuple):
    change: Change
    check: str
    start: int


class Log:
    """Everything that was noted of one run, by check and by start of the program."""

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self._starts: list[Names] = []
        self._check = ""
        self._start = 0
        self._count = self._left_out = 0

    def begin(self, change: Change, check: str) -> None:
        """A check begins: what follows belongs to it."""
        self._say_what_was_left_out(change.t)
        self._check, self._start, self._count = check, 0, 0
        self.add([change])

    def begin_start(self, processes: dict[Key, str]) -> None:
        """The program is started afresh, and *processes* is where its names are to be."""
        self._starts.append(Names(processes, {}))
        self._start = len(self._starts)

    def name_peer(self, port: int, name: str) -> None:
        """Whoever connects from *port*, or to whom *port* is connected, is *name*."""
        if self._starts:
            self._starts[-1].peers[port] = name

    def add(self, changes: Iterable[Change]) -> None:
        """Note *changes* of the check and the start that are under way."""
        for change in changes:
            self._count += 1
            if self._count <= MOST or change.kind in ("check-ends", "clean"):
                self._entries.append(_Entry(change, self._check, self._start_of(change)))
            else:
                self._left_out += 1

    def _start_of(self, change: Change) -> int:
        return 0 if change.kind == "check-ends" else self._start

    def _say_what_was_left_out(self, t: float) -> None:
        if self._left_out:
            facts = {"count": self._left_out}
            change = Change(t, "left-out", "harness", "harness", facts=facts)
            self._entries.append(_Entry(change, self._check, 0))
            self._left_out = 0

    def events(self) -> list[Event]:
        """Return all events, everybody by name, in the order of time.

        Where that is the same for several, in the order in which such things happen.
        """
        last = max((entry.change.t for entry in self._entries), default=0.0)
        self._say_what_was_left_out(last)
        ends = _statuses(self._entries)
        namers = [_Namer(names) for names in self._starts]
        ordered = sorted(self._entries, key=lambda e: (e.change.t, _rank(e.change)))
        return [_told(entry, namers, ends) for entry in ordered]


def _rank(change: Change) -> int:
    """Where it stands among others of the same time.

    Nothing comes before a program's start, and what a child inherits was there before its fork.
    """
    if change.kind == "exec" and change.known == "agent":
        return RANKS["step"]
    return RANKS["listen"] if change.facts.get("inherited") else RANKS[change.kind]


def _statuses(entries: list[_Entry]) -> dict[tuple[int, Who], dict[str, Any]]:
    """How each process ended: some kernels tell that only when it is reaped."""
    return {
        (entry.start, entry.change.to): dict(entry.change.facts)
        for entry in entries
        if entry.change.kind == "reap"
    }


class _Namer:
    """Names of everybody in one start; who was never seen alive is numbered."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._unseen: dict[Key, str] = {}

    def name(self, who: Who) -> str:
        if isinstance(who, str):
            return who
        if isinstance(who, PeerAt):
            return self._names.peers.get(who.port, who.otherwise)
        if who in self._names.processes:
            return self._names.processes[who]
        return self._unseen.setdefault(who, f"unseen-{len(self._unseen) + 1}")


def _pid(who: Who) -> int:
    return 0 if isinstance(who, str | PeerAt) else who[0]


def _told(
    entry: _Entry, namers: list[_Namer], ends: dict[tuple[int, Who], dict[str, Any]]
) -> Event:
    change = entry.change
    namer = namers[entry.start - 1] if entry.start else _Namer(Names({}, {}))
    facts = dict(change.facts)
    if change.kind == "exit":
        facts = ends.get((entry.start, change.who), {}) | facts
    return Event(
        t=change.t,
        kind=change.kind,
        who=namer.name(change.who),
        known=change.known,
        after=change.after,
        before=change.before,
        to=namer.name(change.to),
        of=namer.name(change.of),
        check=entry.check,
        start=entry.start,
        pid=_pid(change.who),
        to_pid=_pid(change.to),
        facts=facts,
    )
