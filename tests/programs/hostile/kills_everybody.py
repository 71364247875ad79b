"""Hostile: it listens, stops whoever it may, kills whoever it may, and then itself.

Verdict: FAIL
Fails: starts echoes
"""

import os
import signal
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
if os.fork() == 0:
    signal.pause()
for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
    os.kill(-1, number)
os.kill(os.getpid(), signal.SIGKILL)
