"""An event in words: what comes after the name of who did it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from forklab.events.event import SERVER, Event
from forklab.reports.text import shorten

WORDS = 160
NOUNS = {
    "connection": "a connection",
    "listener": "the listening socket",
    "unix": "a Unix socket",
    "socket": "a socket",
    "pipe": "a pipe",
    "terminal": "a terminal",
    "anon": "an anonymous file",
}


def clause(event: Event) -> str:
    """Return what `who` did or what happened to it, on one line: "forks child-1".

    What the program chose itself, such as a path, has everything visible and is cut.
    """
    text = CLAUSES[event.kind](event, event.facts)
    if event.facts.get("sure", True) is False:
        text += ", or another one that listens does"
    return shorten(text, WORDS) or event.kind


def seen(event: Event) -> str:
    """Return how it is known, where that is not plain: by strace, or in snapshots; else ""."""
    if event.known == "strace":
        return event.known
    if event.known != "snapshot" or event.after is None or event.before is None:
        return ""
    return f"between {event.after:.3f} and {event.before:.3f}"


Facts = Mapping[str, Any]


def _exec(event: Event, facts: Facts) -> str:
    return "executes " + (" ".join(facts.get("argv", ())) or "another program")


def _signal(event: Event, facts: Facts) -> str:
    whose = "the process group of " if facts.get("group") else ""
    return f"sends {facts.get('signal', 'a signal')} to {whose}{event.to}"


def _signalled(event: Event, facts: Facts) -> str:
    sender = f" from {event.to}" if event.to else ""
    return f"gets {facts.get('signal', 'a signal')}{sender}"


def _connect(event: Event, facts: Facts) -> str:
    return f"connects to {event.to}" if event.to else "connects"


def _pass(event: Event, facts: Facts) -> str:
    return f"passes {_owned(event)} to {event.to}" + _as_number(facts)


def _owned(event: Event) -> str:
    what = event.facts.get("what", "")
    if what == "connection" and event.of == SERVER:
        return f"its connection to {SERVER}"
    if what == "connection" and event.of:
        return f"the connection of {event.of}"
    return NOUNS.get(str(what)) or str(event.facts.get("path", "a file"))


def _as_number(facts: Facts) -> str:
    return f", descriptor {facts['fd']}" if "fd" in facts else ""


def _close(event: Event, facts: Facts) -> str:
    if event.known == "client":
        return "closes its connection"
    return "closes " + _owned(event) + _as_number(facts)


def _reset(event: Event, facts: Facts) -> str:
    if "error" in facts:
        return f"finds its connection broken: {facts['error']}"
    return "resets its connection"


def _exit(event: Event, facts: Facts) -> str:
    if "signal" in facts:
        return f"is killed by {facts['signal']}"
    return f"exits with status {facts['status']}" if "status" in facts else "ends"


def _check_ends(event: Event, facts: Facts) -> str:
    verdict = f": {facts['verdict']}" if "verdict" in facts else ", and is not judged"
    return f"ends check {event.check}{verdict}"


def _fixed(text: str) -> Callable[[Event, Facts], str]:
    return lambda event, facts: text


def _moved(verb: str) -> Callable[[Event, Facts], str]:
    def told(event: Event, facts: Facts) -> str:
        count = int(facts.get("bytes", 0))
        until = f", the last by {event.before:.3f}" if event.before is not None else ""
        more = f" in {facts['times']} turns{until}" if "times" in facts else ""
        return f"{verb} {count} byte" + "s" * (count != 1) + more

    return told


CLAUSES: dict[str, Callable[[Event, Facts], str]] = {
    "accept": lambda event, facts: f"accepts {event.to or 'a connection'}" + _as_number(facts),
    "check-begins": lambda event, facts: f"begins check {event.check}",
    "check-ends": _check_ends,
    "clean": lambda event, facts: f"ends what is left, processes: {facts.get('killed', '?')}",
    "close": _close,
    "connect": _connect,
    "continued": _fixed("goes on"),
    "end-of-file": _fixed("reads end of file"),
    "exec": _exec,
    "exit": _exit,
    "fork": lambda event, facts: f"forks {event.to}",
    "half-close": _fixed("half-closes: it sends no more"),
    "left-out": lambda event, facts: f"leaves out {facts.get('count', '?')} more events",
    "listen": lambda event, facts: f"listens on port {facts.get('port', '?')}",
    "open": lambda event, facts: "opens " + _owned(event) + _as_number(facts),
    "orphaned": _fixed("is an orphan: its parent has ended"),
    "pass": _pass,
    "reap": lambda event, facts: f"reaps {event.to}",
    "receive": _moved("receives"),
    "refused": _fixed("is refused"),
    "reset": _reset,
    "send": _moved("sends"),
    "shutdown": lambda event, facts: f"shuts down {_owned(event)}: {facts.get('how', '?')}",
    "signal": _signal,
    "signalled": _signalled,
    "step": lambda event, facts: str(facts.get("text", "")),
    "stopped": _fixed("is stopped"),
}
