"""Hostile: it listens and leaves daemons behind: own sessions, no descriptors, deaf to
every signal.

Verdict: FAIL
Fails: echoes
"""

import os
import signal
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
for _ in range(20):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
                signal.signal(number, signal.SIG_IGN)
            os.closerange(0, 1024)
            while True:
                signal.pause()
        os._exit(0)
    os.wait()
signal.pause()
