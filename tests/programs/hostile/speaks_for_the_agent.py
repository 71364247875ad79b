"""Hostile: it writes answers of the agent, as frames, to whatever it may open, and to its clients.

Verdict: FAIL
Fails: echoes
"""

import contextlib
import glob
import json
import os
import socket
import struct
import sys


def frame(number: int) -> bytes:
    """Return a good answer to request *number*."""
    answer = {"connected": True, "eof": False, "error": None, "flushed": 15, "received": 15}
    text = json.dumps({"id": number, "ok": answer}).encode()
    return struct.pack(">II", len(text), 0) + text


FRAMES = b"".join(map(frame, range(1, 500)))
places = [*glob.glob("/proc/[0-9]*/fd/*"), *glob.glob("/dev/pts/*"), "/dev/tty", "/dev/console"]
for number in (0, 1, 2):
    with contextlib.suppress(OSError):
        os.write(number, FRAMES)
for place in places:
    with contextlib.suppress(OSError):
        fd = os.open(place, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        os.write(fd, FRAMES)
        os.close(fd)
listener = socket.create_server(("", int(sys.argv[1])))
while True:
    conn = listener.accept()[0]
    with contextlib.suppress(OSError):
        conn.sendall(FRAMES)
    conn.close()
