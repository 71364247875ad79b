"""What machine this is, and how something is installed on it.

Knows: operating system, distribution, root or sudo, apt. Does not know: engines, images.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from forklab.errors import SandboxError

Say = Callable[[str], None]

APT_TIMEOUT_S = 900


def keep_quiet(line: str) -> None:
    """Say nothing; the default of everything here that could report progress."""


@dataclass(frozen=True)
class Host:
    """The facts about this machine that decide what can be done on it.

    ``distribution`` and ``family`` are ID and ID + ID_LIKE of os-release(5), ``system`` is
    ``Linux``, ``Darwin`` or ``Windows``.
    """

    system: str
    distribution: str = ""
    family: frozenset[str] = frozenset()
    codename: str = ""
    root: bool = False

    @property
    def has_apt(self) -> bool:
        """Say whether packages come from apt here."""
        return self.system == "Linux" and bool(self.family & {"debian", "ubuntu"})


@cache
def this_host() -> Host:
    """Read the facts of the machine we run on."""
    release: Mapping[str, str] = {}
    if platform.system() == "Linux":
        release = parse_os_release(_os_release_text())
    distribution = release.get("ID", "")
    return Host(
        system=platform.system(),
        distribution=distribution,
        family=frozenset([distribution, *release.get("ID_LIKE", "").split()]) - {""},
        codename=release.get("VERSION_CODENAME", ""),
        root=hasattr(os, "geteuid") and os.geteuid() == 0,
    )


def parse_os_release(text: str) -> dict[str, str]:
    """Read the assignments of os-release(5): name to value, quotes removed."""
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and line[0] != "#")
    return {name.strip(): "".join(shlex.split(value)[:1]) for name, value in pairs}


def _os_release_text() -> str:
    for path in (Path("/etc/os-release"), Path("/usr/lib/os-release")):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""


def cache_folder() -> Path:
    """Make, and name, the folder for our locks and logs; in the temporary folder if need be."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(base).expanduser() / "forklab"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a home that is missing or read-only, as in a grader's container
        folder = Path(tempfile.gettempdir()) / f"forklab-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


@contextmanager
def only_one(name: str, while_waiting: str, say: Say) -> Iterator[None]:
    """Let one process of this person at a time do what is called *name*; the others wait.

    The kernel drops the lock when its holder dies.
    """
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(while_waiting)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def command_path(name: str) -> str | None:
    """Find *name* on the path, and where root's commands are if the path leaves them out."""
    return shutil.which(name) or shutil.which(name, path="/usr/local/sbin:/usr/sbin:/sbin")


def as_root(host: Host) -> list[str] | None:
    """Give the words to put before a command that needs root; None when there is no way."""
    if host.root:
        return []
    try:
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)
    except FileNotFoundError:
        return None
    return ["sudo", "-n"] if asked.returncode == 0 else None


def why_not_install(host: Host, environment: Mapping[str, str]) -> str:
    """Say why nothing may be installed here; empty when it may (root is asked for later)."""
    if environment.get("FORKLAB_INSTALL") == "never":
        return "FORKLAB_INSTALL=never forbids installing"
    if not host.has_apt:
        return f"forklab installs only with apt, and this is {host.distribution or host.system}"
    return ""


def install(packages: Sequence[str], say: Say = keep_quiet) -> None:
    """Install Debian packages, after having said so.

    Raises:
        SandboxError: it is forbidden, impossible here, or apt-get failed (its log is named).
    """
    host = this_host()
    names = " ".join(packages)
    reason = why_not_install(host, os.environ)
    if reason:
        raise SandboxError(f"{names} must be installed first: {reason}.")
    before = as_root(host)
    if before is None:
        raise SandboxError(
            f"{names} must be installed first, which needs root: "
            f"run sudo apt-get install {names}, then try again."
        )
    say(f"installing with apt-get: {names} (FORKLAB_INSTALL=never forbids this)")
    _apt_get(before, ["update"])
    _apt_get(before, ["install", "-y", "--no-install-recommends", *packages])


def _apt_get(before: Sequence[str], arguments: Sequence[str]) -> None:
    log = cache_folder() / "apt.log"
    command = [*before, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]
    # a new machine may be updating itself at this moment: wait for its lock
    command += ["-o", "DPkg::Lock::Timeout=300", *arguments]
    with log.open("ab") as output:
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                timeout=APT_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise SandboxError(f"apt-get {arguments[0]} did not end well: {error}.") from error
    if done.returncode != 0:
        raise SandboxError(
            f"apt-get {arguments[0]} failed with status {done.returncode}: "
            f"{last_line(log, 'E:')} (all of it: {log})."
        )


def last_line(log: Path, start: str = "") -> str:
    """Give the last line of *log* that begins with *start*, or just the last, or nothing."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    lines = [line for line in lines if line] or ["it printed nothing"]
    chosen = [line for line in lines if line.startswith(start)] or lines
    return chosen[-1].rstrip(".")
