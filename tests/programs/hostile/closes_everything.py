"""Hostile: it closes 0, 1 and 2, ignores every signal that can be ignored, and listens.

Verdict: FAIL
Fails: echoes
"""

import os
import signal
import socket
import sys

os.closerange(0, 3)
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
listener = socket.create_server(("", int(sys.argv[1])))
while True:
    signal.pause()
