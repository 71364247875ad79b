"""What figures say of times and of things that are open, in both languages."""

from __future__ import annotations

from forklab.figures.sharing import Thing
from forklab.figures.timeline import Bar
from forklab.pages.words import say

HARDLY_S = 0.0001


def since(seconds: float, began: float) -> str:
    """Return *seconds* as milliseconds since *began*, of which a tenth still tells something."""
    return f"{max(seconds - began, 0.0) * 1000:.1f}"


def lasted(seconds: float) -> str:
    """Return a length of time in milliseconds, or in seconds from ten of them on."""
    ms = seconds * 1000
    if ms >= 10_000:
        return f"{seconds:.1f} s"
    return f"{ms:.0f} ms" if ms >= 9.95 else f"{ms:.1f} ms"


def pause(seconds: float) -> str:
    """Return a pause as it stands above the axis."""
    return f"+{lasted(seconds)}"


def spans(language: str, bar: Bar) -> str:
    """Return how long a zombie was one; of several, from the shortest to the longest."""
    if bar.longest_s < HARDLY_S:
        return say(language, "hardly")
    low, high = lasted(bar.shortest_s), lasted(bar.longest_s)
    return low if low == high else say(language, "time_span", low=low, high=high)


def thing_name(language: str, thing: Thing) -> str:
    """Return what is open; a path is as it is."""
    if thing.kind == "pipe":
        return say(language, f"thing_pipe_{thing.side[:1]}")
    if thing.kind == "connection":
        if not thing.other:
            return say(language, "thing_nobody")
        return say(language, "thing_connection", other=thing.other)
    if thing.kind in ("listener", "unix", "socket"):
        return say(language, f"thing_{thing.kind}")
    return thing.what


def detail(thing: Thing) -> str:
    """Return what is known beside its name: a port, a state, a number; "" if there is nothing."""
    name, _, rest = thing.what.partition(", ")
    if thing.kind == "listener":
        return rest
    if thing.kind == "connection":
        port = "" if thing.other else name.removeprefix("connection of ")
        return ", ".join(part for part in (port, rest) if part)
    numbered = thing.kind == "pipe" and name.removeprefix("pipe ").isdigit()
    return name if numbered else ""
