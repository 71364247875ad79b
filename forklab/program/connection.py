"""One connection between the harness and the program, held by the agent in the sandbox."""

from __future__ import annotations

from typing import Any

from forklab.facts import ClientState
from forklab.program.journal import Journal
from forklab.program.wait import scale
from forklab.sandbox.link import Link


class Connection:
    """The harness's end of a connection; it says what it saw and never judges.

    Attributes:
        name: who we are at this end.
        conn: its number at the agent.
        port: the local port of whoever connected.
        state: as it was seen last.

    Args:
        asked: when it was asked for, as `Journal.now` returns it.
    """

    def __init__(
        self, link: Link, journal: Journal, name: str, value: dict[str, Any], asked: float
    ) -> None:
        self._link = link
        self._journal = journal
        self.name = name
        self.conn: int = value["conn"]
        self.port: int = value["port"]
        self.state = ClientState.parse(value)
        self._read = 0
        self._asked, self._half_closes = asked, False
        journal.log.name_peer(self.port, name)

    def begin(self, blob: bytes, within: float, **wanted: Any) -> int:
        """Begin to send *blob* and to wait, as *wanted*; return the number for `finish`."""
        self._asked = self._journal.now()
        self._half_closes = bool(wanted.get("half_close"))
        return self._link.submit(
            "talk", blob, conn=self.conn, start=self._read, within=within, **wanted
        )

    def finish(self, number: int, within: float) -> bytes:
        """Return what came."""
        reply = self._link.result(number, within)
        self.saw(ClientState.parse(reply.value), self._asked, half_close=self._half_closes)
        self._read += len(reply.blob)
        return reply.blob

    def _talk(
        self, blob: bytes, within_s: float, longest_s: float | None = None, **wanted: Any
    ) -> bytes:
        """Send and wait; with *longest_s* the deadline counts from the last byte that moved."""
        within = within_s * scale()
        longest = within if longest_s is None else longest_s * scale()
        if longest_s is not None:
            wanted["longest"] = longest
        with self._journal.waiting(within):
            return self.finish(self.begin(blob, within, **wanted), longest)

    def saw(self, state: ClientState, asked: float, *, half_close: bool = False) -> None:
        """Take its *state*, which has become what it is since it was *asked* to do something."""
        self._journal.answered(self.name, self.state, state, asked, half_close=half_close)
        self.state = state

    def _leave(self, how: str, *, reset: bool = False) -> None:
        self._journal.note("close", f"{self.name} {how}")
        asked = self._journal.now()
        self._link.call("close", conn=self.conn, reset=reset)
        kind = "reset" if reset else "close"
        self._journal.happened(kind, self.name, "client", since=asked, what="connection")
