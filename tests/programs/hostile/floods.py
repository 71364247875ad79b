"""Hostile: it listens, and then it prints without end on both streams.

Verdict: FAIL
Fails: echoes
"""

import os
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
if os.fork():
    while True:
        os.write(1, b"x" * 65536)
while True:
    os.write(2, b"no end of line" * 4096)
