"""Hostile: it sets everything of itself that looks odd, renames itself to look like the agent,
and serves as it should.

Verdict: PASS
"""

import contextlib
import ctypes
import os
import signal
import socket
import sys

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 1, 4, 15, 36
SCHED_IDLE = 5
libc = ctypes.CDLL(None)
if len(sys.argv) == 2:
    if not sys.argv[1].isdecimal():
        sys.exit("usage: PORT")
    os.execvp(
        "python3", ["/usr/bin/python3", __file__, sys.argv[1], "import os, runpy, sys", "/lab"]
    )
if len(sys.argv) < 3:
    sys.exit("usage: PORT")


def reap(*_: object) -> None:
    """Collect every child that has ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


os.umask(0)
os.nice(19)
os.sched_setscheduler(0, SCHED_IDLE, os.sched_param(0))
libc.prctl(PR_SET_NAME, b"ps", 0, 0, 0)
libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
libc.mlockall(3)
os.chdir("/")
for number in (signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1):
    signal.signal(number, signal.SIG_IGN)
signal.signal(signal.SIGCHLD, reap)
try:
    listener = socket.create_server(("", int(sys.argv[1])))
except (OSError, OverflowError) as error:
    sys.exit(f"port {sys.argv[1]}: {error}")
while True:
    try:
        conn = listener.accept()[0]
    except OSError:
        signal.sigtimedwait([signal.SIGUSR2], 0.1)
        continue
    with conn, contextlib.suppress(OSError):
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            listener.close()
            with contextlib.suppress(OSError):
                while data := conn.recv(4096):
                    conn.sendall(data)
            os._exit(0)
