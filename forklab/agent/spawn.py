"""Start a process in exactly the state that a lab promises.

Default dispositions for all signals, an empty mask, descriptors 0, 1, 2 and nothing else, a
session of its own, the limits that were asked for, an unprivileged user, a folder of its own.
The order of the steps matters: see `_become`.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import resource
import select
import signal
import termios
import time
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import NamedTuple

EXEC_FAILED = 127
HELPER_S = 5.0
HELPERS = 3
PR_SET_NO_NEW_PRIVS = 38
_prctl = ctypes.CDLL(None).prctl  # looked up before any fork
LIMITS = {
    "nproc": resource.RLIMIT_NPROC,
    "nofile": resource.RLIMIT_NOFILE,
    "core": resource.RLIMIT_CORE,
    "cpu": resource.RLIMIT_CPU,
    "fsize": resource.RLIMIT_FSIZE,
}


class Start(NamedTuple):
    """What is started, and how.

    Attributes:
        argv: program and arguments; argv[0] is looked up in PATH of `env`.
        limits: name to soft limit (hard limit where the present one is lower); `nproc` and `core`
            lower the hard limit too, so that nobody can raise them again.
        uid: user and group id of the process; None keeps ours.
        fds: our descriptors that become its 0, 1 and 2.
        expendable: the first to go when memory runs out, and never more powerful than now.
        controlling: make descriptor 0 its controlling terminal.
    """

    argv: list[str]
    env: dict[str, str]
    cwd: str
    fds: tuple[int, int, int]
    uid: int | None = None
    limits: Mapping[str, int] = MappingProxyType({})
    expendable: bool = False
    controlling: bool = False


def start(wanted: Start) -> int:
    """Start *wanted* and return its pid once exec has succeeded.

    Raises:
        OSError: errno of the step that failed in the child, exec included.
    """
    _ignored()  # once and here, not in every child
    told, tell = os.pipe()  # close-on-exec: end of file means that exec succeeded
    pid = os.fork()
    if pid == 0:
        try:
            _become(wanted)
            os.execvpe(wanted.argv[0], wanted.argv, wanted.env)
        except OSError as error:
            os.write(tell, str(error.errno or EXEC_FAILED).encode())
        finally:
            os._exit(EXEC_FAILED)
    os.close(tell)
    with contextlib.closing(os.fdopen(told, "rb")) as report:
        failure = report.read()
    if failure:
        os.waitpid(pid, 0)
        number = int(failure)
        raise OSError(number, os.strerror(number))
    return pid


def _become(wanted: Start) -> None:
    """Turn the forked child into what is to be exec'd.

    oom_score_adj comes before setresuid: afterwards, until exec, /proc/self belongs to root.
    Python ignores SIGPIPE and SIGXFSZ, and an ignored signal stays ignored through exec.
    """
    os.setsid()
    # out of the way of 0, 1, 2 first: a source may itself be one of them
    safe = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3) for fd in wanted.fds]
    for number, fd in enumerate(safe):
        os.dup2(fd, number)
    if wanted.controlling:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in _ignored():
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    for name, soft in {"core": 0, **wanted.limits}.items():
        _limit(name, soft)
    os.umask(0o022)
    if wanted.expendable:
        with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "wb", 0) as adjust:
            adjust.write(b"1000")
        _prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)  # a container has it already
    if wanted.uid is not None:
        os.setgroups([])
        os.setresgid(wanted.uid, wanted.uid, wanted.uid)
        os.setresuid(wanted.uid, wanted.uid, wanted.uid)
    os.chdir(wanted.cwd)


@cache
def _ignored() -> list[int]:
    """List the signals that the agent ignores; what it ignores does not change."""
    return [n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN]


def _limit(name: str, soft: int) -> None:
    _, hard = resource.getrlimit(LIMITS[name])
    capped = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(LIMITS[name], (capped, capped if name in ("nproc", "core") else hard))


def with_uid(uid: int | None, action: Callable[[], None]) -> None:
    """Run *action* in a helper process that has taken *uid*, and wait for it.

    Root without CAP_SYS_RESOURCE may not touch the limits of another user's process; that user
    may (prlimit(2)). So may the program send signals to the helper: one that was killed, or that
    does not end in HELPER_S, is tried again.

    Raises:
        OSError: errno of what failed in the helper.
    """
    for _ in range(HELPERS):
        code = os.waitstatus_to_exitcode(_wait(_fork_helper(uid, action)))
        if code == 0:
            return
        if code > 0:
            raise OSError(code, os.strerror(code))
    raise OSError(errno.EINTR, f"the helper was ended by signal {-code} each time")


def _fork_helper(uid: int | None, action: Callable[[], None]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 255
    try:
        if uid is not None:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
        action()
        code = 0
    except OSError as error:
        code = error.errno or 255
    finally:
        os._exit(code)


def _wait(pid: int) -> int:
    """Return the wait status of a helper that ends within HELPER_S, or is killed."""
    end = time.monotonic() + HELPER_S
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return status
        select.select([], [], [], 0.0005)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def set_soft_limit(pid: int, name: str, soft: int, uid: int | None) -> tuple[int, int]:
    """Change a soft limit of a running process; return its limits (soft, hard) of before.

    Only the soft one: a hard limit that was lowered never comes back.

    Raises:
        OSError: no such process, or not allowed.
    """
    before = limits(pid, name)

    def change() -> None:
        resource.prlimit(pid, LIMITS[name], (min(soft, before[1]), before[1]))

    with_uid(uid, change)
    return before


TITLES = {"nproc": "Max processes", "nofile": "Max open files"}


def limits(pid: int, name: str) -> tuple[int, int]:
    """Return (soft, hard) of a running process, from /proc/PID/limits: open to everybody."""
    with open(f"/proc/{pid}/limits") as table:
        for line in table:
            if line.startswith(TITLES[name]):
                words = line[len(TITLES[name]) :].split()
                soft, hard = (1 << 31 if word == "unlimited" else int(word) for word in words[:2])
                return soft, hard
    raise OSError(22, f"no {TITLES[name]} in /proc/{pid}/limits")
