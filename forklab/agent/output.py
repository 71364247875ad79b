"""Everything a program prints, kept with a cap: the head, the tail, and how much lay between."""

from __future__ import annotations

import os

HEAD_BYTES = 64 * 1024
TAIL_BYTES = 64 * 1024
READ_BYTES = 1 << 16


class Output:
    """What came out of one descriptor of the program.

    It is always drained: a program that floods a pipe nobody reads would stop in its write, and
    what it then shows is our doing.
    """

    def __init__(self, fd: int, head_bytes: int = HEAD_BYTES) -> None:
        self.fd = fd
        self._head_bytes = head_bytes
        self.total_bytes = 0
        self.ended = False
        self._head = bytearray()
        self._tail = bytearray()

    def pump(self) -> None:
        """Read once; the descriptor is known to be readable."""
        try:
            data = os.read(self.fd, READ_BYTES)
        except BlockingIOError:
            return
        except OSError:  # EIO: the last holder of a terminal's other side is gone
            data = b""
        if not data:
            self.ended = True
            return
        self.total_bytes += len(data)
        room = self._head_bytes - len(self._head)
        self._head += data[: max(room, 0)]
        self._tail += data[max(room, 0) :]
        if len(self._tail) > 2 * TAIL_BYTES:
            del self._tail[:-TAIL_BYTES]

    def kept(self) -> tuple[bytes, int, bytes]:
        """Return (head, number of bytes left out, tail)."""
        tail = bytes(self._tail[-TAIL_BYTES:])
        return bytes(self._head), self.total_bytes - len(self._head) - len(tail), tail

    def close(self) -> None:
        """Close our end."""
        os.close(self.fd)
