"""Hostile: it listens, and stops itself.

Verdict: FAIL
Fails: echoes
"""

import os
import signal
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
os.kill(os.getpid(), signal.SIGSTOP)
