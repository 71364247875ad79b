"""Clients: connections that the agent holds, never blocking, many at once.

A connection remembers everything that it was given to send, so that what comes back can be
compared here, byte for byte, without moving megabytes to the harness.
"""

from __future__ import annotations

import contextlib
import errno
import select
import socket
import struct
import time
from typing import Any

from . import sockdiag

RECEIVE_BYTES = 1 << 16
KEEP_BYTES = 64 << 20
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close sends RST
LINE_BYTES = 64
BLOCK_LINES = 1000
FLOOD_BYTES = 1 << 20


def pattern(size: int) -> bytearray:
    """Return *size* bytes that end in a newline: lines of 64 bytes, each with its number.

    16 MiB in 4 ms: only the digits that change from block to block are written anew.
    """
    data = bytearray(size)  # made once: growing it would copy it
    block = bytearray(b"".join(b"%0*d\n" % (LINE_BYTES - 1, n) for n in range(BLOCK_LINES)))
    with memoryview(data) as view:
        for number, start in enumerate(range(0, size, len(block))):
            for at, digit in enumerate(b"%06d" % number, LINE_BYTES - 10):
                block[at::LINE_BYTES] = bytes([digit]) * BLOCK_LINES
            view[start : start + len(block)] = block[: size - start]
    data[-1:] = b"\n" * (size > 0)
    return data


