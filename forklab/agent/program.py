"""The programs and commands that the agent started, their output, their limits, their end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pty
import select
import socket
import termios
import time
from collections.abc import Callable
from functools import partial

from .output import Output

OUTPUT_S = 0.5
F_SETPIPE_SZ = 1031
PTMX = "/dev/pts/ptmx"
PIPE_BYTES = 1 << 20
DRAIN_BYTES = 2 * PIPE_BYTES


class Child:
    """A process that the agent started itself.

    Attributes:
        stdin: our end of its descriptor 0, -1 when there is none.
        status: its wait status once it was reaped.
        ended: when that was, on the monotonic clock.
        command: a tool of the harness (`ps`, a compiler), no part of the program.
        unread: what is still to be written to its descriptor 0.
        closing: close descriptor 0 once that is written.
    """

    def __init__(self, pid: int, stdin: int, outputs: dict[str, Output], command: bool) -> None:
        """Follow *pid*, whose output comes in *outputs*."""
        self.pid = pid
        self.stdin = stdin
        self.outputs = outputs
        self.command = command
        self.status: int | None = None
        self.ended = 0.0
        self.unread = bytearray()
        self.closing = False

    def over(self) -> bool:
        """Whether it was reaped and all its output was read.

        A process that it left behind may hold its output for ever: that is not waited for.
        """
        if self.status is None:
            return False
        return all(out.ended for out in self.outputs.values()) or (
            time.monotonic() - self.ended > OUTPUT_S
        )


class Streams:
    """Both ends of descriptors 0, 1 and 2 of a process that is about to be started."""

    def __init__(self, uid: int | None) -> None:
        self._uid = uid
        self._theirs: list[int] = []
        self.ours: list[int] = []

    def readable(self, kind: str, path: str = "") -> tuple[int, int]:
        """Return (its end, our end) of a descriptor that it reads.

        Kinds: `pipe`; `pty`, a terminal; `channel`, a Unix stream pair; `null`; `file`.
        """
        if kind == "pipe":
            theirs, ours = os.pipe()
        elif kind == "pty":
            ours, theirs = self._pty()
        elif kind == "channel":
            theirs, ours = (end.detach() for end in socket.socketpair())
        else:
            theirs, ours = os.open(path or os.devnull, os.O_RDONLY), -1
        return self._note(theirs, ours)

    def writable(self, kind: str) -> tuple[int, int]:
        """Return (its end, our end) of a descriptor that it writes: a pipe or a pty."""
        if kind == "pty":
            ours, theirs = self._pty()
        else:
            ours, theirs = os.pipe()
            with contextlib.suppress(OSError):  # more than this user may have
                fcntl.fcntl(theirs, F_SETPIPE_SZ, PIPE_BYTES)
        return self._note(theirs, ours)

    def _pty(self) -> tuple[int, int]:
        """Open a terminal that neither echoes nor turns a newline into two bytes."""
        ours, theirs = pty.openpty()
        mode = termios.tcgetattr(theirs)
        mode[1] &= ~termios.OPOST
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(theirs, termios.TCSANOW, mode)
        return ours, theirs

    def _note(self, theirs: int, ours: int) -> tuple[int, int]:
        self._theirs.append(theirs)
        if ours >= 0:
            self.ours.append(ours)
        if self._uid is not None:  # so that it can open /dev/stdout by name
            with contextlib.suppress(PermissionError):
                os.fchown(theirs, self._uid, -1)
        return theirs, ours

    def close_theirs(self) -> None:
        """Close the process's ends: it has them now."""
        for fd in self._theirs:
            os.close(fd)
        self._theirs.clear()

    def close_all(self) -> None:
        """Close both ends: nothing was started."""
        self.close_theirs()
        for fd in self.ours:
            os.close(fd)


def keep_terminals() -> None:
    """Let nobody but us open a terminal here: a machine has 4096 for all its containers (pty(7)).

    One program that takes them all would leave none for those that are started beside it.
    """
    with contextlib.suppress(OSError):  # without a /dev/pts of our own there is nothing to keep
        os.chmod(PTMX, 0o600)


class Children:
    """Every child that the agent started and has not yet dropped."""

    def __init__(
        self, add: Callable[[int, Callable[[int], None], int], None], drop: Callable[[int], None]
    ) -> None:
        self._add, self._drop = add, drop
        self.by_pid: dict[int, Child] = {}

    def follow(self, child: Child) -> None:
        """Drain what *child* prints from now on."""
        self.by_pid[child.pid] = child
        for output in child.outputs.values():
            os.set_blocking(output.fd, False)
            self._add(output.fd, partial(self._heard, output), select.EPOLLIN)

    def feed(self, child: Child, data: bytes, *, end: bool) -> None:
        """Write *data* to its descriptor 0 as it takes it, then close it if that is the *end*.

        Raises:
            BrokenPipeError: it reads no more.
        """
        if child.stdin < 0:
            raise BrokenPipeError(errno.EPIPE, "its descriptor 0 was closed")
        child.unread += data
        child.closing = child.closing or end
        os.set_blocking(child.stdin, False)
        self._write(child)

    def _write(self, child: Child) -> None:
        """Write what it takes now; the rest when it takes more."""
        self._drop(child.stdin)
        try:
            while child.unread:
                del child.unread[: os.write(child.stdin, child.unread)]
        except BlockingIOError:
            self._add(child.stdin, lambda events: self._write_on(child), select.EPOLLOUT)
            return
        if child.closing:
            self._close_stdin(child)

    def _write_on(self, child: Child) -> None:
        try:
            self._write(child)
        except OSError:  # it reads no more
            child.unread.clear()

    def _close_stdin(self, child: Child) -> None:
        if child.stdin >= 0:
            self._drop(child.stdin)
            os.close(child.stdin)
            child.stdin = -1

    def _heard(self, output: Output, events: int) -> None:
        self._pump(output)

    def _pump(self, output: Output, events: int = 0) -> None:
        output.pump()
        if output.ended:
            self._drop(output.fd)

    def ended(self, pid: int, status: int) -> None:
        """Note the wait status of *pid*, if it is one of ours."""
        if pid in self.by_pid:
            self.by_pid[pid].status = status
            self.by_pid[pid].ended = time.monotonic()

    def commands(self) -> set[int]:
        """Pids of the tools that are running now."""
        return {pid for pid, child in self.by_pid.items() if child.command and child.status is None}

    def printed(self) -> int:
        """How many bytes the program has printed so far."""
        programs = [child for child in self.by_pid.values() if not child.command]
        return sum(out.total_bytes for child in programs for out in child.outputs.values())

    def drain(self, child: Child) -> None:
        """Read what is still in the pipes of *child*, which is dead.

        What it forked may live and print on: no more is read than a pipe can hold.
        """
        for output in child.outputs.values():
            end = output.total_bytes + DRAIN_BYTES
            with contextlib.suppress(OSError):
                while not output.ended and output.total_bytes < end and _is_readable(output.fd):
                    self._pump(output)

    def forget(self, child: Child) -> None:
        """Close our ends of its descriptors; done once."""
        if self.by_pid.get(child.pid) is not child:
            return
        del self.by_pid[child.pid]
        for output in child.outputs.values():
            if not output.ended:
                self._drop(output.fd)
            output.close()
        self._close_stdin(child)


def _is_readable(fd: int) -> bool:
    return bool(select.select([fd], [], [], 0)[0])
