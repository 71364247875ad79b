"""The folder of an agent that shares the machine: its name says whose it is.

So a folder whose agent was killed can be told from one that is in use, by anybody.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat

from . import proc, work

NAME = re.compile(r"forklab-(\d+)-(\d+)-(\d+)")


def make(parent: str) -> str:
    """Make the folder of this process in *parent* and return its path."""
    folder = f"{parent}/{name_of(os.getpid())}"
    os.mkdir(folder, 0o755)
    return folder


def remove(folder: str) -> None:
    """Remove *folder*; what cannot be removed is left to the next `sweep`."""
    with contextlib.suppress(OSError):
        work.remove(folder)


def sweep(parent: str) -> list[str]:
    """Remove the folders of agents of this user that are dead; return their names."""
    swept = []
    for name in os.listdir(parent):
        found = NAME.fullmatch(name)
        if found and _is_ours(f"{parent}/{name}") and not lives(name, int(found[2])):
            remove(f"{parent}/{name}")
            swept.append(name)
    return swept


def name_of(pid: int) -> str:
    """Name a process by its pid namespace, pid and start time."""
    found = proc.stat(pid)
    namespace = os.stat("/proc/self/ns/pid").st_ino
    return f"forklab-{namespace}-{pid}-{found.start_ticks if found else 0}"


def lives(name: str, pid: int) -> bool:
    """Whether the process that *name* says is alive; yes where we cannot know it."""
    return name == name_of(pid) or not name.startswith(name_of(pid).rsplit("-", 2)[0])


def _is_ours(folder: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        info = os.lstat(folder)
        return stat.S_ISDIR(info.st_mode) and info.st_uid == os.geteuid()
    return False
