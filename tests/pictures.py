"""Literal snapshots, written as what processes hold.

    LISTENER = listener(500)
    ONE = connection(50001, 601)
    picture(process(10, fds={3: LISTENER}), process(11, parent=10, fds={4: ONE}))

Sockets stand in the tables of the kernel because a process holds them; those that no process
holds (in flight, not accepted yet) are given to `picture` beside the processes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import pytest

from forklab.errors import CheckFailure
from forklab.facts import ClientState, Snapshot
from forklab.facts.snapshot import Key

PORT = 7001
NOW = 100.0
STATES = {"ESTABLISHED": 1, "FIN_WAIT2": 5, "TIME_WAIT": 6, "CLOSE_WAIT": 8, "LISTEN": 10}
CALLS = {"read": 0, "write": 1, "poll": 7, "accept": 43, "wait4": 61, "clock_nanosleep": 230}


class Socket(NamedTuple):
    """One socket: its inode, the table that has it, its row there."""

    inode: int
    table: str
    row: list[Any]


class Pipe(NamedTuple):
    """One end of a pipe: `access` is "r" or "w"."""

    inode: int
    access: str


class File(NamedTuple):
    """Anything else that a descriptor can be: what its link says."""

    target: str


class Row(NamedTuple):
    """One process as the agent answers it, what it holds, how it ended."""

    value: dict[str, Any]
    sockets: tuple[Socket, ...] = ()
    end: list[Any] | None = None


def key(pid: int) -> Key:
    """What identifies process *pid* of a picture."""
    return pid, 1000 + pid


def listener(
    inode: int = 500, port: int = PORT, *, address: str = "0.0.0.0", waiting: int = 0
) -> Socket:
    """A listening socket, in whose queue so many clients wait."""
    version = 6 if ":" in address else 4
    row = [version, STATES["LISTEN"], address, port, address, 0, waiting, 5, inode]
    return Socket(inode, "tcp", row)


def connection(
    client_port: int, inode: int, *, state: str = "ESTABLISHED", unread: int = 0, port: int = PORT
) -> Socket:
    """The server's end of a client's connection; inode 0: not accepted, or closed."""
    host = "127.0.0.1"
    row = [4, STATES[state], host, port, host, client_port, unread, 0, inode]
    return Socket(inode, "tcp", row)


def pair(inode: int, *, unread: int = 0, kind: int = 1) -> tuple[Socket, Socket]:
    """A Unix socket pair, inodes *inode* and the next; *unread* bytes wait in the first end."""
    other = inode + 1
    return (
        Socket(inode, "unix", [inode, kind, 1, other, unread, 0]),
        Socket(other, "unix", [other, kind, 1, inode, 0, 0]),
    )


def widow(inode: int) -> Socket:
    """An end of a Unix socket pair whose other end is closed."""
    return Socket(inode, "unix", [inode, 1, 1, 0, 0, 3])


def pipe(inode: int) -> tuple[Pipe, Pipe]:
    """A pipe: its read end and its write end."""
    return Pipe(inode, "r"), Pipe(inode, "w")


def process(
    pid: int,
    *,
    parent: int = 1,
    fds: Mapping[int, Socket | Pipe | File] | None = None,
    state: str = "S",
    call: tuple[str, int] | None = ("poll", 0),
    args: tuple[str, ...] = ("./server", "7001"),
) -> Row:
    """A process that holds *fds*, by number."""
    held = fds or {}
    value = {
        "pid": pid,
        "ppid": parent,
        "pgrp": 10,
        "session": 10,
        "state": state,
        "start_ticks": key(pid)[1],
        "start_code": 1,
        "start_stack": 2,
        "cpu_ticks": 0,
        "threads": 1,
        "comm": "server",
        "args": list(args),
        "exe": "/lab/server" if args else "",
        "call": None if state != "S" or call is None else [CALLS[call[0]], call[1]],
        "fds": [_descriptor(number, what) for number, what in held.items()],
    }
    return Row(value, tuple(what for what in held.values() if isinstance(what, Socket)))


def _descriptor(number: int, what: Socket | Pipe | File) -> list[Any]:
    if isinstance(what, Socket):
        return [number, f"socket:[{what.inode}]", "", None]
    if isinstance(what, Pipe):
        return [number, f"pipe:[{what.inode}]", what.access, None]
    return [number, what.target, "rw", None]


def zombie(pid: int, *, parent: int = 10, since: float = 0.1) -> Row:
    """A process that ended *since* seconds ago and was not waited for."""
    row = process(pid, parent=parent, state="Z", args=())
    return row._replace(end=[*key(pid), NOW - since, None, False, False, None])


def reaped(
    pid: int,
    *,
    status: int | None = 0,
    since: float = 0.1,
    by_agent: bool = False,
    started: bool = False,
) -> Row:
    """A process that is gone: it ended *since* seconds ago."""
    return Row({}, (), [*key(pid), NOW - since, NOW - since, by_agent, started, status])


def picture(*things: Row | Socket, **more: Any) -> Snapshot:
    """A whole snapshot of these processes, and of sockets that none of them holds."""
    rows = [thing for thing in things if isinstance(thing, Row)]
    loose = [thing for thing in things if isinstance(thing, Socket)]
    sockets = [*loose, *(socket for row in rows for socket in row.sockets)]

    def table(name: str) -> list[list[Any]]:
        kept: list[list[Any]] = []
        for socket in sockets:
            if socket.table == name and socket.row not in kept:
                kept.append(socket.row)
        return kept

    value = {
        "time": NOW,
        "whole": True,
        "last_pid": 99,
        "processes": [row.value for row in rows if row.value],
        "tcp": table("tcp"),
        "unix": table("unix"),
        "ends": [row.end for row in rows if row.end],
    }
    return Snapshot({**value, **more}, "x86_64")


def state(
    *,
    given: int = 6,
    received: int = 6,
    eof: bool = False,
    error: str | None = None,
    connected: bool = True,
    difference: int | None = None,
) -> ClientState:
    """What a client saw."""
    return ClientState(connected, given, given, received, eof, error, 0, difference)


def failure(judgement: Callable[..., Any], *facts: Any, **more: Any) -> CheckFailure:
    """What *judgement* raises on these facts; its sentences must be fit to be read."""
    with pytest.raises(CheckFailure) as told:
        judgement(*facts, **more)
    for sentence in (told.value.expected, told.value.seen, *told.value.marks.values()):
        assert sentence.strip() == sentence != ""
        assert len(sentence) < 200, sentence
        unreadable = re.search(r"None|<|[{}\[\]\n]|  |\(\d+, \d+\)|frozenset|Traceback", sentence)
        assert not unreadable or "byte" in sentence, sentence
    return told.value
