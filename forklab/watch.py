"""Processes and descriptors of a program, live, while something is done to it, slowly.

The ordinary sandbox and snapshots, but nothing is judged.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from forklab.labs import LabInfo
from forklab.program.lab import Lab
from forklab.program.peer import Listener
from forklab.program.program import HELLO, Program
from forklab.program.spec import Spec
from forklab.reports import tables
from forklab.reports.picture import Screen, screen
from forklab.results.evidence import evidence
from forklab.sandbox.choose import choose

LOOK_S = 0.15

Acts = Iterator[None]


@dataclass(frozen=True)
class Wanted:
    """What a person asked for.

    Attributes:
        for_s: how long; None: until Ctrl-C, or until the program has ended.
        clients: how many come and leave again and again; lines that a client is given to send.
        every_s: how long between two things that are done.
        sandbox: its kind; "": the one that is here.
    """

    for_s: float | None
    clients: int
    every_s: float
    sandbox: str = ""


def watch(
    info: LabInfo,
    spec: Spec,
    path: Path | None,
    wanted: Wanted,
    out: TextIO,
    say: Callable[[str], None],
) -> None:
    """Start the program and show it until the time is over, it has ended, or Ctrl-C.

    Raises:
        CheckFailure: it cannot be built, does not come to listen, or forks without end.
        SandboxError: there is no sandbox.
    """
    with choose(wanted.sandbox, say).open() as link:
        lab = Lab(link, spec, path or info.program)
        program, acts = PARTS[spec.plays](lab, wanted.clients)
        with screen(out, os.environ.get("TERM", "")) as shown:
            shown.say(f"lab {info.name}: {' '.join(program.argv)}, pid {program.pid}")
            try:
                _show(program, acts, wanted, shown)
            except KeyboardInterrupt:  # the ordinary end
                return


def _show(program: Program, acts: Acts, wanted: Wanted, shown: Screen) -> None:
    """Look again and again, and go on with the acts from time to time."""
    began = time.monotonic()
    pause = threading.Event()
    acted = began
    while wanted.for_s is None or time.monotonic() - began < wanted.for_s:
        snapshot = program.snapshot()
        found = evidence(snapshot, {}, program.names, program.client_names)
        title = f"{time.monotonic() - began:5.1f} s  {program.journal.steps[-1]}"
        shown.show(title, found, last_line(program.output()))
        if not snapshot.processes:
            for line in ("It has ended:", *tables.ends(found, full=True)):
                shown.say(line)
            return
        if time.monotonic() - acted >= wanted.every_s:
            next(acts, None)
            acted = time.monotonic()
        pause.wait(min(LOOK_S, wanted.every_s))


def last_line(text: str) -> str:
    """Return the last line of *text* that is not empty, "" if there is none."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


# what is done to a program, one thing a step


def _served(lab: Lab, count: int) -> tuple[Program, Acts]:
    """A server: clients come, are served, leave, again and again."""
    program = lab.start()
    return program, _clients(program, count)


def _clients(program: Program, count: int) -> Acts:
    while True:
        here = []
        for _ in range(count):
            client = program.try_to_connect()
            yield
            if client is not None:
                here.append(client)
                client.send(HELLO)
                yield
        for client in here:
            client.close()
            yield


def _talked_to(lab: Lab, count: int) -> tuple[Program, Acts]:
    """A client: we are its server, and the person who types; once."""
    listener = lab.listen()
    program = lab.launch(port=listener.port, stdin="pty")
    program.client_names[listener.port] = "the server"
    return program, _lines_echoed(program, listener, count)


def _lines_echoed(program: Program, listener: Listener, count: int) -> Acts:
    server = listener.accept()
    yield
    for number in range(1, count + 1):
        program.type(b"%d\n" % number)
        yield
        had = len(server.received)
        server.send(server.receive(had + 1)[had:])
        yield
    program.end_input()
    yield
    server.close()
    yield


def _typed(lab: Lab, count: int) -> tuple[Program, Acts]:
    """Parent and child that talk to each other: lines are typed, for whoever reads them."""
    program = lab.launch(stdin="pty")
    return program, _lines(program)


def _lines(program: Program) -> Acts:
    for number in itertools.count(1):
        yield
        program.type(b"%d\n" % number)


PARTS = {"server": _served, "client": _talked_to, "alone": _typed}
