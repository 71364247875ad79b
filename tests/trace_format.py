"""What a document must be to be opened as a Chrome trace, from its format's description.

Source: "Trace Event Format" (Google, 2016): events have ph, ts in microseconds, pid, tid; M names
a process or a thread; X has dur, and those of one thread nest or follow one another; i has the
scope g, p or t; s and f of one id, name and cat are the ends of an arrow, and bp "e" binds its end
to the slice around it. Perfetto's importer drops what it cannot read and counts it, so that nothing
is said to a person: each of its reasons is a demand here.
"""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from typing import Any

METADATA = {
    "process_name": "name",
    "process_sort_index": "sort_index",
    "thread_name": "name",
    "thread_sort_index": "sort_index",
}


def demand(text: str) -> list[dict[str, Any]]:
    """Demand that *text* is such a document, and return its events."""
    document = json.loads(text, parse_constant=_refuse)
    assert document["displayTimeUnit"] in ("ms", "ns")
    events: list[dict[str, Any]] = document["traceEvents"]
    for event in events:
        assert event["ph"] in "MXisf"
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        assert event["name"]
        if event["ph"] != "M":
            assert event["ts"] >= 0
    _metadata([event for event in events if event["ph"] == "M"])
    _slices([event for event in events if event["ph"] == "X"])
    assert {event["s"] for event in events if event["ph"] == "i"} <= {"g", "p", "t"}
    _flows([event for event in events if event["ph"] in "sf"])
    return events


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


def _metadata(events: list[dict[str, Any]]) -> None:
    for event in events:
        value = event["args"][METADATA[event["name"]]]
        assert isinstance(value, str if event["name"].endswith("name") else int)
    once = Counter((event["name"], event["pid"], event["tid"]) for event in events)
    assert set(once.values()) <= {1}


def _slices(events: list[dict[str, Any]]) -> None:
    threads: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for event in events:
        assert event["dur"] >= 0
        place = threads.setdefault((event["pid"], event["tid"]), [])
        place.append((event["ts"], event["ts"] + event["dur"]))
    for spans in threads.values():
        ordered = sorted(spans, key=lambda span: (span[0], -span[1]))
        for (_, end), (begin, later) in pairwise(ordered):
            # a tenth of a microsecond is the rounding of a sum
            assert begin >= end - 0.11 or later <= end + 0.11, "slices overlap and do not nest"


def _flows(events: list[dict[str, Any]]) -> None:
    ends: dict[tuple[int, str, str], list[dict[str, Any]]] = {}
    for event in events:
        ends.setdefault((event["id"], event["name"], event["cat"]), []).append(event)
    assert len({key[0] for key in ends}) == len(ends)
    for begin, end in ends.values():
        assert (begin["ph"], end["ph"], end["bp"]) == ("s", "f", "e")
        assert begin["ts"] <= end["ts"]
