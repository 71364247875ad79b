"""Streams that the readers of the standard library are given in place of an archive's file.

zipfile and tarfile believe the sizes that an archive declares. These streams do not.
"""

from __future__ import annotations

import io
import os
from typing import BinaryIO

from forklab.submissions.items import CHUNK, Refused

MAX_ENTRIES = 20_000
UNPACKED = 192 << 20  # bytes of a whole batch
MOST_AT_ONCE = 4 << 20  # a directory of a zip with 20,000 entries is smaller
MOST_STEPS = 40  # reads and seeks for each entry that is allowed; tarfile needs about five


class Guarded(io.RawIOBase):
    """A file of which no single read is large: sizes that a zip declares are not believed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It goes anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to *offset*."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Where it is."""
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        """Read at most *size* bytes."""
        wanted = MOST_AT_ONCE + 1 if size is None or size < 0 else size
        if wanted > MOST_AT_ONCE + 1:
            raise Refused(f"its directory is longer than {MOST_AT_ONCE >> 20} MiB")
        data = self._file.read(wanted)
        if len(data) > MOST_AT_ONCE:
            raise Refused(f"its directory is longer than {MOST_AT_ONCE >> 20} MiB")
        return data


class Forward(io.RawIOBase):
    """A stream that is unpacked once, forward; tarfile steps back by one byte, and no further.

    Where it is told to go costs nothing until it is read, so a declared size of a terabyte is
    refused before it is unpacked.
    """

    KEPT = 1024

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self._reached = 0
        self._wanted = 0
        self._tail = b""
        self._steps = MOST_STEPS * MAX_ENTRIES

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be told where to go."""
        return True

    def tell(self) -> int:
        """Where the next read begins."""
        return self._wanted

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Say where the next read begins."""
        self._step()
        if whence != os.SEEK_SET or offset < self._reached - len(self._tail):
            raise Refused("its entries lie over one another")
        if offset > UNPACKED:
            raise Refused(f"it unpacks to more than {UNPACKED >> 20} MiB")
        self._wanted = offset
        return offset

    def read(self, size: int | None = -1) -> bytes:
        """Read *size* bytes, fewer at the end only."""
        self._step()
        if size is None or not 0 <= size <= MOST_AT_ONCE:
            raise Refused(f"a name in it is longer than {MOST_AT_ONCE >> 20} MiB")
        while self._reached < self._wanted:
            if not self._more(min(CHUNK, self._wanted - self._reached)):
                return b""
        back = self._reached - self._wanted
        kept = self._tail[len(self._tail) - back :][:size] if back else b""
        parts = [kept]
        missing = size - len(kept)
        while missing and (part := self._more(min(CHUNK, missing))):
            parts.append(part)
            missing -= len(part)
        self._wanted += size - missing
        return b"".join(parts)

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise Refused("its entries lie over one another")

    def _more(self, size: int) -> bytes:
        data = self._raw.read(size)
        self._reached += len(data)
        if self._reached > UNPACKED:
            raise Refused(f"it unpacks to more than {UNPACKED >> 20} MiB")
        self._tail = (self._tail + data)[-self.KEPT :]
        return data
