"""Whether two descriptors are one open file, as fork, dup and exec make them (kcmp(2)).

Two processes that each opened the same file have two open files. The call needs what ptrace needs.
"""

from __future__ import annotations

import ctypes
import os

NUMBERS = {"x86_64": 312, "i686": 349, "aarch64": 272, "riscv64": 272, "armv7l": 378}
KCMP_FILE = 0
_libc = ctypes.CDLL(None, use_errno=True)


def same(pid: int, fd: int, other_pid: int, other_fd: int) -> bool | None:
    """Whether they are one open file; None if the kernel does not say."""
    number = NUMBERS.get(os.uname().machine)
    if number is None:
        return None
    words = (number, pid, other_pid, KCMP_FILE, fd, other_fd)
    answer = _libc.syscall(*(ctypes.c_long(word) for word in words))
    return None if answer < 0 else answer == 0


def works() -> bool:
    """Find out with a descriptor of our own and a copy of it."""
    copy = os.dup(0)
    try:
        return same(os.getpid(), 0, os.getpid(), copy) is True
    finally:
        os.close(copy)
