"""The events of a run as Chrome trace JSON, which ui.perfetto.dev and chrome://tracing open.

Each start of the program is a process of the trace, and everybody in it a thread, so that a tree of
processes stays together. Slices of one thread follow one another: alive, then zombie.

Source: "Trace Event Format", the JSON array of objects with ph, ts (microseconds), pid, tid.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from forklab.events.event import Event
from forklab.events.lines import Recorded, as_object
from forklab.views.sentences import clause

CHECKS = 1  # the process of the trace whose slices are the checks
UNNAMED = "(no name)"  # a slice needs one
FLOWS = {
    "fork": ("who", "to"),
    "pass": ("who", "to"),
    "accept": ("to", "who"),
    "reap": ("to", "who"),
}

Row = dict[str, Any]


def perfetto(recorded: Recorded) -> Row:
    """Return the document, to be written as JSON."""
    rows = [*_named(CHECKS, f"lab {recorded.header.get('lab', '?')}", 0)]
    rows += _checks(recorded.events)
    numbers = itertools.count(1)
    starts: dict[int, list[Event]] = {}
    for event in recorded.events:
        if event.start:
            starts.setdefault(event.start, []).append(event)
    for start, events in sorted(starts.items()):
        rows += _Start(events, start).rows(numbers)
    return {"displayTimeUnit": "ms", "traceEvents": rows, "otherData": recorded.header}


def _named(pid: int, name: str, order: int) -> Iterator[Row]:
    yield _metadata("process_name", pid, 0, name=name)
    yield _metadata("process_sort_index", pid, 0, sort_index=order)


def _metadata(what: str, pid: int, tid: int, **args: Any) -> Row:
    return {"ph": "M", "name": what, "pid": pid, "tid": tid, "args": args}


def _us(seconds: float) -> float:
    return round(seconds * 1e6, 1)


def _slice(pid: int, tid: int, name: str, begin: float, end: float, args: Mapping[str, Any]) -> Row:
    ts = _us(begin)
    dur = max(round(_us(end) - ts, 1), 0.0)
    return {
        "ph": "X", "pid": pid, "tid": tid, "name": name, "cat": "forklab", "ts": ts, "dur": dur,
        "args": dict(args),
    }  # fmt: skip


def _checks(events: list[Event]) -> Iterator[Row]:
    """A slice for each check, from its begin to its end."""
    begun: dict[str, float] = {}
    for event in events:
        if event.kind == "check-begins":
            begun[event.check] = event.t
        elif event.kind == "check-ends" and event.check in begun:
            began = begun.pop(event.check)
            yield _slice(CHECKS, CHECKS, event.check or UNNAMED, began, event.t, event.facts)


class _Start:
    """One start of the program: who is in it, from when to when, and what happened."""

    def __init__(self, events: list[Event], start: int) -> None:
        self.events, self.pid, self.start = events, CHECKS + start, start
        names = dict.fromkeys(name for e in events for name in (e.who, e.to) if name)
        self.tids = {name: number for number, name in enumerate(names, 1)}
        self.end = max(event.before or event.t for event in events)

    def rows(self, numbers: Iterator[int]) -> Iterator[Row]:
        """Yield everything; *numbers* are those of the flows of the whole trace."""
        check = self.events[0].check
        yield from _named(self.pid, f"{self.start:03} {check}", self.start)
        pids = {e.who: e.pid for e in self.events} | {e.to: e.to_pid for e in self.events}
        for name, tid in self.tids.items():
            shown = f"{tid:02} {name}" + (f" pid {pids[name]}" if pids.get(name) else "")
            yield _metadata("thread_name", self.pid, tid, name=shown)
            yield _metadata("thread_sort_index", self.pid, tid, sort_index=tid)
        yield from self._lives()
        for event in self.events:
            yield self._instant(event)
            if event.kind in FLOWS and event.to:
                yield from self._flow(event, next(numbers))

    def _lives(self) -> Iterator[Row]:
        """Alive from fork to exit, zombie from exit to reap; a client from connect to close."""
        born = (
            self._first("connect", "who", "client")
            | self._first("accept", "who", "harness")
            | self._first("exec", "who")  # of what the agent started; others were forked first
            | self._first("fork", "to")
        )
        ended = self._first("exit", "who") | self._first("close", "who", "client")
        reaped = self._first("reap", "to")
        for name, tid in self.tids.items():
            exits = ended.get(name)
            until = exits.t if exits is not None else self.end
            if name in born:
                what = "alive" if born[name].kind in ("exec", "fork") else "connected"
                args = exits.facts if exits is not None else {}
                yield _slice(self.pid, tid, what, born[name].t, until, args)
            if exits is not None and exits.kind == "exit":
                end = reaped[name].t if name in reaped else self.end
                yield _slice(self.pid, tid, "zombie", exits.t, end, {"reaped": name in reaped})

    def _first(self, kind: str, role: str, known: str = "") -> dict[str, Event]:
        """The first event of that *kind* of everybody in that *role*."""
        found: dict[str, Event] = {}
        for event in self.events:
            if event.kind == kind and known in ("", event.known):
                found.setdefault(getattr(event, role), event)
        return found

    def _instant(self, event: Event) -> Row:
        return {
            "ph": "i", "s": "t", "pid": self.pid, "tid": self.tids[event.who],
            "ts": _us(event.t), "name": clause(event), "cat": event.kind, "args": as_object(event),
        }  # fmt: skip

    def _flow(self, event: Event, number: int) -> Iterator[Row]:
        """An arrow from one to the other; to who reaps from where the end was, a zombie's begin.

        It must begin and end within a slice, and the end of a slice is not within it.
        """
        ended = self._first("exit", "who").get(event.to) if event.kind == "reap" else None
        begin = min(ended.t, event.t) if ended is not None else event.t
        first, second = (self.tids[getattr(event, role)] for role in FLOWS[event.kind])
        same = {"name": event.kind, "cat": "flow", "id": number, "pid": self.pid}
        yield {"ph": "s", "tid": first, "ts": _us(begin), **same}
        yield {"ph": "f", "bp": "e", "tid": second, "ts": _us(event.t), **same}
