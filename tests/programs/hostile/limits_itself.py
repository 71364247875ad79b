"""Hostile: it takes from itself the room for files, descriptors, CPU time and stack.

Verdict: FAIL
Fails: echoes
"""

import resource
import signal
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
for name in ("FSIZE", "NOFILE", "DATA", "STACK", "NPROC", "MEMLOCK", "SIGPENDING", "MSGQUEUE"):
    resource.setrlimit(getattr(resource, f"RLIMIT_{name}", resource.RLIMIT_CORE), (0, 0))
resource.setrlimit(resource.RLIMIT_CPU, (1, 1))
while True:
    try:
        listener.accept()
    except OSError:
        signal.sigtimedwait([signal.SIGUSR2], 0.01)
