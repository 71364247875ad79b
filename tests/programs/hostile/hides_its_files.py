"""Hostile: it makes folders deeper than a path may be long, which nobody may enter, and listens.

Verdict: FAIL
Fails: echoes
"""

import os
import signal
import socket
import sys

listener = socket.create_server(("", int(sys.argv[1])))
for _ in range(3000):
    with open("file", "w"):
        os.chmod("file", 0)
    os.symlink("/etc/passwd", "link")
    os.mkdir("an unfriendly folder")
    os.mkfifo("fifo")
    here = os.open(".", os.O_RDONLY)
    os.chdir("an unfriendly folder")
    os.fchmod(here, 0)
    os.close(here)
signal.pause()
