"""events.jsonl: a header, then an event a line; written and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from forklab.errors import UsageError
from forklab.events.event import Event

SCHEMA = "forklab-events/1"
OWN = frozenset({
    "id", "t", "after", "before", "kind", "who", "known", "to", "of", "check", "start", "pid",
    "to_pid",
})  # fmt: skip


class Recorded(NamedTuple):
    """A log that was read: header, and events in the order of the file."""

    header: dict[str, Any]
    events: list[Event]


def write(header: Mapping[str, Any], events: Iterable[Event]) -> Iterator[str]:
    """Yield the lines of a log: *header* with the name of the schema, then the events."""
    yield json.dumps({"schema": SCHEMA, "clock": "monotonic", **header})
    for number, event in enumerate(events, 1):
        yield json.dumps({"id": number, **as_object(event)})


def as_object(event: Event) -> dict[str, Any]:
    """Return an event as it is written; what is not known is left out, times to the microsecond."""
    value: dict[str, Any] = {"t": round(event.t, 6)}
    if event.after is not None and event.before is not None:
        value |= {"after": round(event.after, 6), "before": round(event.before, 6)}
    value |= {"kind": event.kind, "who": event.who, "known": event.known}
    more = {name: getattr(event, name) for name in ("to", "of", "check", "start", "pid", "to_pid")}
    return value | {name: found for name, found in more.items() if found} | dict(event.facts)


def read(lines: Iterable[str]) -> Recorded:
    """Read a log.

    Raises:
        UsageError: it is none, with the number of the line.
    """
    header: dict[str, Any] = {}
    events = []
    for number, line in enumerate(lines, 1):
        try:
            value = json.loads(line)
            if number == 1:
                header = value
                if value["schema"] != SCHEMA:
                    raise ValueError(f"its schema is {value['schema']!r}")
            else:
                events.append(_event(value))
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(f"line {number} is not of {SCHEMA}: {error!r}") from error
    if not header:
        raise UsageError(f"it is empty, and {SCHEMA} has a header")
    return Recorded(header, events)


def _event(value: dict[str, Any]) -> Event:
    return Event(
        t=float(value["t"]),
        kind=str(value["kind"]),
        who=str(value["who"]),
        known=str(value["known"]),
        after=float(value["after"]) if "after" in value else None,
        before=float(value["before"]) if "before" in value else None,
        to=str(value.get("to", "")),
        of=str(value.get("of", "")),
        check=str(value.get("check", "")),
        start=int(value.get("start", 0)),
        pid=int(value.get("pid", 0)),
        to_pid=int(value.get("to_pid", 0)),
        facts={name: found for name, found in value.items() if name not in OWN},
    )
