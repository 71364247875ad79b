"""A log of events that is written down, and any that hypothesis can think of."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from forklab.events.event import KINDS, SENSORS, Event
from forklab.events.lines import Recorded

HEADER: dict[str, Any] = {
    "schema": "forklab-events/1",
    "clock": "monotonic",
    "lab": "prefork",
    "program": "my/prefork.c",
    "command": "./prefork 2 PORT",
    "sandbox": "docker",
    "image": "forklab/lab",
    "kernel": "6.18",
    "machine": "x86_64",
    "began": "2026-11-27T06:00:00+00:00",
}
CHECK = "survives-a-killed-worker"


def harness(t: float, kind: str, *, start: int = 1, **more: Any) -> Event:
    """Something that the harness did."""
    to, to_pid = more.pop("to", ""), more.pop("to_pid", 0)
    return Event(
        t, kind, "harness", "harness", to=to, check=CHECK, start=start, to_pid=to_pid, facts=more
    )


def client(t: float, kind: str, **facts: Any) -> Event:
    """Something that client-1 saw, within a millisecond."""
    return Event(t, kind, "client-1", "client", t, t + 0.001, check=CHECK, start=1, facts=facts)


def looked(
    t: float, kind: str, who: str, to: str = "", pids: tuple[int, int] = (10, 0), **facts: Any
) -> Event:
    """Something that was seen in a snapshot ten milliseconds later."""
    of = facts.pop("of", "")
    return Event(
        t, kind, who, "snapshot", t, t + 0.01, to, of, CHECK, 1, pids[0], pids[1], facts
    )  # fmt: skip


def told(t: float, kind: str, who: str, to: str = "", **facts: Any) -> Event:
    """Something that the kernel told the agent."""
    pids = {"dispatcher": 10, "worker-1": 11, "worker-2": 12}
    return Event(
        t, kind, who, "agent", to=to, check=CHECK, start=1, pid=pids.get(who, 0),
        to_pid=pids.get(to, 0), facts=facts,
    )  # fmt: skip


EVENTS = [
    harness(0.0, "check-begins", start=0),
    Event(
        0.001, "exec", "dispatcher", "agent", 0.001, 0.004, check=CHECK, start=1, pid=10,
        facts={"argv": ["./prefork", "2", "15347"]},
    ),
    looked(0.005, "listen", "dispatcher", port=15347),
    looked(0.005, "fork", "dispatcher", "worker-1", (10, 11)),
    looked(0.005, "fork", "dispatcher", "worker-2", (10, 12)),
    client(0.020, "connect"),
    looked(0.020, "accept", "dispatcher", "client-1", fd=7),
    looked(
        0.020, "pass", "dispatcher", "worker-1", (10, 11), of="client-1", what="connection", fd=4
    ),
    looked(0.020, "close", "dispatcher", of="client-1", what="connection", fd=7),
    client(0.022, "send", bytes=15),
    client(0.022, "receive", bytes=15),
    harness(0.030, "signal", to="worker-1", to_pid=11, signal="SIGKILL"),
    told(0.031, "exit", "worker-1", signal="SIGKILL"),
    client(0.032, "end-of-file"),
    client(0.033, "close", what="connection"),
    told(0.050, "reap", "dispatcher", "worker-1", signal="SIGKILL"),
    harness(0.060, "check-ends", start=0, verdict="PASS"),
    harness(0.061, "clean", killed=2),
]  # fmt: skip
RECORDED = Recorded(HEADER, EVENTS)

texts = st.text(max_size=30)
names = st.sampled_from(["parent", "child-1", "client-1", "harness", "a client"]) | st.text(
    min_size=1, max_size=30
)
any_facts = st.fixed_dictionaries(
    {},
    optional={
        "argv": st.lists(texts, max_size=3),
        "path": texts,
        "text": texts,
        "what": st.sampled_from(["connection", "listener", "unix", "pipe", "file", "anon"]),
        "fd": st.integers(0, 1 << 20),
        "bytes": st.integers(1, 1 << 40),
        "status": st.integers(0, 255),
        "signal": texts,
        "error": texts,
        "sure": st.just(False),
    },
)


@st.composite
def any_events(draw: st.DrawFn) -> Recorded:
    """A log of anything, in the order of time."""
    times = sorted(draw(st.lists(st.floats(0, 1e4), max_size=12)))
    events = [
        Event(
            t, draw(st.sampled_from(KINDS)), draw(names), draw(st.sampled_from(SENSORS[1:])),
            to=draw(names | st.just("")), of=draw(names | st.just("")),
            check=draw(texts), start=draw(st.integers(0, 2)), facts=draw(any_facts),
        )
        for t in times
    ]  # fmt: skip
    return Recorded({**HEADER, "program": draw(texts), "lab": draw(texts)}, events)
