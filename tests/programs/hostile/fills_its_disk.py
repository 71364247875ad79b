"""Hostile: it fills every folder that it may write to, and System V memory, and only then listens.

Verdict: FAIL
Fails: echoes
"""

import contextlib
import ctypes
import itertools
import os
import signal
import socket
import sys

for folder in (".", "/tmp", "/dev/shm"):
    with contextlib.suppress(OSError), open(f"{folder}/full", "wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            pass
    with contextlib.suppress(OSError):
        for number in itertools.count():
            os.mkdir(f"{folder}/{number}")
libc = ctypes.CDLL(None)
while libc.shmget(0, 1 << 20, 0o1600) != -1:
    pass
libc.semget(0, 1, 0o1600)
libc.msgget(0, 0o1600)
listener = socket.create_server(("", int(sys.argv[1])))
signal.pause()
