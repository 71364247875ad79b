"""Sandbox `bubblewrap`: namespaces of our own without an engine; the agent is PID 1 in them.

The files are those of the lab image, as a folder (see `root`). What bwrap(1) itself cannot do is
done by a process between it and us (see `keeper`), which also clears up when we are killed. As
root the program has a user of its own and the sandbox limits of its own; without root it has
neither, and says so.
"""

from __future__ import annotations

import contextlib
import marshal
import os
import platform
import random
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from forklab.errors import SandboxError

from . import boot, cgroup, host, inside, recipe
from .container import CAPABILITIES, MEMORY, PATHS, PIDS, SYSCTLS, TMPFS, UIDS
from .host import Say, keep_quiet
from .link import Link
from .piped import PipeStream

KEEPER = Path(__file__).parent / "keeper.py"
PACKAGE = "bubblewrap"
MS_FLAGS = {"nosuid": 2, "nodev": 4, "noexec": 8}  # mount(2)
# since then a limit on processes counts those in the user namespace, and not all that a person has
OLDEST_FOR_A_PERSON = (5, 14)
PROBE_S = 10.0
# bwrap leaves the bounding set as it was, and what it keeps inheritable; SETPCAP is to end that
LESS = (
    "/usr/bin/setpriv",
    "--bounding-set=" + ",".join(["-all", *(f"+{name.lower()}" for name in CAPABILITIES)]),
    "--inh-caps=-all",
    "--ambient-caps=-all",
)
UNFILTERED = "system calls are not filtered"
NO_LIMIT = {
    "memory": "memory is not limited as a whole",
    "pids": "the number of processes is not limited as a whole",
}
SAME_USER = "the program has the user of the agent that observes it, and could disturb it"


class Bubblewrap:
    """Namespaces of our own on the root folder.

    Attributes:
        image: the name that an engine's image of the same files has.
    """

    kind = "bubblewrap"

    def __init__(self, bwrap: str, folder: Path, cpus: float | None = None) -> None:
        """Use the command *bwrap* on the root *folder*.

        Raises:
            SandboxError: CPUs are to be limited, which cannot be done here.
        """
        self._bwrap, self._root = bwrap, folder
        self._own_user = inside.may_change_user()
        self._limits = cgroup.Limits(MEMORY, PIDS, cpus)
        self._mounts = _group_mounts()
        self.image = recipe.REPOSITORY + ":" + folder.name.removeprefix("root-")
        missing = cgroup.unlimited(self._groups(), self._limits)
        if "cpu" in missing:
            raise SandboxError(
                "bubblewrap cannot limit CPUs here: it takes root and a control group that can be "
                "written; leave out --cpus or use a container engine."
            )
        self.not_isolated: tuple[str, ...] = (
            UNFILTERED,
            *(sentence for name, sentence in NO_LIMIT.items() if name in missing),
            *([] if self._own_user else [SAME_USER]),
        )

    def _groups(self) -> list[cgroup.Group]:
        return cgroup.plan(self._mounts, self._limits, cgroup.name_ours())

    @contextlib.contextmanager
    def open(self) -> Iterator[Link]:
        """Yield a Link to the agent of a new sandbox; everything of it is gone afterwards."""
        cgroup.sweep(self._mounts)
        process = start_keeper(self._wanted())
        try:
            stream = PipeStream(process)
            with contextlib.suppress(BrokenPipeError):  # it has ended: the link says why
                stream.send(boot.source())
            with contextlib.closing(Link(stream)) as link:
                yield link
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def _wanted(self) -> dict[str, Any]:
        uid = random.choice(UIDS) if self._own_user else None
        groups = self._groups()
        return wanted(
            [
                *command(self._bwrap, self._root, own_user=self._own_user, groups=groups),
                *(LESS if self._own_user else ()),
                *boot.command("/usr/bin/python3", "/lab", uid),
            ],
            groups=groups,
            mounts=[(f"{self._root}{folder}", words) for folder, words in TMPFS.items()],
        )


def command(
    bwrap: str, folder: Path, *, own_user: bool, groups: Sequence[cgroup.Group] = ()
) -> list[str]:
    """Return the command line of bwrap(1), up to the command that runs in it.

    Network and IPC namespace, and every tmpfs, are the keeper's. The group of *groups* that limits
    memory is shown where a container shows its own: the agent looks how full it is. With *own_user*
    the agent keeps what it takes to observe another user; else it needs no capability, nor does it
    get one.
    """
    binds = [word for path in TMPFS for word in ("--bind", f"{folder}{path}", path)]
    kept = [*CAPABILITIES, "SETPCAP"] if own_user else []
    caps = [word for name in kept for word in ("--cap-add", f"CAP_{name}")]
    return [
        bwrap,
        *("--unshare-pid", "--unshare-uts", "--unshare-cgroup-try", "--hostname", "lab"),
        *("--ro-bind", str(folder), "/", "--proc", "/proc"),
        *("--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev", "--mqueue", "/dev/mqueue"),
        *binds,
        *_shown(groups),
        *("--remount-ro", "/dev", "--chdir", "/"),
        *("--die-with-parent", "--as-pid-1", "--new-session", "--cap-drop", "ALL", *caps),
        "--",
    ]


