"""Right way of fork_echo: it listens on 127.0.0.1 only."""

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from types import FrameType

BACKLOG = 128
BUFFER_BYTES = 4096
TICK_S = 0.5  # the longest wait: Python's handler for a signal just before it runs only after it
PAUSE_S = 0.1


def main() -> None:
    """Serve each client in a child of its own until SIGTERM."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("usage: server.py PORT")
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        signal.signal(signal.SIGCHLD, reap)
        with bind(int(sys.argv[1])) as listener:
            listener.listen(BACKLOG)
            while True:
                conn = accept(listener)
                if conn is not None:
                    serve_in_child(listener, conn)
    finally:
        wait_for_children()


def reap(signum: int, frame: FrameType | None) -> None:
    """Collect every child that has ended: one SIGCHLD may stand for many."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass


def bind(port: int) -> socket.socket:
    """Take *port* on every local address."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.settimeout(TICK_S)
    try:
        listener.bind(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        sys.exit(f"server.py: port {port}: {error}")
    return listener


def accept(listener: socket.socket) -> socket.socket | None:
    """Wait for a client; None if nobody came for a while, or if no descriptor is left."""
    try:
        return listener.accept()[0]
    except TimeoutError:
        return None
    except OSError:  # EMFILE: the client waits in the queue, and asking again at once would spin
        time.sleep(PAUSE_S)
        return None


def serve_in_child(listener: socket.socket, conn: socket.socket) -> None:
    """Fork a child that owns *conn*; the parent keeps only *listener*."""
    with suppress(OSError):  # EAGAIN, no child: this client sees the end, the next is served
        if os.fork() == 0:
            status = 1
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                listener.close()
                echo(conn)
                status = 0
            finally:
                os._exit(status)  # never return into the parent's loop
    conn.close()


def echo(conn: socket.socket) -> None:
    """Send back what arrives until the client half-closes or is gone."""
    with suppress(OSError):  # a reset ends this conversation and nothing else
        while data := conn.recv(BUFFER_BYTES):
            conn.sendall(data)


def wait_for_children() -> None:
    """Return when the last client has left and the last child is reaped."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


if __name__ == "__main__":
    main()
