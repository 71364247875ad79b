"""Mutant of echo_store: the writer ends after ten messages.

Fails: stores-everything, keeps-messages-whole
Also: keeps-any-bytes
"""

import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from types import FrameType

FILE = "echomsg.txt"
ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
BACKLOG = 128
BUFFER_BYTES = select.PIPE_BUF  # a pipe takes this much in one piece, whoever else writes to it
TICK_S = 0.5  # the longest wait: Python's handler for a signal just before it runs only after it
PAUSE_S = 0.1


def main() -> None:
    """Serve each client in a child of its own until SIGTERM or SIGINT."""
    if len(sys.argv) != 2 or not sys.argv[1].isdecimal():
        sys.exit("usage: server.py PORT")
    listener = bind(int(sys.argv[1]))
    store = start_writer(listener)
    try:
        signal.signal(signal.SIGINT, lambda *_: sys.exit())
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        signal.signal(signal.SIGCHLD, reap)
        listener.listen(BACKLOG)
        while True:
            conn = accept(listener)
            if conn is not None:
                serve_in_child(listener, conn, store)
    finally:
        listener.close()
        os.close(store)  # before the wait: the writer waits for the end of file
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
        listener.bind(("", port))
    except (OSError, OverflowError) as error:
        sys.exit(f"server.py: port {port}: {error}")
    return listener


def start_writer(listener: socket.socket) -> int:
    """Fork the writer, which owns the file; return the write end of the pipe that feeds it."""
    try:
        file = os.open(FILE, ANEW, mode=0o644)
    except OSError as error:  # refused here, before there is a client
        sys.exit(f"server.py: {error}")
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for every process
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            listener.close()
            os.close(write_end)  # its own copy would keep the end of file from it
            write_down(read_end, file)
            status = 0
        finally:
            os._exit(status)
    os.close(read_end)  # a pipe that nobody reads is an error, and not a place to wait
    os.close(file)
    return write_end


def write_down(read_end: int, file: int) -> None:
    """Write what comes through the pipe, until every write end of it is closed."""
    failing = False
    for _ in range(10):
        data = os.read(read_end, BUFFER_BYTES)
        try:
            while data:
                data = data[os.write(file, data) :]
            failing = False
        except OSError as error:  # a full disk: read on, or the children wait for ever
            if not failing:
                print(f"server.py: {FILE}: {error}", file=sys.stderr, flush=True)
            failing = True


def accept(listener: socket.socket) -> socket.socket | None:
    """Wait for a client; None if nobody came for a while, or if no descriptor is left."""
    try:
        return listener.accept()[0]
    except TimeoutError:
        return None
    except OSError:  # EMFILE: the client waits in the queue, and asking again at once would spin
        time.sleep(PAUSE_S)
        return None


def serve_in_child(listener: socket.socket, conn: socket.socket, store: int) -> None:
    """Fork a child that owns *conn*; the parent keeps *listener* and *store*."""
    with suppress(OSError):  # EAGAIN, no child: this client sees the end, the next is served
        if os.fork() == 0:
            status = 1
            try:
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                listener.close()
                echo(conn, store)
                status = 0
            finally:
                os._exit(status)  # never return into the parent's loop
    conn.close()


def echo(conn: socket.socket, store: int) -> None:
    """Store and send back what arrives until the client half-closes or is gone."""
    storing = True
    with suppress(OSError):  # a reset ends this conversation and nothing else
        while data := conn.recv(BUFFER_BYTES):
            storing = storing and stored(store, data)
            conn.sendall(data)


def stored(store: int, data: bytes) -> bool:
    """Hand *data* to the writer in one piece; False if there is no writer any more."""
    try:
        os.write(store, data)
    except BrokenPipeError:  # Python ignores SIGPIPE, which would end this child
        print("server.py: the writer has ended", file=sys.stderr, flush=True)
        return False
    return True


def wait_for_children() -> None:
    """Return when the last client has left and every child, the writer too, is reaped."""
    with suppress(ChildProcessError):
        while True:
            os.wait()


if __name__ == "__main__":
    main()
