"""A client of the program: one connection, held by the agent in the sandbox's own loopback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from forklab.events.client_side import NOBODY_YET
from forklab.facts import ClientState
from forklab.program.connection import Connection
from forklab.program.journal import Journal
from forklab.program.wait import scale
from forklab.sandbox.link import Link

ANSWER_S = 3.0
# however slowly bytes move, in all: for a few lines, for megabytes
LINES_S, STREAM_S = 15.0, 60.0


class Client(Connection):
    """One client; every method says what it saw, none of them judges."""

    def __init__(
        self, link: Link, journal: Journal, name: str, value: dict[str, Any], asked: float
    ) -> None:
        super().__init__(link, journal, name, value, asked)
        journal.answered(name, NOBODY_YET, self.state, asked)

    def send(self, data: bytes, *, half_close: bool = False) -> None:
        """Send *data* and wait for nothing."""
        self._journal.note(
            "send", f"{self.name} sends {_size(data)}" + " and half-closes" * half_close
        )
        self._talk(data, ANSWER_S, half_close=half_close)

    def exchange(self, data: bytes, *, within_s: float = ANSWER_S) -> bytes:
        """Send *data* and return what comes back until as many bytes came as were ever sent.

        The deadline counts from the last byte that moved, up to LINES_S.
        """
        self._journal.note("exchange", f"{self.name} sends {_size(data)} and waits for the reply")
        return self._talk(data, within_s, LINES_S, all=True)

    def ask(self, data: bytes, *, within_s: float = ANSWER_S) -> ClientState:
        """Send *data* and wait until any byte comes back, or the end."""
        self._journal.note("exchange", f"{self.name} sends {_size(data)} and waits for an answer")
        self._talk(data, within_s, bytes=self.state.received + 1)
        return self.state

    def answer(self, *, within_s: float = ANSWER_S) -> ClientState:
        """Wait until any byte has come back since the connection began, or the end."""
        self._talk(b"", within_s, bytes=1)
        return self.state

    def end(
        self, data: bytes = b"", *, half_close: bool = False, within_s: float = ANSWER_S
    ) -> bytes:
        """Send *data*, read until the server ends the connection, return what came."""
        if data or half_close:
            what = f"sends {_size(data)} and half-closes" if half_close else f"sends {_size(data)}"
            self._journal.note("send", f"{self.name} {what}, and reads to the end")
        return self._talk(data, within_s, LINES_S, half_close=half_close, end=True)

    def pattern(self, size: int) -> ClientState:
        """Send *size* bytes, reading at the same time, then half-close and read to the end."""
        self._journal.note(
            "send",
            f"{self.name} sends {size} bytes, reading at once, half-closes, reads to the end",
        )
        self._talk_quietly(pattern=size, half_close=True, end=True)
        return self.state

    def stall(self, size: int, quiet_s: float) -> ClientState:
        """Send up to *size* bytes without reading, until nothing moves for *quiet_s* seconds."""
        self._journal.note("send", f"{self.name} sends without reading until nothing moves")
        quiet, longest = quiet_s * scale(), STREAM_S * scale()
        asked = self._journal.now()
        with self._journal.waiting(quiet):
            reply = self._link.call(
                "stall", wait_s=longest, conn=self.conn, pattern=size, quiet=quiet, longest=longest
            )
        self.saw(ClientState.parse(reply.value), asked)
        return self.state

    def resume(self) -> ClientState:
        """Read again, drop what the kernel has not taken, and wait for everything sent."""
        self._journal.note("receive", f"{self.name} reads again")
        self._talk_quietly(b"\n", reading=True, cancel=True, all=True)
        return self.state

    def _talk_quietly(self, blob: bytes = b"", **wanted: Any) -> None:
        """Talk without bringing the bytes here: they are compared where they came in."""
        within, longest = ANSWER_S * scale(), STREAM_S * scale()
        asked = self._journal.now()
        reply = self._link.call(
            "talk", blob, wait_s=longest, conn=self.conn, within=within, longest=longest, **wanted
        )
        half_close = bool(wanted.get("half_close"))
        self.saw(ClientState.parse(reply.value), asked, half_close=half_close)

    def look(self) -> ClientState:
        """Return its state, now."""
        asked = self._journal.now()
        self.saw(ClientState.parse(self._link.call("state", conn=self.conn).value), asked)
        return self.state

    def close(self) -> None:
        """Leave: close the connection, having read what has come."""
        self._leave("leaves")

    def reset(self) -> None:
        """Leave by a reset (RST)."""
        self._leave("resets its connection", reset=True)


def exchange_all(clients: Sequence[Client], messages: Sequence[bytes]) -> None:
    """Let each client send its own message, all at once, and wait for the replies."""
    within, longest = ANSWER_S * scale(), LINES_S * scale()
    asked = [
        client.begin(message, within, all=True, longest=longest)
        for client, message in zip(clients, messages, strict=True)
    ]
    for client, number in zip(clients, asked, strict=True):
        client.finish(number, longest)


def _size(data: bytes) -> str:
    return f"{len(data)} byte" + "s" * (len(data) != 1)
