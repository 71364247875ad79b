"""Hostile: it listens, and then it forks without end.

Verdict: FAIL
Fails: starts echoes
"""

import contextlib
import os
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
while True:
    with contextlib.suppress(OSError):
        os.fork()
