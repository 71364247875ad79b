"""Hostile: its processes have command lines of a megabyte each and descriptors with long paths.

Verdict: FAIL
Fails: starts echoes
"""

import contextlib
import os
import signal
import socket
import sys

if len(sys.argv) == 2:
    os.execvp("python3", ["python3", *sys.argv, *["x" * 100_000] * 10])
listener = socket.create_server(("", int(sys.argv[1])))
for _ in range(14):
    os.mkdir("d" * 250)
    os.chdir("d" * 250)
with contextlib.suppress(OSError):
    while True:
        os.open(".", os.O_RDONLY)
for _ in range(40):
    if os.fork() == 0:
        break
signal.pause()
