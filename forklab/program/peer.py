"""The other party of a program that is a client: the harness listens, accepts and talks."""

from __future__ import annotations

from typing import Any

from forklab.errors import CheckFailure
from forklab.program.connection import Connection
from forklab.program.journal import Journal
from forklab.program.wait import scale
from forklab.sandbox.link import Link

ACCEPT_S = 5.0
REPLY_S = 3.0


class Peer(Connection):
    """The harness's end of a connection that the program opened.

    Attributes:
        name: `the server`, `server-2` ... in the order of the connections.
        received: everything that came so far.
    """

    def __init__(
        self, link: Link, journal: Journal, name: str, value: dict[str, Any], asked: float
    ) -> None:
        super().__init__(link, journal, name, value, asked)
        journal.happened("accept", name, "harness", since=asked)
        self.received = b""

    def send(self, data: bytes) -> None:
        """Send *data* and wait for nothing."""
        self._journal.note("send", f"{self.name} sends {len(data)} bytes")
        self.received += self._talk(data, 0.0)

    def receive(self, count: int, within_s: float = REPLY_S) -> bytes:
        """Return all that came so far, once *count* bytes did, or the end, or the deadline."""
        self.received += self._talk(b"", within_s, bytes=count)
        return self.received

    def read_to_end(self, within_s: float = REPLY_S) -> bytes:
        """Return all that came so far, once the end did, or a flood, or the deadline.

        The deadline counts from now, and the agent cuts a flood: who sends without end is not read
        for ever.
        """
        self._journal.note("receive", f"{self.name} reads to the end")
        self.received += self._talk(b"", within_s, end=True)
        return self.received

    def close(self) -> None:
        """Close the connection, having read what has come."""
        self._leave("closes")


class Listener:
    """A listening socket of the harness, for a program that connects."""

    def __init__(self, link: Link, journal: Journal, number: int, port: int) -> None:
        self._link = link
        self._journal = journal
        self._number = number
        self.port = port
        self._accepted = 0

    def accept(self, within_s: float = ACCEPT_S) -> Peer:
        """Return the next connection.

        Raises:
            CheckFailure: nobody connects in time.
        """
        within, asked = within_s * scale(), self._journal.now()
        with self._journal.waiting(within):
            value = self._link.call(
                "accept", wait_s=within, listener=self._number, within=within
            ).value
        if value is None:
            raise CheckFailure(
                f"the program connects to port {self.port}",
                f"nobody has connected, within {within:.0f} s or until its end",
                breaks=("connects",),
            )
        self._accepted += 1
        name = "the server" if self._accepted == 1 else f"server-{self._accepted}"
        self._journal.note("accept", f"{name} accepts the connection")
        return Peer(self._link, self._journal, name, value, asked)

    def close(self) -> None:
        """Listen no more."""
        self._link.call("unlisten", listener=self._number)