class Connection:
    """One client's connection."""

    def __init__(self, sock: socket.socket, poll: select.epoll, *, connected: bool) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.connected = connected
        self.sent = bytearray()  # all that was given to send
        self.flushed = 0  # how much of it the kernel has taken
        self.received = bytearray()
        self.received_bytes = 0
        self.eof = False
        self.error: int | None = None  # errno: ECONNRESET, ECONNREFUSED, EPIPE ...
        self.reading = True
        self.half_close = False
        self.moved = time.monotonic()  # when a byte last went either way
        self._half_closed = False
        self._poll = poll
        self._mask = 0
        self._polled = True
        poll.register(self.fd, 0)
        self.watch()

    @property
    def over(self) -> bool:
        """The server has ended it: end of file, or an error such as a reset."""
        return self.eof or self.error is not None

    @property
    def flooded(self) -> bool:
        """It sends on and on: far more than it was sent."""
        return self.received_bytes > len(self.sent) + FLOOD_BYTES

    def watch(self) -> None:
        """Ask the kernel for just what can be used now; nothing once there is an error."""
        mask = 0
        if not self.connected or self.flushed < len(self.sent):
            mask |= select.EPOLLOUT
        if self.connected and self.reading and not self.eof and not self.flooded:
            mask |= select.EPOLLIN | select.EPOLLRDHUP
        if self.error is not None:
            self._leave_poll()
        elif self._polled and mask != self._mask:
            self._poll.modify(self.fd, mask)
            self._mask = mask

    def _leave_poll(self) -> None:
        """Hear no more: a hang-up is told again and again, whatever the mask."""
        if self._polled:
            self._polled = False
            self._poll.unregister(self.fd)

    def give(self, data: bytes | bytearray, *, half_close: bool) -> None:
        """Queue *data*, and the half-close behind it, and send what the kernel takes at once.

        A bytearray is ours from then on: megabytes need not be copied.
        """
        if not self.sent and isinstance(data, bytearray):
            self.sent = data
        else:
            self.sent += data
        self.half_close = self.half_close or half_close
        if self.connected:
            self._flush()
        self.watch()

    def cancel(self) -> None:
        """Drop what the kernel has not taken yet."""
        del self.sent[self.flushed :]

    def ready(self, events: int) -> None:
        """Do what *events* allow."""
        if not self.connected:
            self._finish_connecting()
        if self.connected and self.error is None and events & select.EPOLLOUT:
            self._flush()
        if self.connected and self.error is None and events & ~select.EPOLLOUT:
            if self.reading:
                self._receive()
            elif events & (select.EPOLLERR | select.EPOLLHUP):
                self.error = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or None
        if events & select.EPOLLHUP and (self.eof or not self.reading):
            self._leave_poll()
        self.watch()

    def _finish_connecting(self) -> None:
        number = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            self.error = number
            return
        self.connected = True
        self.moved = time.monotonic()

    def _flush(self) -> None:
        try:
            while self.flushed < len(self.sent):
                with memoryview(self.sent) as view, view[self.flushed :] as rest:
                    count = self.sock.send(rest[: 1 << 18], socket.MSG_NOSIGNAL)
                self.flushed += count
                self.moved = time.monotonic()
            if self.half_close and not self._half_closed:
                self._half_closed = True
                self.sock.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError as error:
            self._fail(error)

    def _receive(self) -> None:
        for _ in range(16):  # let others have their turn
            try:
                data = self.sock.recv(RECEIVE_BYTES)
            except BlockingIOError:
                return
            except OSError as error:
                self._fail(error)
                return
            self.moved = time.monotonic()
            if not data:
                self.eof = True
                return
            # it does not stay on: a delayed acknowledgement costs small writers 40 ms each
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            self.received_bytes += len(data)
            if len(self.received) < KEEP_BYTES:
                self.received += data

    def _fail(self, error: OSError) -> None:
        """Note *error*; what the server sent before its reset is still in the queue."""
        self.error = error.errno or errno.EIO
        if self.reading:
            with contextlib.suppress(OSError):
                while data := self.sock.recv(RECEIVE_BYTES):
                    self.received += data
                    self.received_bytes += len(data)

    def first_difference(self) -> int | None:
        """Return where what came back first differs from what was sent; None if nowhere."""
        size = min(len(self.received), len(self.sent))
        if self.received[:size] == self.sent[:size]:
            return None if len(self.received) <= len(self.sent) else size
        low, high = 0, size
        while high - low > 1:  # the longest common prefix, by halving
            middle = (low + high) // 2
            if self.received[:middle] == self.sent[:middle]:
                low = middle
            else:
                high = middle
        return low

    def inode(self) -> int:
        """Return the inode of the server's end; 0 when not accepted yet, or gone."""
        try:
            server, client = self.sock.getpeername(), self.sock.getsockname()
        except OSError:
            return 0
        return sockdiag.connection_inode(server[:2], client[:2])

    def state(self) -> dict[str, Any]:
        """Everything of it that the harness asks for, but the bytes."""
        return {
            "connected": self.connected,
            "given": len(self.sent),
            "flushed": self.flushed,
            "received": self.received_bytes,
            "eof": self.eof,
            "error": errno.errorcode.get(self.error) if self.error else None,
            "inode": self.inode() if self.connected and not self.over else 0,
        }

    def abandon(self) -> None:
        """Close our copy of it and nothing else: another process has one."""
        self._leave_poll()
        self.sock.close()

    def close(self, *, reset: bool) -> None:
        """Close it, with FIN or with RST.

        A close with unread bytes sends RST too, so what has arrived is read first.
        """
        self._leave_poll()
        if reset:
            with contextlib.suppress(OSError):
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        elif self.connected and not self.over:
            with contextlib.suppress(OSError):
                while self.sock.recv(RECEIVE_BYTES):
                    pass
        self.sock.close()


def connect(
    address: tuple[str, int], poll: select.epoll, *, receive_buffer: int | None = None
) -> Connection:
    """Begin to connect to *address*; whether it succeeds shows later.

    Raises:
        OSError: refused at once.
    """
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if receive_buffer is not None:  # before connect: it sets the window that is offered
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        number = sock.connect_ex(address)
        if number not in (0, errno.EINPROGRESS):
            raise OSError(number, errno.errorcode.get(number, "?"))
        return Connection(sock, poll, connected=number == 0)
    except BaseException:
        sock.close()
        raise
