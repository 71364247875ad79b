"""Hostile: it starts itself again with arguments that are no text, renames itself, and listens.

Verdict: FAIL
Fails: echoes
"""

import ctypes
import os
import signal
import socket
import sys

PR_SET_NAME = 15
if len(sys.argv) == 2:
    strange = [b"\xff\xfe", b"", b"a\nb", b"\x1b[31mred", "한글 이름".encode(), b") Z 1 ("]
    os.execvp(b"python3", [b"python3", *map(os.fsencode, sys.argv), *strange])
for name in (b") S 1 1\n(", b"\xff \x1b[2J"):
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(PR_SET_NAME, name, 0, 0, 0)
        signal.pause()
listener = socket.create_server(("", int(sys.argv[1])))
signal.pause()
