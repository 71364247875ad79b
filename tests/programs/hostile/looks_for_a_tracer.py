"""Hostile: it serves as it should while nobody traces it, and echoes nothing as soon as one does.

Verdict: PASS
"""

import contextlib
import os
import signal
import socket
import sys
import time


def is_traced() -> bool:
    """Whether somebody holds this process by ptrace."""
    with open("/proc/self/status") as status:
        return not any(line.split() == ["TracerPid:", "0"] for line in status)


def reap(*_: object) -> None:
    """Collect every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


signal.signal(signal.SIGCHLD, reap)
try:
    listener = socket.create_server(("", int(sys.argv[1])))
except (IndexError, ValueError, OSError, OverflowError) as error:
    sys.exit(f"usage: PORT ({error})")
while True:
    try:
        conn = listener.accept()[0]
    except OSError:
        time.sleep(0.1)
        continue
    with conn, contextlib.suppress(OSError):
        if os.fork() == 0:
            listener.close()
            with contextlib.suppress(OSError):
                while data := conn.recv(4096):
                    conn.sendall(b"" if is_traced() else data)
            os._exit(0)
