"""Names of the system calls in which a server sleeps, by machine type (syscalls(2))."""

from __future__ import annotations

X86_64 = {
    0: "read", 1: "write", 7: "poll", 17: "pread64", 19: "readv", 20: "writev", 23: "select",
    34: "pause", 35: "nanosleep", 40: "sendfile", 43: "accept", 44: "sendto", 45: "recvfrom",
    46: "sendmsg", 47: "recvmsg", 61: "wait4", 128: "rt_sigtimedwait", 130: "rt_sigsuspend",
    202: "futex", 230: "clock_nanosleep", 232: "epoll_wait", 247: "waitid", 270: "pselect6",
    271: "ppoll", 275: "splice", 281: "epoll_pwait", 288: "accept4", 299: "recvmmsg",
    426: "io_uring_enter", 441: "epoll_pwait2",
}  # fmt: skip
AARCH64 = {
    22: "epoll_pwait", 63: "read", 64: "write", 65: "readv", 66: "writev", 71: "sendfile",
    72: "pselect6", 73: "ppoll", 76: "splice", 95: "waitid", 98: "futex", 101: "nanosleep",
    115: "clock_nanosleep", 133: "rt_sigsuspend", 137: "rt_sigtimedwait", 202: "accept",
    206: "sendto", 207: "recvfrom", 211: "sendmsg", 212: "recvmsg", 242: "accept4",
    243: "recvmmsg", 260: "wait4", 426: "io_uring_enter", 441: "epoll_pwait2",
}  # fmt: skip
TABLES = {"x86_64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}

WRITES = frozenset({"write", "writev", "sendto", "sendmsg", "sendfile", "splice"})
READS = frozenset({"read", "readv", "pread64", "recvfrom", "recvmsg", "recvmmsg"})
ON_A_DESCRIPTOR = WRITES | READS | {"accept", "accept4"}
WAITS = frozenset({"wait4", "waitid"})
NAPS = frozenset({"nanosleep", "clock_nanosleep"})
WAITS_FOR_SEVERAL = frozenset(
    {"poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait", "epoll_pwait2",
     "io_uring_enter"}
)  # fmt: skip
# calls that a stop and its continuation end with EINTR although no handler runs (signal(7));
# accept and recv are among them when SO_RCVTIMEO is set
ENDED_BY_A_STOP = frozenset(
    {"epoll_wait", "epoll_pwait", "epoll_pwait2", "rt_sigtimedwait", "accept", "accept4",
     "recvfrom", "recvmsg"}
)  # fmt: skip


def call_name(machine: str, number: int) -> str:
    """Return the name of call *number* of a *machine* type, or its number in words."""
    return TABLES.get(machine, {}).get(number, f"call {number}")
