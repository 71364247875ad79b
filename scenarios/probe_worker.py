#!/usr/bin/env python3
"""A worker of the harness, which stands in for that of a program under test.

It keeps the protocol that the program declares (one byte with each connection, up to four back
when idle) and answers in capitals, so that a client sees who serves it: in question marks if the
dispatcher does not keep the protocol.
"""

import contextlib
import socket

IDLE = bytes(4)


def main() -> None:
    """Serve one connection after another until the dispatcher is gone."""
    channel = socket.socket(fileno=0)
    with contextlib.suppress(OSError):
        while True:
            message, fds, _, _ = socket.recv_fds(channel, 64, 8)
            if not message:
                return
            for fd in fds:
                with socket.socket(fileno=fd) as conn, contextlib.suppress(OSError):
                    serve(conn, right=len(message) == len(fds) == 1)
            channel.send(IDLE)


def serve(conn: socket.socket, *, right: bool) -> None:
    """Answer each message by as many bytes, until the client half-closes."""
    while data := conn.recv(4096):
        conn.sendall(data.upper() if right else b"?" * len(data))


if __name__ == "__main__":
    main()
