"""Operations of a channel: the harness plays the dispatcher to a worker.

The worker was started with one end of a Unix stream pair as its descriptor 0 (`channel`).
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

from .frames import Message
from .loop import Answer, Pending
from .state import State

REPORT_BYTES = 1 << 10


class OnChannel(State):
    """The operations that pass connections and hear reports."""

    def op_pass(self, message: Message, blob: bytes) -> None:
        """Send the blob with a connection (SCM_RIGHTS, unix(7)); our copy of it is closed."""
        conn = self._conn(message)
        # a flag of the connection itself: the worker would have it, too
        conn.sock.setblocking(True)
        with _lent(self._child(message["pid"]).stdin) as channel:
            socket.send_fds(channel, [blob], [conn.fd])
        del self.conns[message["conn"]], self.by_fd[conn.fd]
        conn.abandon()

    def op_report(self, message: Message, blob: bytes) -> Pending:
        """Wait for bytes from the worker; they are the blob. The value is false at the end."""
        number = self._child(message["pid"]).stdin

        def test() -> Answer | None:
            with _lent(number) as channel:
                try:
                    data = channel.recv(REPORT_BYTES, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    return None
                except OSError:  # reset: it died with bytes unread
                    data = b""
            return bool(data), data

        return Pending(test, lambda: (None, b""), message.get("within", 3.0), polls=True)


@contextlib.contextmanager
def _lent(fd: int) -> Iterator[socket.socket]:
    """Yield our end of a channel as a socket; it stays open."""
    channel = socket.socket(fileno=fd)
    try:
        yield channel
    finally:
        channel.detach()
