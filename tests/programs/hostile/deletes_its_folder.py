"""Hostile: it deletes what is in its folder, the folder too if it may, and listens.

Verdict: FAIL
Fails: echoes
"""

import contextlib
import os
import shutil
import signal
import socket
import sys

shutil.rmtree(os.getcwd(), ignore_errors=True)
with contextlib.suppress(OSError):
    os.rmdir(os.getcwd())
listener = socket.create_server(("", int(sys.argv[1])))
signal.pause()
