# ruff: noqa: SIM115  (each attempt is to fail; what it opens ends with it)
"""It tries what it may not do, says what came of it, and listens."""

import ctypes
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable

PTRACE_ATTACH = 16
libc = ctypes.CDLL(None, use_errno=True)


def attempt(name: str, action: Callable[[], object]) -> None:
    """Print that *name* was refused, or what it gave."""
    try:
        found = action()
    except (OSError, ValueError):
        found = -1
    print(name, "refused" if found == -1 else f"succeeded: {found!r}", flush=True)


def write(path: str) -> Callable[[], object]:
    """Return what writes to *path*."""
    return lambda: open(path, "w").write("1")


attempt("trace", lambda: libc.ptrace(PTRACE_ATTACH, 1, None, None))
attempt("kill", lambda: os.kill(1, signal.SIGKILL))
attempt("memory", lambda: open("/proc/1/mem", "rb").read(1))
attempt("descriptors", lambda: os.listdir("/proc/1/fd"))
attempt("root", lambda: os.setuid(0))
attempt("mount", lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None))
attempt("sysctl", write("/proc/sys/kernel/core_pattern"))
attempt("network", write("/proc/sys/net/ipv4/ip_forward"))
attempt("sysrq", write("/proc/sysrq-trigger"))
attempt("image", write("/usr/bin/ps"))
attempt("program", write(os.path.realpath(sys.argv[0])))
attempt("sibling", lambda: os.mkdir("../mine"))
attempt("processes", lambda: resource.setrlimit(resource.RLIMIT_NPROC, (-1, -1)))
attempt("core", lambda: resource.setrlimit(resource.RLIMIT_CORE, (-1, -1)))
listener = socket.create_server(("", int(sys.argv[1])))
signal.pause()
