"""Operations on files in the sandbox."""

from __future__ import annotations

import os

from . import work
from .frames import Message
from .loop import Answer
from .state import State


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
        """Answer the content of a file, as the blob."""
        with open(os.path.join(self.folder, message["path"]), "rb") as file:
            return None, file.read(1 << 26)

    def op_folder(self, message: Message, blob: bytes) -> None:
        """Make a new folder, or hand one over with all in it: to the `owner` program or agent."""
        path = f"{self.folder}/{message['path']}"
        owner = message.get("owner")
        if owner is None:
            work.remove(path)
            work.make(path, None, None)
        elif self._has_own_user and self.uid is not None:
            work.hand_over(path, self.uid if owner == "program" else os.geteuid())

    def op_unlink(self, message: Message, blob: bytes) -> None:
        """Remove a file or a folder of ours."""
        path = f"{self.folder}/{message['path']}"
        if os.path.isdir(path):
            work.remove(path)
        else:
            os.unlink(path)
