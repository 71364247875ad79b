"""Right way of prefork: a socket pair wakes the dispatcher, and every worker inherits it."""

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
    workers: dict[socket.socket, int] = {}  # the dispatcher's end of the channel: pid
    woken, waker = socket.socketpair()  # a byte in it for each signal: a self-pipe
    waker.setblocking(False)
    signal.set_wakeup_fd(waker.fileno())
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            while len(workers) < size:
                start_worker(listener, workers).recv(1)
            listener.listen(BACKLOG)
            dispatch(listener, workers, woken)
    finally:
        for channel in workers:
            channel.close()
        for pid in workers.values():
            os.waitpid(pid, 0)


def start_worker(listener: socket.socket, workers: dict[socket.socket, int]) -> socket.socket:
    """Fork a worker, the only owner of one end of a new channel; return the other end."""
    channel, worker_end = socket.socketpair()
    with worker_end:
        pid = os.fork()
        if pid == 0:
            try:
                signal.signal(signal.SIGTERM, signal.SIG_DFL)
                for inherited in (listener, channel, *workers):
                    inherited.close()
                work(worker_end)
            finally:
                os._exit(0)  # never return into the dispatcher's loop
        workers[channel] = pid
    return channel


def work(channel: socket.socket) -> None:
    """Say "idle", serve a connection, and again, until the dispatcher is gone."""
    while True:
        channel.send(b"i")
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


def dispatch(
    listener: socket.socket, workers: dict[socket.socket, int], woken: socket.socket
) -> None:
    """Pass each client to the worker idle longest; while all are busy clients wait in the queue."""
    size, idle = len(workers), list(workers)
    while True:
        sources = [woken, *workers, listener] if idle else [woken, *workers]
        ready = select.select(sources, [], [], TICK_S)[0]
        if woken in ready:
            woken.recv(BUFFER_BYTES)
        for channel in workers.keys() & ready:
            with suppress(ConnectionResetError):  # dead, with a connection still in its channel
                if channel.recv(1):
                    idle.append(channel)
                    continue
            os.waitpid(workers.pop(channel), 0)
            idle = [other for other in idle if other is not channel]
            channel.close()
        if listener in ready and idle:
            pass_connection(listener, idle)
        with suppress(OSError):  # no process or descriptor for it: tried again at the next turn
            while len(workers) < size:
                start_worker(listener, workers)


def pass_connection(listener: socket.socket, idle: list[socket.socket]) -> None:
    """Accept a client, hand it to an idle worker, keep no copy."""
    try:
        conn = listener.accept()[0]
    except OSError:  # EMFILE: the client waits in the queue, and asking again at once would spin
        time.sleep(PAUSE_S)
        return
    with conn, suppress(BrokenPipeError):  # it died just now: this client sees the end
        socket.send_fds(idle.pop(0), [b"c"], [conn.fileno()])


if __name__ == "__main__":
    main()
