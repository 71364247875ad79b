"""The process between the harness and bubblewrap: it makes what bwrap cannot, and clears it away.

A script of its own, so that it starts fast. Its argument is a dictionary, in the digits of its
marshalled bytes. It gives its standard streams to bwrap and waits for it. It outlives a harness
that is killed: the agent ends with its input, bwrap with the agent, and then the keeper removes the
control groups and goes. If the keeper itself is killed, bwrap goes with it (--die-with-parent);
only the groups stay, named after the harness, until the next start.

    user      map our own user to root of a new user namespace
    groups    [[folder, {file: value}]]: control groups to make, to join, to remove
    mounts    [[folder, flags, data]]: a tmpfs each, in a mount namespace of our own
    sysctls   {path below /proc/sys: value}; what the kernel does not know is left out
    limits    [[resource, number]]: soft and hard limits, getrlimit(2)
    argv, env what is executed

The network and IPC namespaces are made here and not by bwrap, since their sysctls can be set only
before /proc/sys is mounted read-only. Standard library only.
"""

from __future__ import annotations

# the C parts of signal and socket, and no json, typing, contextlib: with all that they import they
# would take longer than what is done here
import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import ctypes
import fcntl
import marshal
import os
import resource
import select
import struct
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NEWNS, NEWIPC, NEWUSER, NEWNET = 0x20000, 0x08000000, 0x10000000, 0x40000000
MS_REC, MS_SLAVE = 0x4000, 0x80000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
TRIES, PAUSE_S = 100, 0.02
FAILED = 125
BUCKETS = "net/ipv4/tcp_child_ehash_entries"  # of namespaces that are made from ours


def main(wanted: dict[str, Any]) -> int:
    """Do all that is *wanted* and return the exit status of bwrap."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would take the status from us
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    groups = [folder for folder, _ in wanted["groups"]]
    try:
        for folder, limits in wanted["groups"]:
            _make_group(folder, limits)
        _enter(user=wanted["user"])
        for folder, flags, data in wanted["mounts"]:
            _call("mount", b"tmpfs", os.fsencode(folder), b"tmpfs", flags, data.encode())
        for path, value in wanted["sysctls"].items():
            _set(path, value)
        _loopback_up()
        return _run(wanted, groups)
    finally:
        for folder in groups:
            _remove_group(folder)


def _make_group(folder: str, limits: dict[str, str]) -> None:
    os.mkdir(folder)
    for file, value in limits.items():
        if os.path.exists(f"{folder}/{file}"):  # some kernels do not count swap
            _write(f"{folder}/{file}", value)


def _remove_group(folder: str) -> None:
    """Remove a group whose last process may be ending at this moment."""
    for _ in range(TRIES):
        try:
            os.rmdir(folder)
        except FileNotFoundError:
            return
        except OSError:
            select.select([], [], [], PAUSE_S)


def _enter(*, user: bool) -> None:
    """Go into namespaces of our own; as an ordinary user into a user namespace first.

    The network is made twice, the second below the first: so it has a small table of connections
    of its own (Linux 6.1), and each look walks that and not the host's of some 200,000 buckets.
    """
    uid, gid = os.geteuid(), os.getegid()
    _call("unshare", NEWNS | NEWIPC | NEWNET | (NEWUSER if user else 0))
    if user:  # user_namespaces(7): without privileges groups are given up first
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"0 {uid} 1")
        _write("/proc/self/gid_map", f"0 {gid} 1")
    _set(BUCKETS, "4096")
    _call("unshare", NEWNET)
    # what is mounted here is nobody else's business
    _call("mount", b"none", b"/", None, MS_REC | MS_SLAVE, None)


def _call(name: str, *words: object) -> None:
    if getattr(_libc, name)(*words) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = [ctypes.c_char_p] * 3 + [ctypes.c_ulong, ctypes.c_char_p]


def _set(path: str, value: str) -> None:
    try:
        _write(f"/proc/sys/{path}", value)
    except OSError:
        return


def _write(path: str, value: str) -> None:
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, value.encode())
    finally:
        os.close(fd)


def _loopback_up() -> None:
    """Let 127.0.0.1 and ::1 work (netdevice(7))."""
    asked = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    fcntl.ioctl(asked.fileno(), SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    asked.close()


def _run(wanted: dict[str, Any], groups: list[str]) -> int:
    pid = os.fork()
    if pid == 0:
        try:
            _become(wanted, groups)
        except OSError as error:
            os.write(2, f"bubblewrap: {error}\n".encode())
        finally:
            os._exit(FAILED)
    for fd in (0, 1):  # they are the agent's now
        os.close(fd)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _become(wanted: dict[str, Any], groups: list[str]) -> None:
    for folder in groups:
        _write(f"{folder}/cgroup.procs", "0")
    for name, number in wanted["limits"]:
        hard = resource.getrlimit(name)[1]
        most = number if hard == resource.RLIM_INFINITY else min(number, hard)
        resource.setrlimit(name, (most, most))
    os.execve(wanted["argv"][0], wanted["argv"], wanted["env"])


def leave(status: int) -> None:
    """End as bwrap did: it says 128 and the signal of what was killed in it."""
    number = -status if status < 0 else status - 128
    if 0 < number < signal.NSIG:
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(status & 0xFF)


if __name__ == "__main__":
    try:
        ended = main(marshal.loads(bytes.fromhex(sys.argv[1])))
    except OSError as failure:
        os.write(2, f"bubblewrap cannot be set up: {failure}\n".encode())
        os._exit(FAILED)
    leave(ended)
