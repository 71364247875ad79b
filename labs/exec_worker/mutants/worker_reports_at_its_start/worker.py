#!/usr/bin/env python3
"""Worker of the mutant: its server.py says what is wrong."""

import socket
import sys
from contextlib import suppress

BUFFER_BYTES = 4096


def main() -> None:
    """Serve one connection after another until the dispatcher is gone."""
    try:
        channel = socket.socket(fileno=0)
    except OSError:
        sys.exit("worker.py: descriptor 0 is no socket; server.py starts me")
    channel.send(b"i")
    with suppress(ConnectionError):  # the dispatcher died in the middle of a message
        while True:
            message, fds, _, _ = socket.recv_fds(channel, 1, 1)
            if not message:
                return
            for fd in fds:  # none if this process has no descriptor left for it
                with socket.socket(fileno=fd) as conn:
                    echo(conn)
            channel.send(b"i")


def echo(conn: socket.socket) -> None:
    """Send back what arrives until the client half-closes or is gone."""
    with suppress(OSError):  # a reset ends this conversation and nothing else
        while data := conn.recv(BUFFER_BYTES):
            conn.sendall(data)


if __name__ == "__main__":
    main()
