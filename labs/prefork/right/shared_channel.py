"""Right way of prefork: one channel for all; idle workers receive from it, and the queue is in it.

Also: replaces-a-killed-worker
"""

import os
import select
import signal
import socket
import sys
import time
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
    workers: set[int] = set()
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        channel, worker_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            while len(workers) < size:
                workers.add(start_worker(listener, channel, worker_end))
            worker_end.close()
            listener.listen(BACKLOG)
            dispatch(listener, channel, workers)
    finally:
        channel.close()
        for pid in workers:
            os.waitpid(pid, 0)


def start_worker(listener: socket.socket, channel: socket.socket, worker_end: socket.socket) -> int:
    """Fork a worker that shares one end of the one channel; return its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            listener.close()
            channel.close()
            work(worker_end)
        finally:
            os._exit(0)  # never return into the dispatcher's loop
    return pid


def work(channel: socket.socket) -> None:
    """Say "idle", serve a connection, and again, until the dispatcher is gone."""
    while True:
        message, fds, _, _ = socket.recv_fds(channel, 1, 1)
        if not message:
            return
        for fd in fds:  # none if this process has no descriptor left for it
            with socket.socket(fileno=fd) as conn:
                echo(conn)


def echo(conn: socket.socket) -> None:
    """Send back what arrives until the client half-closes or is gone."""
    with suppress(OSError):  # a reset ends this conversation and nothing else
        while data := conn.recv(BUFFER_BYTES):
            conn.sendall(data)


def dispatch(listener: socket.socket, channel: socket.socket, workers: set[int]) -> None:
    """Put each client into the channel, from which the idle workers receive."""
    while workers:
        for pid in list(workers):
            if os.waitpid(pid, os.WNOHANG)[0] != 0:
                workers.remove(pid)
        if select.select([listener], [], [], TICK_S)[0]:
            pass_connection(listener, channel)


def pass_connection(listener: socket.socket, channel: socket.socket) -> None:
    """Accept a client, hand it to the pool, keep no copy."""
    try:
        conn = listener.accept()[0]
    except OSError:  # EMFILE: the client waits in the queue, and asking again at once would spin
        time.sleep(PAUSE_S)
        return
    with conn, suppress(BrokenPipeError):  # no worker is left: this client sees the end
        socket.send_fds(channel, [b"c"], [conn.fileno()])


if __name__ == "__main__":
    main()
