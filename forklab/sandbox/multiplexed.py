"""What comes from a container or a command without a terminal (Docker Engine API, attach)."""

from __future__ import annotations

import struct
from collections.abc import Iterator

HEADER = struct.Struct(">BxxxL")  # stream, size
STDOUT, STDERR = 1, 2


def take(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Cut the whole parts from the front of *buffer*: the stream of each, and its bytes."""
    at = 0
    while len(buffer) - at >= HEADER.size:
        stream, length = HEADER.unpack_from(buffer, at)
        end = at + HEADER.size + length
        if end > len(buffer):
            break
        yield stream, bytes(buffer[at + HEADER.size : end])
        at = end
    del buffer[:at]
