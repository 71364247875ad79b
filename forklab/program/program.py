"""A running program: its clients, its processes, what is done to it. It does not judge."""

from __future__ import annotations

from typing import Any

from forklab.errors import NotReady
from forklab.facts import describe_status
from forklab.program import wait
from forklab.program.acts import Acts
from forklab.program.clients import HELLO as HELLO
from forklab.program.clients import Clients
from forklab.program.console import Console

READY_S = 10.0
LINE = 160


class Program(Console, Clients, Acts):
    """One start of the program under test; see `Started` for its attributes."""

    def wait_until_listening(self, within_s: float = READY_S) -> None:
        """Return once a process of the program listens on the port.

        Raises:
            NotReady: it ended, listens elsewhere, or does not listen, with one sentence.
        """
        within = within_s * wait.scale()
        found = self._look("listening", port=self.port, pid=self.pid, within=within, wait_s=within)
        if found["addresses"]:
            self.address = _connectable(found["addresses"])
            self.journal.note("listen", f"it listens on {self.address}:{self.port}")
            return
        raise NotReady(
            f"a process of the program listens on port {self.port}",
            self._why_not(found, within),
            breaks=("starts",),
        )

    def _why_not(self, found: dict[str, Any], within: float) -> str:
        said = last_lines(self.output())
        if found["elsewhere"]:
            ports = " and ".join(map(str, found["elsewhere"]))
            return f"it listens on port {ports}, not on {self.port}" + said
        if found["ended"] is not None and not found["count"]:
            return f"it {describe_status(found['ended'])} before it listened" + said
        return f"{within:.0f} s after its start it does not listen on any port" + said


def last_lines(text: str, count: int = 3) -> str:
    """Return the last lines of what it printed, as the end of a sentence."""
    lines = [line.strip() for line in text.splitlines() if line.strip()][-count:]
    shown = [line if len(line) <= LINE else f"{line[:LINE]} ..." for line in lines]
    return "; it printed: " + " / ".join(shown) if shown else "; it printed nothing"


def _connectable(addresses: list[str]) -> str:
    """Return the address by which a listening socket is reached in the sandbox."""
    for address in sorted(addresses, key=lambda a: ":" in a):
        if address in ("0.0.0.0", "::", "::ffff:0.0.0.0"):
            return "127.0.0.1"
    address = sorted(addresses, key=lambda a: ":" in a)[0]
    return address.removeprefix("::ffff:")
