"""What is done to the processes of a program: signals, limits, a freeze, a passed connection."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import Any

from forklab.errors import CheckFailure
from forklab.events.event import HARNESS
from forklab.facts import Process
from forklab.facts.snapshot import Key
from forklab.program import wait
from forklab.program.client import ANSWER_S
from forklab.program.peer import Peer
from forklab.program.started import Started
from forklab.sandbox.link import AgentRefused

# by the kind of a refusal: what was expected of a program that hinders us, and what it does
HINDERS = {
    "hunted": (
        "it leaves alone whom it did not start",
        "it kills every process of its user, the harness's helpers too",
    ),
    "traced": (
        "its processes are held by nobody, so that one can be held while others go on",
        "its processes trace one another by ptrace",
    ),
    "stuck": (
        "a process of it can be stopped",
        "it sleeps where no stop reaches it, as one does in vfork until its child ends",
    ),
}


class Acts(Started):
    """What is done to its processes."""

    def signal_group(self, number: signal.Signals) -> None:
        """Send a signal to the process group of the started process, as a terminal's keys do."""
        self._signalled = self.journal.now()
        self.journal.note("signal", f"{number.name} to the whole process group")
        self.journal.happened(
            "signal", HARNESS, "harness", to=self.key, signal=number.name, group=True
        )
        with contextlib.suppress(AgentRefused):
            self.link.call("signal", pid=self.pid, number=int(number), group=True)

    def signal(self, process: Process | Key, number: signal.Signals) -> None:
        """Send a signal to one process."""
        key = process.key if isinstance(process, Process) else process
        self._signalled = self.journal.now()
        self.journal.note("signal", f"{number.name} to {self.name(key)}")
        self.journal.happened("signal", HARNESS, "harness", to=key, signal=number.name)
        with contextlib.suppress(AgentRefused):  # it may be gone: what follows will show
            self.link.call("signal", pid=key[0], number=int(number))

    def pass_connection(self, peer: Peer) -> None:
        """Play the dispatcher: send a byte with *peer*'s connection over its channel.

        Raises:
            CheckFailure: its channel is closed.
        """
        self.journal.note("pass", f"the harness passes the connection of {peer.name}")
        asked = self.journal.now()
        try:
            self.link.call("pass", b"c", pid=self.pid, conn=peer.conn)
        except AgentRefused as refused:
            raise CheckFailure(
                "the worker takes a connection from its channel, descriptor 0",
                f"its end of the channel is closed: {refused}",
            ) from None
        self.journal.happened(
            "pass", HARNESS, "harness", to=self.key, of=peer.name, since=asked, what="connection"
        )

    def report(self, within_s: float = ANSWER_S) -> bytes | None:
        """Return what the worker says over its channel; b"" at its end, None if nothing came."""
        within = within_s * wait.scale()
        with self.journal.waiting(within):
            reply = self.link.call("report", pid=self.pid, within=within, wait_s=within)
        return None if reply.value is None else reply.blob

    def _act(self, op: str, process: Process, **arguments: Any) -> Any:
        """Do something to *process*, which must be there for it.

        Raises:
            CheckFailure: it has ended meanwhile, or hinders us.
        """
        try:
            return self.link.call(op, pid=process.pid, **arguments).value
        except AgentRefused as refused:
            if refused.kind in HINDERS:
                raise CheckFailure(*HINDERS[refused.kind]) from None
            if refused.kind != "gone":
                raise
            name = self.name(process)
            raise CheckFailure(
                f"{name} is there", f"{name} ended before it could be used"
            ) from None

    @contextlib.contextmanager
    def frozen(self, process: Process) -> Iterator[None]:
        """Freeze one process by ptrace: its parent does not hear of it."""
        self._signalled = self.journal.now()
        self.journal.note("freeze", f"{self.name(process)} is frozen")
        self._act("freeze", process)
        try:
            yield
        finally:
            self._signalled = self.journal.now()
            self.journal.note("thaw", f"{self.name(process)} goes on")
            with contextlib.suppress(AgentRefused):
                self.link.call("thaw", pid=process.pid)

    @contextlib.contextmanager
    def limited(self, process: Process, name: str, soft: int | None) -> Iterator[None]:
        """Lower a soft limit of one process for a while.

        Args:
            process: the one that is limited.
            name: `nproc` or `nofile`.
            soft: the limit; None: the lowest free descriptor, so that none can be opened.
        """
        title = {"nproc": "RLIMIT_NPROC", "nofile": "RLIMIT_NOFILE"}[name]
        what = "its lowest free descriptor" if soft is None else str(soft)
        self.journal.note("limit", f"soft {title} of {self.name(process)} becomes {what}")
        before = self._act("limit", process, name=name, soft=soft)
        try:
            yield
        finally:
            self.journal.note("limit", f"soft {title} of {self.name(process)} is as before")
            with contextlib.suppress(AgentRefused):
                self.link.call("limit", pid=process.pid, name=name, soft=before[0])
