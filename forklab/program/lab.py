"""One lab's sandbox with the program in it: starts it afresh, as often as checks ask."""

from __future__ import annotations

import itertools
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forklab.errors import LabUnsupported, SandboxError
from forklab.events.event import HARNESS
from forklab.program.build import GUARD, Built, build
from forklab.program.journal import Journal
from forklab.program.peer import Listener
from forklab.program.program import Program
from forklab.program.source import NoProgram, find
from forklab.program.spec import Spec
from forklab.program.started import at_rest
from forklab.program.worker_file import WorkerFile
from forklab.sandbox.link import AgentRefused, Link

FIRST_PORT = 7001
# room for a server that never reaps 100 clients, and not for one that buries the machine
PROCESSES = 200
OPEN_FILES = 1024
REST_S = 0.3
PLACES = {
    "work": "",
    "small": ", its folder on a small file system",
    "sealed": ", in a folder where it may make no file",
}
PATH = "/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Surroundings:
    """What a program finds at its start.

    Attributes:
        stdin: `pipe`, silent and open; `pty`, a terminal without echo that is not its controlling
            one; `null`; `file`, with *content*; `channel`, a Unix stream pair.
        stdout, stderr: `pty` or `pipe`.
        place: of its work folder: `work`; `small`, on a file system of a megabyte; `sealed`, where
            it can make no file.
    """

    stdin: str = "pipe"
    stdout: str = "pty"
    stderr: str = "pipe"
    content: bytes = b""
    place: str = "work"


class Lab(WorkerFile):
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
                spec = self.spec
                machine = self.link.hello["machine"]
                found = find(self.path, machine, spec.worker, spec.main, spec.plays)
                self._built = build(self.link, found)
            except NoProgram as failure:
                self._built = failure
        if isinstance(self._built, NoProgram):
            raise self._built
        return self._built

    def refuse(self, why: str) -> None:
        """Let there be no program, because of *why*, one sentence."""
        self._built = NoProgram(why)

    def port(self) -> int:
        """Return the port for the next start: a fresh one, where the program takes one."""
        if self.spec.fixed_port is not None:
            return self.spec.fixed_port
        if self.spec.plays == "alone":
            return 0
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
        **surroundings: Any,
    ) -> Program:
        """Start the program afresh and do not wait for it.

        Args:
            argv: a command line instead of the contract's.
            port: instead of a fresh one.
            workers: instead of the pool size of the lab.
            port_word: a word in the port's place.
            processes: how many its user may have.
            surroundings: see `Surroundings`.

        Raises:
            NoProgram: it cannot be built or executed.
        """
        built = self.built()
        if not self._clean:
            self.reset(keep_listeners=True)
        around = self._possible(Surroundings(**surroundings))
        port = self.port() if port is None else port
        size = self.spec.workers if workers is None else workers
        argv = argv or self.spec.argv(built.argv, port_word or port, size)
        serves = self.spec.plays == "server" and around.stdin != "channel"
        pool = size if isinstance(size, int) else 0
        program = Program(self.link, self.journal, argv, port, pool, serves=serves)
        self.journal.note("start", "start " + " ".join(argv) + PLACES[around.place])
        self._clean = False
        program.started(self._start(argv, built, processes, around), around.stdin)
        self.program = program
        return program

    def _possible(self, around: Surroundings) -> Surroundings:
        if around.place == "small":
            self.demand("small_disk", "this sandbox has no small file system to fill")
        if around.place == "sealed":
            self.demand("own_user", "the program runs as our own user, to whom no folder is closed")
        return around

    def _start(self, argv: list[str], built: Built, processes: int, around: Surroundings) -> Any:
        try:
            return self.link.call(
                "start",
                around.content,
                argv=argv,
                env={"PATH": PATH, "LANG": "C.UTF-8", "TERM": "dumb"},
                files=built.folder,
                stdin=around.stdin,
                stdout=around.stdout,
                stderr=around.stderr,
                place=around.place,
                limits={"nofile": OPEN_FILES, "nproc": processes},
                max_processes=processes - GUARD,
            ).value
        except AgentRefused as refused:
            if refused.kind == "full":
                raise NoProgram(
                    "it cannot be started: its build has filled the disk of the sandbox"
                ) from None
            if refused.kind != "exec":
                raise
            if argv[0] == "python3":
                raise SandboxError(f"python3 cannot be started in the sandbox: {refused}") from None
            raise NoProgram(
                f"{argv[0]} cannot be started: {refused}{missing_interpreter(built, argv, refused)}"
            ) from None

    def start(self, *, workers: object = None, **changes: Any) -> Program:
        """Start the program afresh and wait until it listens, and has nothing more to do.

        A daemon listens, forks and ends: who is who shows when all of them sleep.

        Raises:
            NoProgram, NotReady: it does not come to listen.
        """
        program = self.launch(workers=workers, **changes)
        began = time.monotonic()
        program.wait_until_listening()
        program.settle(at_rest, within_s=REST_S)
        self.journal.ready_s += time.monotonic() - began
        return program

    def listen(self) -> Listener:
        """Listen as the server of the program, before it is launched."""
        self.reset()
        held = self.link.call("listen", port=self.spec.fixed_port or 0).value
        self.journal.note("listen", f"the harness listens on port {held['port']}")
        return Listener(self.link, self.journal, held["listener"], held["port"])

    def fill_disk(self) -> None:
        """Leave no byte free on the small file system."""
        self.journal.note("fill", "the file system of its work folder is filled")
        self.link.call("fill")

    def reset(self, *, keep_listeners: bool = False) -> None:
        """End the program and all that descends from it, and prove it; close its clients.

        Raises:
            SandboxError: processes are still there.
        """
        self.program = None
        asked, was_clean = self.journal.now(), self._clean
        try:
            done = self.link.call("reset", wait_s=30.0, keep_listeners=keep_listeners).value
        except AgentRefused as refused:
            raise SandboxError(f"the sandbox could not be cleaned: {refused}") from refused
        self._clean = True
        if not was_clean:
            killed = done["killed"]
            self.journal.happened("clean", HARNESS, "harness", since=asked, killed=killed)

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
