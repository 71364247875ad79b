"""Operations of clients: connect, talk, stall, visit, leave; and of the other party: listen."""

from __future__ import annotations

import errno
import math
import socket
import time
from typing import Any

from . import conns
from .frames import Message
from .loop import Answer, Failure, Pending
from .state import State

QUIET_S = 0.02
REFUSED = {
    "connected": False, "given": 0, "flushed": 0, "received": 0, "eof": False, "inode": 0, "port": 0
}  # fmt: skip


class OnClients(State):
    """The operations that play the program's clients."""

    def _keep(self, conn: conns.Connection) -> int:
        number = self._next()
        self.conns[number] = conn
        self.by_fd[conn.fd] = conn
        return number

    def op_connect(self, message: Message, blob: bytes) -> Pending:
        """Open a connection; answer its number and state when it stands or has failed."""
        try:
            conn = conns.connect(
                (message["host"], message["port"]),
                self.loop.poll,
                receive_buffer=message.get("receive_buffer"),
            )
        except OSError as error:
            raise Failure("refused", error.strerror or str(error)) from error
        number = self._keep(conn)
        if blob:
            conn.give(blob, half_close=False)

        def state() -> Answer:
            port = conn.sock.getsockname()[1]
            return {"conn": number, "port": port, **conn.state()}, b""

        return Pending(
            lambda: state() if conn.connected or conn.over else None,
            state,
            message.get("within", 3.0),
        )

    def op_talk(self, message: Message, blob: bytes) -> Pending:
        """Send the blob (or `pattern` bytes of our own), wait for bytes or the end.

        Args of the message: conn, pattern, half_close, reading, cancel (drop what the kernel
        has not taken yet); `bytes`: until so many were
        received in all (`all`: as many as were sent); `end`: until the server ends it; within:
        deadline in seconds; `longest`: the deadline counts from the last byte that moved, and
        so many seconds are given in all.
        The answer is the state, and the bytes received from `start` on as the blob.
        """
        conn = self._conn(message)
        if "reading" in message:
            conn.reading = message["reading"]
        if message.get("cancel"):
            conn.cancel()
        data = conns.pattern(message["pattern"]) if message.get("pattern") else blob
        conn.give(data, half_close=bool(message.get("half_close")))
        wanted = len(conn.sent) if message.get("all") else message.get("bytes", 0)
        until_end = bool(message.get("end"))

        def state() -> Answer:
            start = message.get("start")
            received = bytes(conn.received[start:]) if start is not None else b""
            return conn.state() | {"difference": conn.first_difference()}, received

        def test() -> Answer | None:
            enough = conn.flooded if until_end else conn.received_bytes >= wanted
            if conn.over or enough:
                return state()
            return None

        began = time.monotonic()
        since = (lambda: max(conn.moved, began)) if "longest" in message else None
        longest_s = message.get("longest", math.inf)
        return Pending(test, state, message.get("within", 3.0), since=since, longest_s=longest_s)

    def op_stall(self, message: Message, blob: bytes) -> Pending:
        """Send `pattern` bytes without reading, until nothing moves for `quiet` seconds.

        It is given `longest` seconds in all: a server may read a byte now and then for ever.
        The answer is the state; "flushed" says how much the kernel took.
        """
        conn = self._conn(message)
        conn.reading = False
        conn.give(conns.pattern(message["pattern"]), half_close=False)
        began = time.monotonic()

        def state() -> Answer:
            return conn.state(), b""

        return Pending(
            lambda: state() if conn.over or conn.flushed == len(conn.sent) else None,
            state,
            message["quiet"],
            since=lambda: max(conn.moved, began),
            longest_s=message["longest"],
        )

    def op_visit(self, message: Message, blob: bytes) -> Pending:
        """Be `times` whole clients, one after another: connect, send the blob, be answered, leave.

        Answered means that bytes came back; an echo is waited for whole, another reply until
        nothing more comes for QUIET_S. The answer is a list of their states, each at the end of
        its reply; its inode is that of the server's end of the connection, its port the client's
        own. `within` seconds are for each; nobody comes any more after one that was not answered
        or left unanswered in part, or after `longest` seconds.
        """
        visitor, within_s = Visitor(self, message, blob), message.get("within", 3.0)
        return Pending(visitor.test, visitor.late, within_s, polls=True, since=visitor.since)

    def op_gather(self, message: Message, blob: bytes) -> Pending:
        """Send the blob on each of `conns` and wait until `count` of them had bytes come back.

        The answer, one way or the other: the state of each, in order; at once when fewer than
        that can still be answered.
        """
        found = [self._conn({"conn": number}) for number in message["conns"]]
        before = [conn.received_bytes for conn in found]
        for conn in found:
            conn.give(blob, half_close=False)

        def states() -> Answer:
            return [conn.state() for conn in found], b""

        def test() -> Answer | None:
            pairs = list(zip(found, before, strict=True))
            answered = sum(conn.received_bytes > had for conn, had in pairs)
            lost = sum(conn.over and conn.received_bytes == had for conn, had in pairs)
            enough = answered >= message["count"]
            return states() if enough or len(found) - lost < message["count"] else None

        return Pending(test, states, message.get("within", 3.0))

    def op_state(self, message: Message, blob: bytes) -> Answer:
        """Answer the state of a connection, now."""
        return self._conn(message).state(), b""

    def op_close(self, message: Message, blob: bytes) -> None:
        """Close a connection, by FIN or (`reset`) by RST."""
        self._close(message["conn"], reset=bool(message.get("reset")))

    def _close(self, number: int, *, reset: bool) -> None:
        conn = self.conns.pop(number, None)
        if conn is not None:
            del self.by_fd[conn.fd]
            conn.close(reset=reset)

    def op_listen(self, message: Message, blob: bytes) -> Answer:
        """Listen on a port (0: any) as the other party; answer number and port."""
        listener = _listener(message.get("port", 0))
        number = self._next()
        self.listeners[number] = listener
        return {"listener": number, "port": listener.getsockname()[1]}, b""

    def op_accept(self, message: Message, blob: bytes) -> Pending:
        """Wait for a connection on a listener of ours; answer its number, or null.

        Nobody will connect any more once the program that was started is gone altogether.
        """
        listener = self.listeners[message["listener"]]

        def test() -> Answer | None:
            try:
                sock, _ = listener.accept()
            except BlockingIOError:
                return (None, b"") if self._is_over() else None
            sock.setblocking(False)
            conn = conns.Connection(sock, self.loop.poll, connected=True)
            return {"conn": self._keep(conn), "port": sock.getpeername()[1], **conn.state()}, b""

        return Pending(test, lambda: (None, b""), message.get("within", 5.0), polls=True)

    def op_unlisten(self, message: Message, blob: bytes) -> None:
        """Close a listener of ours."""
        self.listeners.pop(message["listener"]).close()


