"""What one client saw of its connection."""

from __future__ import annotations

from typing import Any, NamedTuple


class ClientState(NamedTuple):
    """State of a client's connection at one time.

    Attributes:
        connected: the handshake was completed.
        given: bytes that the client was told to send.
        flushed: how many of them the kernel has taken.
        received: bytes that came back.
        eof: the server ended the connection with end of file.
        error: name of an errno, such as ECONNRESET; None when there was none.
        inode: of the server's end; 0 while nobody has accepted it, or when it is gone.
        difference: where the bytes that came first differ from those sent; None if nowhere.
        port: the local one of whoever connected, where the answer names it; else 0.
    """

    connected: bool
    given: int
    flushed: int
    received: int
    eof: bool
    error: str | None
    inode: int
    difference: int | None = None
    port: int = 0

    @classmethod
    def parse(cls, value: dict[str, Any]) -> ClientState:
        """Read what the agent answered."""
        return cls(**{name: value[name] for name in cls._fields if name in value})

    @property
    def answered(self) -> bool:
        """Bytes came back."""
        return self.received > 0

    @property
    def over(self) -> bool:
        """The server has ended it, by end of file, reset or refusal."""
        return self.eof or self.error is not None

    def describe(self) -> str:
        """Return one clause about what the client saw."""
        if self.error == "ECONNREFUSED":
            return "was refused (ECONNREFUSED): nobody listens"
        if not self.connected and self.error is None:
            return "could not connect: the handshake was not answered"
        bytes_seen = f"got {self.received} of {self.given} bytes back"
        if self.received > self.given:
            bytes_seen = f"sent {self.given} bytes and got {self.received} back"
        if self.error is not None:
            return f"{bytes_seen}, then {self.error}"
        if self.eof:
            return f"{bytes_seen}, then end of file"
        return f"{bytes_seen}, then nothing more"
