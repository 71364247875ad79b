"""What a person at its terminal does to a program, and reads; and the files it writes."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from forklab.program import wait
from forklab.program.started import EVENTUALLY_S, Started
from forklab.sandbox.link import AgentRefused

VEOF = b"\x04"
SHOWN = 60

T = TypeVar("T")


class Console(Started):
    """Its standard input and output, and its work folder."""

    def type(self, data: bytes) -> None:
        """Write *data* to its standard input, a pipe or a terminal; it may read no more."""
        self.journal.note("type", f"type {_shown(data)}")
        with contextlib.suppress(AgentRefused):
            self.link.call("feed", data, pid=self.pid)

    def end_input(self) -> None:
        """End its standard input: close the pipe; on a terminal the key for it (termios(3))."""
        self.journal.note("type", "the input ends")
        data = VEOF if self.stdin == "pty" else b""
        with contextlib.suppress(AgentRefused):
            self.link.call("feed", data, pid=self.pid, end=self.stdin != "pty")

    def printed(self) -> bytes:
        """Return what came on its standard output so far; in a flood, head and tail of it."""
        reply = self.link.call("output", pid=self.pid)
        head, _, tail = reply.value["stdout"]
        return reply.blob[: head + tail]

    def stderr_text(self) -> str:
        """Return what came on its standard error so far."""
        return self.outputs()["stderr"]

    def eventually_printed(
        self, check: Callable[..., T], *args: Any, within_s: float = EVENTUALLY_S
    ) -> T:
        """Return what *check*, of what was printed so far, returns once it holds."""
        return wait.eventually(self.printed, check, *args, within_s=within_s)

    def file(self, name: str) -> bytes | None:
        """Return the content of a file in its work folder; None if there is no regular file."""
        reply = self.link.call("read", path=f"{self.folder}/{name}")
        return reply.blob if reply.value else None


def _shown(data: bytes) -> str:
    text = repr(data)[1:]
    return text if len(text) <= SHOWN else f"{len(data)} bytes: {text[:40]} ..."
