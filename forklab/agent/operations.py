"""What the harness can ask of the agent, one method an operation.

Each takes the message and the blob of its request and returns what is answered: (value, blob),
None, or a Pending that the loop answers later.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from . import ipc, kcmp, proc, spawn, work
from .frames import Message
from .loop import Answer, Failure
from .on_channel import OnChannel
from .on_clients import OnClients
from .on_files import OnFiles
from .on_looks import OnLooks
from .on_programs import OnPrograms
from .on_trace import OnTrace
from .state import UNBOUNDED


class Agent(OnPrograms, OnLooks, OnClients, OnChannel, OnFiles, OnTrace):
    """All operations, on the state of one sandbox."""

    def operations(self) -> dict[str, Any]:
        """Name to method, for the loop."""
        return {
            name.removeprefix("op_"): getattr(self, name)
            for name in dir(self)
            if name.startswith("op_")
        }

    def op_hello(self, message: Message, blob: bytes) -> Answer:
        """Say who we are and what can be observed here."""
        kernel = os.uname()
        return {
            "pid": os.getpid(),
            "uid": os.geteuid(),
            "program_uid": self.uid,
            "folder": self.folder,
            "kernel": kernel.release,
            "machine": kernel.machine,
            "python": sys.version.split()[0],
            "is_init": self.is_init,
            "ends_are_told": self.ends.hang_up_means_reaped,
            "unix_peers": self.peers,
            "open_files": kcmp.works(),
            "sched": os.path.exists("/proc/self/schedstat"),
            "pid_max": int(proc.read("/proc/sys/kernel/pid_max")),
            "small_disk": bool(self.small),
            "own_user": self._has_own_user,
            "limits_bite": self._limits_bite(),
        }, b""

    def _limits_bite(self) -> bool:
        """Whether a limit on processes binds the program: it binds all but root of the machine.

        Root of a user namespace is somebody else outside of it (user_namespaces(7)).
        """
        if (os.geteuid() if self.uid is None else self.uid) != 0:
            return True
        first = proc.read("/proc/self/uid_map").split()
        return first[:1] == [b"0"] and first[1] != b"0"

    def op_memory(self, message: Message, blob: bytes) -> Answer:
        """Answer how much memory the agent itself has resident, in KiB."""
        return proc.resident_kib("/proc/self/status"), b""

    def op_reset(self, message: Message, blob: bytes) -> Answer:
        """Close the clients, end every process and prove it, remove the work folder.

        The answer is the number of processes that had to be killed.
        """
        for number in list(self.conns):
            self._close(number, reset=True)
        for number in [] if message.get("keep_listeners") else list(self.listeners):
            self.listeners.pop(number).close()
        killed = self._kill()
        for child in list(self.children.by_pid.values()):
            self.children.forget(child)
        self.ends.forget()
        self.tools.clear()
        self._end_trace()
        self.max_processes, self.excess = UNBOUNDED, ""
        self._wipe()
        return {"killed": killed}, b""

    def _wipe(self) -> None:
        """Remove what a program leaves behind when it is gone: files, and System V memory."""
        if self.cwd is not None:
            work.remove(self.cwd)
            self.cwd = None
        if self.is_init:
            for folder in (*work.SHARED_FOLDERS, *([self.small] if self.small else [])):
                with contextlib.suppress(FileNotFoundError):
                    work.empty(folder)
        if self._has_own_user and self.uid is not None and (left := ipc.left_behind(self.uid)):
            spawn.with_uid(self.uid, lambda: ipc.remove(left))

    def leave(self) -> None:
        """The harness is gone: end everything."""
        with contextlib.suppress(Failure, OSError):
            self.op_reset({}, b"")


def subreaper() -> None:
    """Become the one who adopts orphaned descendants (PR_SET_CHILD_SUBREAPER, prctl(2))."""
    import ctypes

    if ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) != 0:
        raise OSError("prctl(PR_SET_CHILD_SUBREAPER) failed")
