"""One process as /proc shows it (proc(5)).

A process may vanish between two reads. Then open by path says ENOENT, read says ESRCH, listdir is
empty: all of it is normal here, and the process is left out.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat as modes
from typing import Any

VANISHED = (FileNotFoundError, ProcessLookupError)
EXITING = 0x4  # PF_EXITING of the kernel: it has no memory any more, but is no zombie yet
CLOSE_ON_EXEC = 0o2000000
# what is left to describe of a process once it has ended
ENDED: dict[str, Any] = {"call": None, "fds": [], "args": [], "exe": ""}
TARGET, COMMAND_BYTES = 512, 8192  # as much of a descriptor's path, of a command line, is kept
ACCESS = {0o400: "r", 0o200: "w", 0o600: "rw"}


def read(path: str) -> bytes:
    """Return the text of one /proc file, read whole in one go."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(fd, 1 << 16)
    finally:
        os.close(fd)


def pids() -> list[int]:
    """Every process id of this pid namespace."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def last_pid() -> int:
    """The pid that was given out last in this pid namespace (end of /proc/loadavg)."""
    return int(read("/proc/loadavg").split()[-1])


class Stat:
    """The fields of /proc/PID/stat that we use; times in clock ticks."""

    __slots__ = (
        "comm",
        "cpu_ticks",
        "flags",
        "pgrp",
        "pid",
        "ppid",
        "session",
        "start_code",
        "start_stack",
        "start_ticks",
        "state",
        "text",
        "threads",
    )

    def __init__(self, text: bytes) -> None:
        """Parse *text*; the name may hold spaces and parentheses, so cut at the last ')'."""
        self.text = text
        head, _, tail = text.rpartition(b")")
        fields = tail.split()
        if len(fields) < 26:
            raise ProcessLookupError  # cut short: it is going away
        self.pid = int(head.split(b" ", 1)[0])
        self.comm = head.split(b"(", 1)[1].decode(errors="replace")
        self.state = fields[0].decode()
        self.ppid = int(fields[1])
        self.pgrp = int(fields[2])
        self.session = int(fields[3])
        self.flags = int(fields[6])
        self.cpu_ticks = int(fields[11]) + int(fields[12])
        self.threads = int(fields[17])
        self.start_ticks = int(fields[19])
        self.start_code = int(fields[23])
        self.start_stack = int(fields[25])

    @property
    def is_ending(self) -> bool:
        """Whether it has ended, or is just doing so."""
        return self.is_dead or bool(self.flags & EXITING)

    @property
    def is_dead(self) -> bool:
        """Whether it has ended: Z alone does not say so, its first thread may have ended."""
        return self.state in "ZX" and not live_thread(self.pid)

    @property
    def identity(self) -> tuple[int, int, int]:
        """What must be the same in two passes for a snapshot to be whole."""
        return self.pid, self.start_ticks, self.ppid


def stat(pid: int, before: Stat | None = None) -> Stat | None:
    """Return the stat of *pid*, which is *before* if nothing has changed; None if it is gone."""
    try:
        text = read(f"/proc/{pid}/stat")
        return before if before is not None and text == before.text else Stat(text)
    except VANISHED:
        return None


def stats(of: list[int] | None = None) -> dict[int, Stat]:
    """Return the stat of each process *of* these; None: of every one of this pid namespace."""
    return {pid: found for pid in of or pids() if (found := stat(pid)) is not None}


def uid(pid: int) -> int | None:
    """Return the user id of *pid*; None if it is gone.

    /proc/PID belongs to the process's user, or to root when it is not dumpable: then the text of
    `status` says who it is.
    """
    try:
        owner = os.stat(f"/proc/{pid}").st_uid
        if owner != 0:
            return owner
        for line in read(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"Uid:"):
                return int(line.split()[1])
    except VANISHED:
        pass
    return None


def tracer(pid: int) -> int:
    """Return who holds *pid* by ptrace; 0 if nobody does, or it is gone."""
    with contextlib.suppress(*VANISHED):
        for line in read(f"/proc/{pid}/status").splitlines():
            if line.startswith(b"TracerPid:"):
                return int(line.split()[1])
    return 0


def resident_kib(path: str) -> int:
    """Return VmRSS of the `status` file at *path*, in KiB; 0 where there is none."""
    for line in read(path).splitlines():
        if line.startswith(b"VmRSS:"):
            return int(line.split()[1])
    return 0


def describe(found: Stat, *, flags: bool) -> dict[str, Any] | None:
    """Return everything of one process, or None if it vanished meanwhile.

    Args:
        found: its stat.
        flags: read `fdinfo` too (file status flags, close-on-exec): 10 us a descriptor.
    """
    folder = f"/proc/{found.pid}"
    if found.state in "ZX" and (thread := live_thread(found.pid)) is not None:
        # the first thread ended, others run: alive, but /proc/PID shows Z and no descriptors
        folder = f"{folder}/task/{thread.pid}"
        found.state = thread.state
    try:
        command = read(folder + "/cmdline")
    except VANISHED:
        return None
    return {
        "pid": found.pid,
        "ppid": found.ppid,
        "pgrp": found.pgrp,
        "session": found.session,
        "state": found.state,
        "start_ticks": found.start_ticks,
        "start_code": found.start_code,
        "start_stack": found.start_stack,
        "cpu_ticks": found.cpu_ticks,
        "threads": found.threads,
        "comm": found.comm,
        "args": _words(command[:COMMAND_BYTES]),
        "exe": _exe(folder),
        "call": _call(folder),
        "fds": [] if found.state in "ZX" else _fds(found.pid, folder, flags=flags),
    }


def _words(command: bytes) -> list[str]:
    """Cut a command line; a process may have overwritten its own, without a NUL at the end."""
    parts = command.removesuffix(b"\0").split(b"\0") if command else []
    return [part.decode(errors="replace") for part in parts]


def _fds(pid: int, folder: str, *, flags: bool) -> list[list[Any]]:
    """Return the rows of `_descriptors`; none of a process that has ended just now."""
    try:
        return _descriptors(folder, flags=flags)
    except PermissionError:  # the folder of a process that is ending is root's already
        now = stat(pid)
        if now is None or now.is_ending:
            return []
        raise


def live_thread(pid: int) -> Stat | None:
    """Return the stat of another thread of *pid* that has not ended; None if there is none."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except VANISHED:
        return None
    for name in threads:
        with contextlib.suppress(*VANISHED):
            found = Stat(read(f"/proc/{pid}/task/{name}/stat"))
            if found.pid != pid and found.state not in "ZX":
                return found
    return None


