"""Mutant of exec_worker: the worker is a function of the dispatcher; nothing is executed.

Fails: runs-another-program, dispatcher-works-alone
"""

import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress

MAX_WORKERS, BACKLOG, REPORT_BYTES = 100, 128, 4
TICK_S = 0.5  # the longest wait: Python's handler for a signal just before it runs only after it
PAUSE_S = 0.1
WORKER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "worker.py")
NOT_EXECUTED = 127  # the status by which shells say that a command could not be run


def main() -> None:
    """Start the workers, pass clients to them until SIGTERM."""
    if len(sys.argv) != 3 or not all(word.isdecimal() for word in sys.argv[1:]):
        sys.exit("usage: server.py WORKERS PORT")
    size, port = int(sys.argv[1]), int(sys.argv[2])
    if not 1 <= size <= MAX_WORKERS:
        sys.exit(f"server.py: 1 to {MAX_WORKERS} workers, not {size}")
    workers: dict[socket.socket, int] = {}  # the dispatcher's end of the channel: pid
    try:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, lambda *_: sys.exit())
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("", port))
            while len(workers) < size:
                start_worker(workers)
            listener.listen(BACKLOG)
            dispatch(listener, workers)
    finally:
        for channel in workers:
            channel.close()
        for pid in workers.values():
            os.waitpid(pid, 0)


def start_worker(workers: dict[socket.socket, int]) -> socket.socket:
    """Fork and execute a worker, its end of a new channel as descriptor 0; return the other."""
    channel, worker_end = socket.socketpair()
    with worker_end:
        pid = os.fork()
        if pid == 0:
            try:
                os.dup2(worker_end.fileno(), 0)  # the copy stays open through exec
                os.closerange(3, os.sysconf("SC_OPEN_MAX"))
                work(socket.socket(fileno=0))
            except OSError as error:
                print(f"server.py: {WORKER}: {error.strerror}", file=sys.stderr)
            finally:
                os._exit(NOT_EXECUTED)  # never return into the dispatcher's loop
        workers[channel] = pid
    return channel


def work(channel: socket.socket) -> None:
    """Serve one connection after another until the dispatcher is gone."""
    while True:
        message, fds, _, _ = socket.recv_fds(channel, 1, 1)
        if not message:
            return
        for fd in fds:
            with socket.socket(fileno=fd) as conn, suppress(OSError):
                while data := conn.recv(4096):
                    conn.sendall(data)
        channel.send(b"i")


def dispatch(listener: socket.socket, workers: dict[socket.socket, int]) -> None:
    """Pass each client to the worker idle longest; while all are busy clients wait in the queue."""
    size, idle = len(workers), list(workers)
    while True:
        sources = [*workers, listener] if idle else [*workers]
        ready = select.select(sources, [], [], TICK_S)[0]
        for channel in workers.keys() & ready:
            with suppress(ConnectionResetError):  # dead, with a connection still in its channel
                if channel.recv(REPORT_BYTES):
                    idle.append(channel)
                    continue
            reap(workers.pop(channel))
            idle = [other for other in idle if other is not channel]
            channel.close()
        if listener in ready and idle:
            pass_connection(listener, idle)
        with suppress(OSError):  # no process or descriptor for it: tried again at the next turn
            while len(workers) < size:
                idle.append(start_worker(workers))


def reap(pid: int) -> None:
    """Wait for a worker; one that ended by itself would do so again: that ends the server."""
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status >= 0:
        sys.exit(f"server.py: worker {pid} ended with status {status} instead of serving")


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