class Visitor:
    """One client after another, each whole."""

    def __init__(self, agent: OnClients, message: Message, blob: bytes) -> None:
        self._began = time.monotonic()
        self._end = self._began + message.get("longest", math.inf)
        self._agent, self._blob = agent, blob
        self._address = (message["host"], message["port"])
        self._left = message.get("times", 1)
        self._states: list[dict[str, Any]] = []
        self._conn: conns.Connection | None = None
        self._number = 0

    def since(self) -> float:
        """When the time of the one who is there began."""
        return self._began

    def test(self) -> Answer | None:
        """Come, or go on; the answer when the last one has left."""
        if self._conn is None:
            self._come()
        elif self._conn.over or self._has_all(self._conn):
            self._leave(self._conn)
            self._come()
        return (self._states, b"") if self._conn is None else None

    def late(self) -> Answer:
        """Leave, answered or not."""
        if self._conn is not None:
            self._leave(self._conn)
        return self._states, b""

    def _come(self) -> None:
        self._conn = None
        answered = not self._states or self._states[-1]["received"]
        if not self._left or not answered or time.monotonic() > self._end:
            return
        self._began = time.monotonic()
        self._left -= 1
        try:
            self._conn = conns.connect(self._address, self._agent.loop.poll)
        except OSError as error:
            self._states.append(REFUSED | {"error": errno.errorcode.get(error.errno or 0, "EIO")})
            return
        self._number = self._agent._keep(self._conn)
        self._conn.give(self._blob, half_close=False)

    def _has_all(self, conn: conns.Connection) -> bool:
        """Whether the echo is whole, or what comes is no echo and nothing more comes of it."""
        if conn.received_bytes >= len(self._blob):
            return True
        quiet = time.monotonic() - conn.moved > QUIET_S
        return bool(conn.received) and quiet and not self._blob.startswith(conn.received)

    def _leave(self, conn: conns.Connection) -> None:
        """Note what it saw, and close."""
        self._states.append(conn.state() | {"port": conn.sock.getsockname()[1]})
        self._agent._close(self._number, reset=False)


def _listener(port: int) -> socket.socket:
    """Listen on *port* of every address, IPv6 and IPv4, so that nobody else can."""
    for family, host in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.setblocking(False)
            listener.bind((host, port))
            listener.listen(5)
        except OSError as error:
            listener.close()
            if family == socket.AF_INET or error.errno == errno.EADDRINUSE:
                raise
        else:
            return listener
    raise AssertionError("the IPv4 try returns or raises")