def _shown(groups: Sequence[cgroup.Group]) -> list[str]:
    for group in groups:
        if any(file.startswith("memory.") for file in group.limits):
            place = "/sys/fs/cgroup"
            place += "/memory" if "memory.limit_in_bytes" in group.limits else ""
            return ["--tmpfs", "/sys", "--ro-bind", group.folder, place, "--remount-ro", "/sys"]
    return []


def wanted(
    argv: list[str],
    groups: list[cgroup.Group] | None = None,
    mounts: list[tuple[str, str]] | None = None,
) -> dict[str, Any]:
    """Return what the keeper is told; *mounts* are folders and mount options, each for a tmpfs."""
    return {
        "user": os.geteuid() != 0,
        "groups": [[group.folder, dict(group.limits)] for group in groups or []],
        "mounts": [[folder, *mount_options(words)] for folder, words in mounts or []],
        "sysctls": {name.replace(".", "/"): value for name, value in SYSCTLS.items()},
        "limits": [
            (resource.RLIMIT_NOFILE, 4096),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_NPROC, PIDS * 4),
        ],
        "argv": argv,
        "env": {"PATH": PATHS, **boot.ENVIRONMENT},
    }


def mount_options(words: str) -> tuple[int, str]:
    """Cut mount options, as the engine takes them, into the flags and the data of mount(2)."""
    options = words.split(",")
    flags = sum(MS_FLAGS.get(option, 0) for option in options)
    return flags, ",".join(option for option in options if "=" in option)


def start_keeper(wanted: dict[str, Any]) -> subprocess.Popen[bytes]:
    """Start the keeper; what it starts has our end of its standard streams.

    Raises:
        SandboxError: there is no Python to start.
    """
    try:
        return subprocess.Popen(
            # without site: it must start as fast as it can
            [sys.executable, "-I", "-S", str(KEEPER), marshal.dumps(wanted).hex()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is sent to ours
        )
    except OSError as error:
        raise SandboxError(f"the keeper of bubblewrap cannot be started: {error}") from error


def ensure_bubblewrap(say: Say = keep_quiet, *, proven: bool = False) -> str:
    """Give the path of bwrap(1), installing it first where that may be done.

    Args:
        say: told what takes long.
        proven: it has made sandboxes here: trying one now would only take time.

    Raises:
        SandboxError: it is not there and may not be installed, or cannot make a sandbox here.
    """
    if platform.system() != "Linux":
        raise SandboxError("bubblewrap needs Linux: use a container engine.")
    if host.command_path("bwrap") is None:
        host.install([PACKAGE], say)
    reason = "" if proven else why_not()
    if reason:
        raise SandboxError(f"bubblewrap cannot make a sandbox here: {reason.rstrip('.')}.")
    return host.command_path("bwrap") or "bwrap"


def why_not() -> str:
    """Say why bubblewrap makes no sandbox here; "" if it does. A sandbox is tried, of `true`."""
    found = host.command_path("bwrap") if platform.system() == "Linux" else None
    if found is None:
        return "it is not installed"
    if os.geteuid() != 0 and _kernel() < OLDEST_FOR_A_PERSON:
        return "without root it needs Linux 5.14, where each sandbox has a count of its processes"
    probe = [found, "--ro-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--dev", "/dev"]
    process = start_keeper(wanted([*probe, "--", "true"]))
    try:
        _, said = process.communicate(timeout=PROBE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return f"it did not come up within {PROBE_S:.0f} s"
    last = (said.decode(errors="replace").strip().splitlines() or [""])[-1]
    return "" if process.returncode == 0 else last or f"it ended with {process.returncode}"


def _kernel() -> tuple[int, int]:
    numbers = re.match(r"(\d+)\.(\d+)", platform.release())
    return (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def _group_mounts() -> list[cgroup.Mount]:
    with contextlib.suppress(OSError):
        own = Path("/proc/self/cgroup").read_text()
        return cgroup.mounts(Path("/proc/self/mountinfo").read_text(), own)
    return []
