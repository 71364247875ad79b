"""System V memory, semaphores and queues: they outlive their processes (sysvipc(7))."""

from __future__ import annotations

import contextlib
import ctypes
from collections.abc import Callable
from pathlib import Path

IPC_RMID = 0
NUMBERS = {"shm": "shmid", "sem": "semid", "msg": "msqid"}
_libc = ctypes.CDLL(None)
_remove: dict[str, Callable[[int], int]] = {
    "shm": lambda number: int(_libc.shmctl(number, IPC_RMID, None)),
    "sem": lambda number: int(_libc.semctl(number, 0, IPC_RMID)),
    "msg": lambda number: int(_libc.msgctl(number, IPC_RMID, None)),
}


def left_behind(uid: int) -> list[tuple[str, int]]:
    """Return (kind, number) of each object that belongs to *uid*."""
    found = []
    for kind in _remove:
        with contextlib.suppress(OSError):  # a kernel without System V IPC
            # to its end, which one read does not reach: there may be thousands
            found += of_user(kind, Path(f"/proc/sysvipc/{kind}").read_text(), uid)
    return found


def of_user(kind: str, table: str, uid: int) -> list[tuple[str, int]]:
    """Read the objects of *uid* from the text of /proc/sysvipc/*kind* (proc_sysvipc(5)).

    They are also its own which it has made and given to another user (IPC_SET).
    """
    head, *rows = table.splitlines()
    names = head.split()
    number, *users = (names.index(name) for name in (NUMBERS[kind], "uid", "cuid"))
    words = [row.split() for row in rows]
    return [(kind, int(row[number])) for row in words if uid in (int(row[i]) for i in users)]


def remove(objects: list[tuple[str, int]]) -> None:
    """Remove *objects*; to be called as the user that owns them."""
    for kind, number in objects:
        _remove[kind](number)
