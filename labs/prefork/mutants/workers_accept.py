"""Mutant of prefork: the workers accept for themselves; there is no channel and nothing is passed.

Fails: passes-the-connection, workers-do-not-accept, one-channel-each
Also: survives-a-reset, does-not-spin, leaks-nothing, forks-in-advance, forks-for-nobody,
      dispatcher-closes-its-copy, channels-are-private, spreads-over-workers,
      the-next-one-waits-or-is-told, comes-back-to-idle, survives-a-killed-worker,
      replaces-a-killed-worker, workers-end-with-the-dispatcher, takes-any-pool-size,
      survives-a-stopped-worker
"""

import os
import signal
import socket
import sys
from contextlib import suppress

MAX_WORKERS, BACKLOG, BUFFER_BYTES = 100, 128, 4096
TICK_S = 0.5  # the longest wait: Python's handler for a signal just before it runs only after it
PAUSE_S = 0.1


def main() -> None:
    """Fork the workers, pass clients to them until SIGTERM."""
    if len(sys.argv) != 3 or not all(word.isdecimal() for word in sys.argv[1:]):
        sys.exit("usage: server.py WORKERS PORT")
    size, port = int(sys.argv[1]), int(sys.argv[2])
    if not 1 <= size <= MAX_WORKERS:
        sys.exit(f"server.py: 1 to {MAX_WORKERS} workers, not {size}")
    workers: list[int] = []
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            while len(workers) < size:
                workers.append(start_worker(listener))
            listener.listen(BACKLOG)
            while True:
                signal.pause()
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGTERM)
        for pid in workers:
            os.waitpid(pid, 0)


def start_worker(listener: socket.socket) -> int:
    """Fork a worker that accepts from the inherited listening socket; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            work(listener)
        finally:
            os._exit(0)  # never return into the loop of main
    return pid


def work(listener: socket.socket) -> None:
    """Serve one connection after another."""
    while True:
        with suppress(OSError), listener.accept()[0] as conn:
            echo(conn)


def echo(conn: socket.socket) -> None:
    """Send back what arrives until the client half-closes or is gone."""
    with suppress(OSError):  # a reset ends this conversation and nothing else
        while data := conn.recv(BUFFER_BYTES):
            conn.sendall(data)


if __name__ == "__main__":
    main()
