"""Hostile: it listens, and its child takes memory without end.

Verdict: FAIL
Fails: starts echoes
"""

import os
import signal
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
if os.fork() == 0:
    held = []
    while True:
        held.append(b"x" * (32 << 20))
os.wait()
print("my child is dead", flush=True)
signal.pause()
