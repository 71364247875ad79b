"""A lab whose programs run under strace: what they ask of the kernel is logged, nothing is judged.

A traced program is slower and wins other races, so this is for a run of its own after the judged
one. `--seccomp-bpf` lets calls that nobody wants pass at full speed (strace(1), since 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from forklab.errors import LabUnsupported
from forklab.events import traced
from forklab.events.event import Who
from forklab.events.start import Start
from forklab.events.strace_lines import Line, read
from forklab.facts import Snapshot
from forklab.facts.snapshot import Key
from forklab.program.build import Built
from forklab.program.journal import Journal
from forklab.program.lab import Lab, Surroundings
from forklab.program.program import Program, last_lines
from forklab.program.spec import Spec
from forklab.sandbox.link import AgentRefused, Link

CALLS = (
    "execve", "execveat", "fork", "vfork", "clone", "clone3", "wait4", "waitid", "kill", "tkill",
    "tgkill", "accept", "accept4", "listen", "connect", "sendmsg", "recvmsg", "shutdown", "close",
)  # fmt: skip
# the tracer is a detached grandchild (-DDD), so that the program is the process that we start
STRACE = (
    "strace", "-DDD", "-f", "--seccomp-bpf", "-ttt", "-T", "-yy", "-s", "200",
    "-e", "trace=" + ",".join(CALLS), "-o",
)  # fmt: skip


class TracedJournal(Journal):
    """Goes on with the log of a run: what clients saw, what was done, what strace says.

    What was seen in snapshots is not told a second time.
    """

    def __init__(self, judged: Journal) -> None:
        super().__init__()
        self._began, self.keeps_events = judged._began, judged.keeps_events
        self.log, self.clock = judged.log, judged.clock

    def begin(self, check: str) -> None:
        """A check begins once more; in the log it has a name of its own."""
        super().begin(traced.again(check))

    def end(self, verdict: str) -> None:
        """The check ends, and its verdict is none."""
        self.happened("check-ends", "harness", "harness")

    def happened(self, kind: str, who: Who, known: str, **more: Any) -> None:
        """Log what has just happened; that the program was started says strace."""
        if known != "agent":
            super().happened(kind, who, known, **more)

    def looked(self, asked: float, before: Snapshot | None, after: Snapshot, start: Start) -> None:
        """Of a look, take only what the clock shows."""
        self.learn(asked, after.time)

    def traced(self, lines: Iterable[Line], named: traced.Named, ahead_s: float) -> None:
        """Log what strace told; the wall clock of the sandbox is *ahead_s* ahead of the agent's."""
        by_s = self.clock.ahead_s - self._began - ahead_s
        found = (change.moved(by_s) for change in traced.changes(lines, named))
        now = self.now()
        self.log.add(change for change in found if 0.0 <= change.t <= now)


class TracedLab(Lab):
    """The sandbox of a run that is not judged; each program that is started in it is traced."""

    def __init__(self, link: Link, spec: Spec, path: Path) -> None:
        super().__init__(link, spec, path)
        self._checked = False

    def _start(
        self, argv: list[str], built: Built, processes: int, around: Surroundings
    ) -> dict[str, Any]:
        self._demand_strace()
        fifo = self.link.call("trace").value
        started: dict[str, Any] = super()._start(
            [*STRACE, fifo, "--", *argv], built, processes, around
        )
        if not self.link.call("traced", pid=started["pid"], wait_s=5.0).value:
            self._demand_a_trace(started["pid"])
        return started

    def _demand_strace(self) -> None:
        """Skip the check where there is no strace.

        Raises:
            LabUnsupported: there is none.
        """
        if self._checked:
            return
        try:
            self.link.call("run", argv=["strace", "--version"], env={"PATH": "/usr/bin:/bin"})
        except AgentRefused:
            raise LabUnsupported("strace is not in this sandbox") from None
        self._checked = True

    def _demand_a_trace(self, pid: int) -> None:
        """Skip the check where nobody may be traced; a program may also have ended at once."""
        if "execve(" in self.link.call("trace_text").blob.decode(errors="replace"):
            return
        reply = self.link.call("output", pid=pid)
        said = last_lines(reply.blob.decode(errors="replace"), 1)
        raise LabUnsupported(f"strace cannot trace a process in this sandbox{said}")

    def reset(self, *, keep_listeners: bool = False) -> None:
        """Log what strace told of the program, then end it."""
        if self.program is not None:
            self._log_trace(self.program)
        super().reset(keep_listeners=keep_listeners)

    def _log_trace(self, program: Program) -> None:
        reply = self.link.call("trace_text")
        lines = list(read(reply.blob.decode(errors="replace")))
        keys = {key[0]: key for key in program.names} | {program.pid: program.key}
        self._name_unseen(program, lines, keys)

        def key(pid: int) -> Key:
            return keys.get(pid, (pid, 0))

        assert isinstance(self.journal, TracedJournal)
        named = traced.Named(key, program.port, self.link.hello["pid"])
        self.journal.traced(lines, named, reply.value["ahead_s"])

    def _name_unseen(self, program: Program, lines: list[Line], keys: dict[int, Key]) -> None:
        """Name children that no snapshot has, as those are that one has."""
        given = set(program.names.values())
        stem = "process" if program.is_pool else "child"
        free = (name for name in _numbered(stem) if name not in given)
        for _, child in traced.forks(lines):
            if child not in keys:
                keys[child] = (child, 0)
                program.names[child, 0] = next(free)


def _numbered(stem: str) -> Iterator[str]:
    number = 0
    while True:
        number += 1
        yield f"{stem}-{number}"
