"""The other party of a program that is a client: the harness listens, accepts and talks."""

from __future__ import annotations

from typing import Any

from forklab.errors import CheckFailure
from forklab.facts import ClientState
from forklab.program.journal import Journal
from forklab.program.wait import scale
from forklab.sandbox.link import Link

ACCEPT_S = 5.0
REPLY_S = 3.0
CAP_BYTES = 1 << 20


class Peer:
    """The harness's end of a connection; every method says what it saw, none of them judges.

    Attributes:
        name: `the server`, `server-2` ... in the order of the connections.
        received: everything that came so far.
    """

    def __init__(self, link: Link, journal: Journal, name: str, value: dict[str, Any]) -> None:
        self._link = link
        self._journal = journal
        self.name = name
        self.conn: int = value["conn"]
        self.port: int = value["port"]
        self.state = ClientState.parse(value)
        self.received = b""

    def send(self, data: bytes) -> None:
        """Send *data* and wait for nothing."""
        self._journal.note("send", f"{self.name} sends {len(data)} bytes")
        self._talk(data, 0.0)

    def receive(self, count: int, within_s: float = REPLY_S) -> bytes:
        """Return all that came so far, once *count* bytes did, or the end, or the deadline."""
        self._talk(b"", within_s, bytes=count)
        return self.received

    def read_to_end(self, within_s: float = REPLY_S) -> bytes:
        """Return all that came so far, once the end did, or a flood of CAP_BYTES, or the deadline.

        The deadline counts from now: who sends without end is not read for ever.
        """
        self._journal.note("receive", f"{self.name} reads to the end")
        self._talk(b"", within_s, end=True)
        return self.received

    def half_close(self) -> None:
        """Say that nothing more comes, and go on reading (shutdown(2), SHUT_WR)."""
        self._journal.note("send", f"{self.name} half-closes")
        self._talk(b"", 0.0, half_close=True)

    def look(self) -> ClientState:
        """Return its state, now."""
        self._talk(b"", 0.0)
        return self.state

    def close(self) -> None:
        """Close the connection, having read what has come."""
        self._journal.note("close", f"{self.name} closes")
        self._link.call("close", conn=self.conn)

    def reset(self) -> None:
        """End the connection by a reset (RST)."""
        self._journal.note("close", f"{self.name} resets the connection")
        self._link.call("close", conn=self.conn, reset=True)

    def _talk(self, data: bytes, within_s: float, **wanted: Any) -> None:
        within = within_s * scale()
        with self._journal.waiting(within or 1.0):
            reply = self._link.call(
                "talk",
                data,
                wait_s=within,
                conn=self.conn,
                start=len(self.received),
                within=within,
                **wanted,
            )
        self.state = ClientState.parse(reply.value)
        self.received += reply.blob


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
        within = within_s * scale()
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
        self._journal.note("accept", f"{name} accepts the connection", port=value["port"])
        return Peer(self._link, self._journal, name, value)

    def close(self) -> None:
        """Listen no more."""
        self._link.call("unlisten", listener=self._number)
