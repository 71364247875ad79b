"""Frames of the stream between harness and agent.

A frame is two big-endian 32-bit lengths, a JSON object of the first length and raw bytes (the
blob) of the second. Requests carry `id` and `op`; a response carries the same `id` and either
`ok` or `error`. Responses may come in any order: several operations are under way at once.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

LENGTHS = struct.Struct(">II")
MAX_FRAME_BYTES = 1 << 28

Message = dict[str, Any]


class BadFrame(Exception):
    """The stream holds something that is no frame."""


def encode(message: Message, blob: bytes = b"") -> bytes:
    """Return *message* and *blob* as one frame."""
    text = json.dumps(message, separators=(",", ":")).encode()
    return LENGTHS.pack(len(text), len(blob)) + text + blob


class Decoder:
    """Cut a stream of bytes into frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Message, bytes]]:
        """Yield each frame that *data* completes, as (message, blob).

        Raises:
            BadFrame: lengths beyond any frame of ours, or text that is no JSON object.
        """
        self._buffer += data
        while len(self._buffer) >= LENGTHS.size:
            text_size, blob_size = LENGTHS.unpack_from(self._buffer)
            if text_size + blob_size > MAX_FRAME_BYTES:
                raise BadFrame(f"a frame of {text_size} + {blob_size} bytes")
            end = LENGTHS.size + text_size + blob_size
            if len(self._buffer) < end:
                return
            text = bytes(self._buffer[LENGTHS.size : LENGTHS.size + text_size])
            blob = bytes(self._buffer[LENGTHS.size + text_size : end])
            del self._buffer[:end]
            yield _parse(text), blob


def _parse(text: bytes) -> Message:
    try:
        message = json.loads(text)
    except ValueError as error:
        raise BadFrame(f"not JSON: {text[:80]!r}") from error
    if not isinstance(message, dict):
        raise BadFrame(f"not an object: {text[:80]!r}")
    return message
