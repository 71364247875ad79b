"""What has happened in a step, as plain data in no language; a screen puts it into words."""

from __future__ import annotations

from typing import NamedTuple

from forklab.demos.expectations import Judged


class Did(NamedTuple):
    """Something was done.

    Attributes:
        what: the verb.
        who: to whom, or by whom: names.
        command: as a person would type it, "" for what nobody types.
        text: what was sent or typed.
        reply: what came back.
        beside: whether the command runs on while others are typed.
    """

    what: str
    who: tuple[str, ...] = ()
    command: str = ""
    text: str = ""
    reply: str = ""
    beside: bool = False


class Ps(NamedTuple):
    """One row of the process table."""

    who: str
    pid: int
    ppid: int
    state: str
    command: str
    waits_in: str


class Thing(NamedTuple):
    """What a descriptor is open on: a kind, and its words, such as ("connection", "client-1")."""

    kind: str
    words: tuple[str, ...] = ()


class Held(NamedTuple):
    """One thing, and by which descriptors each process holds it."""

    thing: Thing
    numbers: dict[str, tuple[int, ...]]


class Grid(NamedTuple):
    """Who holds what: all processes that live, and all things that one of them holds."""

    who: tuple[str, ...]
    rows: tuple[Held, ...]


class Ended(NamedTuple):
    """How a process ended, how long it was a zombie in seconds, and who reaped it."""

    who: str
    how: str
    zombie_s: float | None
    by_parent: bool


class Heard(NamedTuple):
    """What a client has seen: state is `refused`, `waits` or `ended`."""

    who: str
    heard: bytes
    state: str


class Saw(NamedTuple):
    """Something was looked at, and what had to be seen was.

    Attributes:
        what: `ps`, `fds`, `calls`, `ends`, `clients`, `output`, `diff`, `file`.
        facts: rows of the kind that belongs to it.
        judged: what was demanded of this look.
        now: name and pid of all that live.
        name: of a file.
    """

    what: str
    facts: tuple[object, ...]
    judged: tuple[Judged, ...] = ()
    now: tuple[tuple[str, int], ...] = ()
    name: str = ""


Fact = Did | Saw
