"""One lab's sandbox with the program in it: starts it afresh, as often as checks ask."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from forklab.errors import LabUnsupported, SandboxError
from forklab.program.build import GUARD, Built, build
from forklab.program.journal import Journal
from forklab.program.program import Program
from forklab.program.source import NoProgram, find
from forklab.program.spec import Spec
from forklab.sandbox.link import AgentRefused, Link

FIRST_PORT = 7001
# room for a server that never reaps 100 clients, and not for one that buries the machine
PROCESSES = 200
OPEN_FILES = 1024
PATH = "/usr/local/bin:/usr/bin:/bin"


class Lab:
    """The sandbox of one run.

    Attributes:
        spec: how the program is started.
        journal: everything that was done.
        broken: premises that a failed check has broken, to the id of that check.
        program: the last one started by `start`.
    """

    def __init__(self, link: Link, spec: Spec, path: Path) -> None:
        self.link = link
        self.spec = spec
        self.path = path
        self.journal = Journal()
        self.broken: dict[str, str] = {}
        self.program: Program | None = None
        self.notes: list[str] = []
        self._clean = True
        self._built: Built | NoProgram | None = None
        self._ports = itertools.count(random.randrange(FIRST_PORT, 20_000))

    # what this place can show

    def can(self, what: str) -> bool:
        """Whether the sandbox can show or do *what*, as the agent's hello says."""
        return bool(self.link.hello[what])

    def demand(self, what: str, reason: str) -> None:
        """Skip the check, with *reason*, where the sandbox cannot show *what*.

        Raises:
            LabUnsupported: it cannot.
        """
        if not self.can(what):
            raise LabUnsupported(reason)

    # the program

    def built(self) -> Built:
        """Build the program, once.

        Raises:
            NoProgram: it cannot be built; every time that it is asked for.
        """
        if self._built is None:
            try:
                self._built = build(self.link, find(self.path, self.link.hello["machine"]))
            except NoProgram as failure:
                self._built = failure
        if isinstance(self._built, NoProgram):
            raise self._built
        return self._built

    def port(self) -> int:
        """Return the port for the next start: a fresh one, where the program takes one."""
        if self.spec.fixed_port is not None:
            return self.spec.fixed_port
        if self.can("is_init"):
            return next(self._ports)
        held = self.link.call("listen").value  # the network is not ours: ask for a free one
        self.link.call("unlisten", listener=held["listener"])
        return int(held["port"])

    def launch(
        self,
        argv: list[str] | None = None,
        *,
        port: int | None = None,
        workers: object = None,
        port_word: str | None = None,
        processes: int = PROCESSES,
    ) -> Program:
        """Start the program afresh and do not wait for it.

        Args:
            argv: a command line instead of the contract's.
            port: instead of a fresh one.
            workers: instead of the pool size of the lab.
            port_word: a word in the port's place.
            processes: how many its user may have.

        Raises:
            NoProgram: it cannot be built or executed.
        """
        built = self.built()
        if not self._clean:
            self.reset(keep_listeners=True)
        port = self.port() if port is None else port
        size = self.spec.workers if workers is None else workers
        argv = argv or self.spec.argv(built.argv, port_word or port, size)
        program = Program(self.link, self.journal, argv, port, size if isinstance(size, int) else 0)
        self.journal.note("start", "start " + " ".join(argv), argv=argv)
        self._clean = False
        started = self._start(argv, built, processes)
        program.pid, program.first_pid = started["pid"], started["last_pid"]
        program.key = (program.pid, started["start_ticks"])
        self.program = program
        return program

    def _start(self, argv: list[str], built: Built, processes: int) -> Any:
        try:
            return self.link.call(
                "start",
                argv=argv,
                env={"PATH": PATH, "LANG": "C.UTF-8", "TERM": "dumb"},
                files=built.folder,
                stdout="pty",
                stderr="pipe",
                limits={"nofile": OPEN_FILES, "nproc": processes},
                max_processes=processes - GUARD,
            ).value
        except AgentRefused as refused:
            if refused.kind != "exec":
                raise
            if argv[0] == "python3":
                raise SandboxError(f"python3 cannot be started in the sandbox: {refused}") from None
            raise NoProgram(
                f"{argv[0]} cannot be started: {refused}{missing_interpreter(built, argv, refused)}"
            ) from None

    def start(self, *, workers: object = None, **changes: Any) -> Program:
        """Start the program afresh and wait until it listens.

        Raises:
            NoProgram, NotReady: it does not come to listen.
        """
        program = self.launch(workers=workers, **changes)
        began = time.monotonic()
        program.wait_until_listening()
        self.journal.ready_s += time.monotonic() - began
        return program

    @contextmanager
    def taken_port(self) -> Iterator[int]:
        """Hold a port: the harness listens on it."""
        wanted = self.spec.fixed_port or 0
        self.reset()
        held = self.link.call("listen", port=wanted).value
        self.journal.note("listen", f"the harness listens on port {held['port']}")
        try:
            yield int(held["port"])
        finally:
            self.link.call("unlisten", listener=held["listener"])

    def reset(self, *, keep_listeners: bool = False) -> None:
        """End the program and all that descends from it, and prove it; close its clients.

        Raises:
            SandboxError: processes are still there.
        """
        self.program = None
        try:
            self.link.call("reset", wait_s=30.0, keep_listeners=keep_listeners)
        except AgentRefused as refused:
            raise SandboxError(f"the sandbox could not be cleaned: {refused}") from refused
        self._clean = True

    def holds(self, premise: str) -> bool:
        """Whether no check has broken *premise* in this run."""
        return premise not in self.broken


def missing_interpreter(built: Built, argv: list[str], refused: AgentRefused) -> str:
    """Say what "No such file" is about when the program itself is there."""
    if argv[:1] != list(built.argv[:1]) or "No such file" not in str(refused):
        return ""
    if built.interpreter:
        return f" (its first line names {built.interpreter}, which is not in the sandbox)"
    return " (the file is there; the loader that it was linked for is not in the sandbox)"
