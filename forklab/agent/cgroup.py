"""How much memory is taken in our container, as its cgroup says.

The kernel kills one process when a container's memory is full, the largest first. A program whose
processes are many and small, each smaller than we are, would so have us killed in their place, or
slowed until nobody hears us (cgroups(7), memory.stat of both versions).
"""

from __future__ import annotations

from pathlib import Path

from . import proc

ROOT = "/sys/fs/cgroup"
# usage, limit, what breaks the usage down
VERSIONS = (
    ("memory.current", "memory.max", "memory.stat"),
    ("memory/memory.usage_in_bytes", "memory/memory.limit_in_bytes", "memory/memory.stat"),
)
GIVEN_BACK = (b"active_file", b"inactive_file")  # the kernel takes these when it needs room
# The rest of the limit is our room: from 768 MiB, 150 processes took another 256 in less time than
# it took us to look and to kill them, every second time, and the kernel then killed us.
SHARE, MOST_BYTES = 0.75, 768 << 20
MOST_LIMIT = 1 << 40  # a limit above that is none


class Memory:
    """The memory of this container.

    Attributes:
        most_bytes: more than that is too much; 0 where no limit is told.
    """

    def __init__(self, root: str = ROOT) -> None:
        """Find the files of the cgroup below *root*."""
        self.most_bytes = 0
        for usage, limit, stat in VERSIONS:
            self._usage, self._stat = f"{root}/{usage}", f"{root}/{stat}"
            if limit_bytes := _number(f"{root}/{limit}"):
                self.most_bytes = min(int(limit_bytes * SHARE), MOST_BYTES)
                return

    def taken_bytes(self) -> int:
        """Return how much the processes have taken, if it can be too much; else 0.

        That is their own memory, files in memory, and what the kernel holds for them, such as the
        buffers of sockets. What it keeps of files on a disk is none of it: only when the usage is
        large enough the dearer table, which has that, is read.
        """
        usage = _number(self._usage) if self.most_bytes else 0
        if usage <= self.most_bytes:
            return 0
        rows = (line.split() for line in proc.read(self._stat).splitlines())
        return usage - sum(int(row[1]) for row in rows if row[0] in GIVEN_BACK)


def _number(path: str) -> int:
    """Return the number in a file; 0 if there is none, or no limit."""
    try:
        text = Path(path).read_bytes().strip()
    except OSError:
        return 0
    return int(text) if text.isdigit() and int(text) < MOST_LIMIT else 0