def _exe(folder: str) -> str:
    try:
        return _target(folder + "/exe")
    except (*VANISHED, PermissionError):  # a zombie has none
        return ""


def _target(link: str, dir_fd: int | None = None) -> str:
    """Return what a link of /proc says; the kernel shows no path that is longer than a page.

    A program may hold thousands of descriptors with such paths: their beginning is enough.
    """
    try:
        return os.readlink(link, dir_fd=dir_fd)[:TARGET]
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return "/... (a path too long to be shown)"


def _call(folder: str) -> list[int] | None:
    """Return the number and first argument of the system call that it sleeps in."""
    try:
        words = read(folder + "/syscall").split()
    except (*VANISHED, PermissionError, OSError):
        return None
    if len(words) < 3 or words[0] == b"-1":
        return None  # running, or stopped outside of any call
    return [int(words[0]), int(words[1], 16)]


def _descriptors(folder: str, *, flags: bool) -> list[list[Any]]:
    """Return [number, target, access, flags or null] of each open descriptor.

    Access of the two ends of a pipe is the mode of the link: r-x, -wx (proc_pid_fd(5)).

    Raises:
        PermissionError: we may not look; the caller turns it into "not supported here".
    """
    rows: list[list[Any]] = []
    try:
        fd = os.open(folder + "/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except VANISHED:
        return rows
    try:
        for name in os.listdir(fd):
            try:
                target = _target(name, fd)
                access = ""
                if not target.startswith("socket:"):
                    if _may_be_fifo(target):
                        target = _fifo(name, fd) or target
                    mode = modes.S_IMODE(os.lstat(name, dir_fd=fd).st_mode)
                    access = ACCESS.get(mode & 0o600, "")
                rows.append([int(name), target, access, _flags(folder, name) if flags else None])
            except VANISHED:
                continue
    except VANISHED:
        pass
    finally:
        os.close(fd)
    return sorted(rows)


def _may_be_fifo(target: str) -> bool:
    """Whether the target is a path, where a FIFO may be (fifo(7))."""
    return target.startswith("/") and not target.startswith("/dev/")


def _fifo(name: str, dir_fd: int) -> str:
    """Return what identifies a FIFO, by device and inode as a pipe's target; "" if it is none."""
    found = os.stat(name, dir_fd=dir_fd)
    if modes.S_ISFIFO(found.st_mode):
        return f"fifo:[{found.st_dev << 40 | found.st_ino}]"
    return ""


def _flags(folder: str, name: str) -> int | None:
    for line in read(f"{folder}/fdinfo/{name}").splitlines():
        if line.startswith(b"flags:"):
            return int(line.split()[1], 8)
    return None


def usage(pid: int) -> list[int] | None:
    """Return [ns on a CPU, ns waiting for one, voluntary switches] of all threads of *pid*."""
    total = [0, 0, 0]
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            folder = f"/proc/{pid}/task/{thread}"
            cpu, waiting, _ = read(folder + "/schedstat").split()
            total[0] += int(cpu)
            total[1] += int(waiting)
            total[2] += _voluntary_switches(folder)
    except VANISHED:
        return None
    return total


def _voluntary_switches(folder: str) -> int:
    for line in read(folder + "/status").splitlines():
        if line.startswith(b"voluntary_ctxt_switches:"):
            return int(line.split()[1])
    return 0
