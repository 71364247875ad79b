"""Hostile: it listens, and leaves orphans in groups of their own that are stopped, or traced and
stopped by one another.

Verdict: FAIL
Fails: echoes
"""

import ctypes
import os
import signal
import socket
import sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
libc = ctypes.CDLL(None)
listener = socket.create_server(("", int(sys.argv[1])))
for _ in range(10):
    if os.fork() == 0:
        os.setpgid(0, 0)
        child = os.fork()
        if child == 0:
            signal.pause()
        if libc.ptrace(PTRACE_SEIZE, child, None, None) == 0:
            libc.ptrace(PTRACE_INTERRUPT, child, None, None)
        middle = os.getpid()
        if os.fork() == 0:
            os.kill(os.getppid(), signal.SIGSTOP)
            os.kill(os.getpid(), signal.SIGSTOP)
        signal.pause()
os.setpgid(0, 0) if os.getpid() != os.getsid(0) else None
signal.pause()
