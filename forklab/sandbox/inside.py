"""Sandbox `inside`: the agent as a plain child process, where we already are in a container.

The agent makes its own folder and removes it, and ends everything when its input ends: a harness
that is killed leaves nothing. Only if the agent itself is killed (by the program, where both have
the same user) does its folder stay; the next start sweeps it.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from forklab.agent import home, proc
from forklab.errors import SandboxError

from . import boot
from .link import Link
from .piped import PipeStream

UIDS = range(20_000, 60_000)
CAPABILITIES = {"CHOWN": 0, "KILL": 5, "SETGID": 6, "SETUID": 7, "SYS_PTRACE": 19}
SHARED = (
    "the network, the process table and the files of this machine are shared with the program",
    "memory and the number of processes are not limited as a whole",
)
COMMON = ("/tmp", "/var/tmp")
SAME_USER = "the program runs as the user of the harness, and could send signals to it"


class Inside:
    """No isolation but what the place has; as root the program gets a user of its own."""

    kind = "inside"
    image = "none"

    def __init__(self) -> None:
        self._uid = random.choice(UIDS) if may_change_user() else None
        self.not_isolated: tuple[str, ...] = (
            SHARED if self._uid is not None else (*SHARED, SAME_USER)
        )

    @contextlib.contextmanager
    def open(self) -> Iterator[Link]:
        """Yield a Link to a new agent; everything of it is gone afterwards."""
        parent = _parent(self._uid)
        home.sweep(parent)
        process = self._start(parent)
        try:
            stream = PipeStream(process)
            stream.send(boot.source())
            with contextlib.closing(Link(stream)) as link:
                yield link
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.returncode != 0:  # it was killed, and could not clean up
                _kill_user(self._uid)
                home.sweep(parent)

    def _start(self, parent: str) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                boot.command(sys.executable, parent, self._uid),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
            )
        except OSError as error:
            raise SandboxError(f"the agent cannot be started: {error}") from error


def _parent(uid: int | None) -> str:
    """Return a folder for temporary files that the program's user can reach.

    Raises:
        SandboxError: there is none.
    """
    wanted = os.path.abspath(tempfile.gettempdir())
    for folder in (wanted, *COMMON):
        ways = [Path(folder), *Path(folder).parents]
        if uid is None or all(way.is_dir() and way.stat().st_mode & 0o001 for way in ways):
            return folder
    raise SandboxError(f"other users cannot reach {wanted}; set TMPDIR to a folder that they can")


def may_change_user() -> bool:
    """Whether a program can be given a user of its own, and be observed then.

    Looked up, never tried: as root of this machine a try would succeed and change it.
    """
    if os.geteuid() != 0:
        return False
    effective = _field("CapEff")
    has_all = all(effective >> bit & 1 for bit in CAPABILITIES.values())
    return has_all and _is_mapped(Path("/proc/self/uid_map").read_text())


def _field(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1], 16)
    return 0


def _is_mapped(uid_map: str) -> bool:
    """Whether every uid of UIDS exists in this user namespace (user_namespaces(7))."""
    ranges = [[int(word) for word in line.split()] for line in uid_map.splitlines()]
    return any(first <= UIDS.start and UIDS.stop <= first + count for first, _, count in ranges)


def _kill_user(uid: int | None) -> None:
    """Kill every process of a user that is nobody's but the program's."""
    if uid is not None:
        for pid in proc.pids():
            if proc.uid(pid) == uid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
