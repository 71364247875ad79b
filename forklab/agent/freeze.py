"""Stop one process so that nobody hears of it (ptrace(2): PTRACE_SEIZE, PTRACE_INTERRUPT).

SIGSTOP would send its parent a SIGCHLD, on which a handler with a blocking wait() hangs.
If the agent dies, the kernel lets the process go on.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import time

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000
STOP_S, NAP_S = 5.0, 0.0002


def _ptrace(request: int, pid: int) -> None:
    call = ctypes.CDLL(None, use_errno=True).ptrace
    call.argtypes = (ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p)
    call.restype = ctypes.c_long
    if call(request, pid, None, None) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace: {os.strerror(number)}")


def freeze(pid: int) -> None:
    """Stop *pid*; its state then reads `t`.

    Raises:
        OSError: no such process, or another tracer, or not allowed; ETIMEDOUT, it does not stop
            within STOP_S, since it sleeps where no stop reaches it, such as in vfork(2).
    """
    _ptrace(PTRACE_SEIZE, pid)
    _ptrace(PTRACE_INTERRUPT, pid)
    end = time.monotonic() + STOP_S
    while os.waitpid(pid, WALL | os.WNOHANG) == (0, 0):
        if time.monotonic() > end:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        select.select([], [], [], NAP_S)


def thaw(pid: int) -> None:
    """Let *pid* go on where it was."""
    _ptrace(PTRACE_DETACH, pid)
