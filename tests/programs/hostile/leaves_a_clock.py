"""Hostile: it leaves processes that do something later: in every folder a file, each second.

Verdict: FAIL
Fails: echoes
"""

import contextlib
import os
import signal
import socket
import sys
import time

listener = socket.create_server(("", int(sys.argv[1])))
if os.fork() == 0:
    os.setsid()
    for number in range(20):
        if os.fork() == 0:
            os.setsid()
            while True:
                for folder in ("/tmp", "/dev/shm", "/lab", "/small"):
                    with contextlib.suppress(OSError), open(f"{folder}/late-{number}", "w"):
                        pass
                time.sleep(0.01)
    os._exit(0)
os.wait()
signal.pause()
