"""Operations on files in the sandbox, and on the room that is left for them."""

from __future__ import annotations

import os
import stat

from . import spawn, work
from .frames import Message
from .loop import Answer
from .state import State

READ_BYTES = 1 << 26
FILL = "fill"
FILL_BYTES = 1 << 16


class OnFiles(State):
    """The operations that bring files in, hand folders over, and read."""

    def op_write(self, message: Message, blob: bytes) -> None:
        """Write the blob to a file of ours, its folders made as needed."""
        path = f"{self.folder}/{message['path']}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(blob)
        os.chmod(path, message.get("mode", 0o644))

    def op_read(self, message: Message, blob: bytes) -> Answer:
        """Answer whether there is such a regular file, and its content as the blob.

        The program may have put anything there: a FIFO would hold us, a link lead elsewhere.
        """
        path = os.path.join(self.folder, message["path"])
        try:
            fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return False, b""
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return False, b""
            with open(fd, "rb", closefd=False) as file:
                return True, file.read(READ_BYTES)
        finally:
            os.close(fd)

    def op_folder(self, message: Message, blob: bytes) -> None:
        """Make a new folder, or hand one over with all in it: to the `owner` program or agent."""
        path = f"{self.folder}/{message['path']}"
        owner = message.get("owner")
        if owner is None:
            work.remove(path)
            work.make(path, None, None)
        elif self._has_own_user and self.uid is not None:
            if owner == "program":
                work.hand_over(path, self.uid)
            else:
                spawn.with_uid(self.uid, lambda: work.give_up(path))
                work.hand_over(path, os.geteuid())

    def op_unlink(self, message: Message, blob: bytes) -> None:
        """Remove a file or a folder of ours."""
        path = f"{self.folder}/{message['path']}"
        if os.path.isdir(path):
            work.remove(path)
        else:
            os.unlink(path)

    def op_move(self, message: Message, blob: bytes) -> None:
        """Rename a file of ours."""
        os.rename(f"{self.folder}/{message['path']}", f"{self.folder}/{message['to']}")

    def op_mode(self, message: Message, blob: bytes) -> Answer:
        """Change the mode of a file of ours; answer the one of before."""
        path = f"{self.folder}/{message['path']}"
        before = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, message["mode"])
        return before, b""

    def op_fill(self, message: Message, blob: bytes) -> Answer:
        """Leave no byte free on the small file system; answer how many there were.

        What a program has there keeps the room to the end of its last page.
        """
        size, filled = FILL_BYTES, 0
        with open(f"{self.small}/{FILL}", "ab", buffering=0) as file:
            while size:
                try:
                    filled += file.write(bytes(size))
                except OSError:  # ENOSPC
                    size //= 2
        return filled, b""
