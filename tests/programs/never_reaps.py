"""It listens and leaves 300 zombies."""

import os
import signal
import socket
import sys

for _ in range(300):
    if os.fork() == 0:
        os._exit(3)
listener = socket.create_server(("", int(sys.argv[1])))
signal.pause()
