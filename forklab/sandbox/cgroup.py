"""Where a control group of our own can be made, and what it is told: version 1 and version 2.

Reads the texts of the kernel and decides; the groups are made and removed by the keeper of a
sandbox (see `keeper`), which outlives a harness that is killed.

Source: cgroups(7); Documentation/admin-guide/cgroup-v1/memory.rst and cgroup-v2.rst.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from forklab.agent import home

PERIOD_US = 100_000


class Limits(NamedTuple):
    """What a sandbox may take as a whole: bytes, processes, CPUs (None: all)."""

    memory: int
    pids: int
    cpus: float | None = None

    @property
    def controllers(self) -> tuple[str, ...]:
        """The controllers that it takes."""
        return ("memory", "pids") if self.cpus is None else ("memory", "pids", "cpu")


class Mount(NamedTuple):
    """A hierarchy of control groups: where it is mounted, and which of its groups is shown there.

    `controllers` are those that a new group below `folder` has.
    """

    version: int
    controllers: frozenset[str]
    folder: str


@dataclass(frozen=True)
class Group:
    """A group that is to be made: its folder, and file to value of its limits.

    A file that the kernel does not have is left out.
    """

    folder: str
    limits: Mapping[str, str] = field(default_factory=dict)


def name_ours() -> str:
    """Name a group so that everybody sees whose it is, and no other has the name."""
    return f"{home.name_of(os.getpid())}-{secrets.token_hex(4)}"


def mounts(mountinfo: str, own: str) -> list[Mount]:
    """Read where new groups can be made.

    Of version 1 that is below our own group. Of version 2 it is below the root of what is mounted:
    a group that has processes, as ours has, can give its children no controllers.

    Args:
        mountinfo: text of /proc/self/mountinfo (proc_pid_mountinfo(5)).
        own: text of /proc/self/cgroup.
    """
    groups = [line.split(":", 2) for line in own.splitlines() if line.count(":") >= 2]
    ours = {name: path for _, names, path in groups for name in names.split(",")}
    return [mount for line in mountinfo.splitlines() if (mount := _mount(line, ours)) is not None]


def _mount(line: str, ours: Mapping[str, str]) -> Mount | None:
    before, _, after = line.partition(" - ")
    words, kind = before.split(), after.split()
    if len(words) < 5 or len(kind) < 3:
        return None
    shown, folder = words[3], words[4]
    if kind[0] == "cgroup2":
        return Mount(2, frozenset(_read(f"{folder}/cgroup.subtree_control").split()), folder)
    if kind[0] != "cgroup":
        return None
    controllers = frozenset(kind[2].split(",")) & ours.keys()
    path = ours[min(controllers)] if controllers else "/"
    below = os.path.relpath(path, shown) if path.startswith(shown) else "."
    return Mount(1, controllers, os.path.normpath(f"{folder}/{below}"))


def _read(path: str) -> str:
    with contextlib.suppress(OSError):
        return Path(path).read_text()
    return ""


def plan(found: list[Mount], limits: Limits, name: str) -> list[Group]:
    """Say which groups called *name* limit what can be limited; none without root."""
    groups = []
    for mount in found:
        taken = [one for one in limits.controllers if one in mount.controllers]
        if taken and os.access(mount.folder, os.W_OK):
            files = {file: value for one in taken for file, value in _files(mount, one, limits)}
            groups.append(Group(f"{mount.folder}/{name}", files))
    return groups


def _files(mount: Mount, controller: str, limits: Limits) -> Iterator[tuple[str, str]]:
    """Give the files of *controller* in the order in which they must be written."""
    quota = int((limits.cpus or 0) * PERIOD_US)
    if controller == "pids":
        yield "pids.max", str(limits.pids)
    elif mount.version == 1 and controller == "memory":
        yield "memory.limit_in_bytes", str(limits.memory)
        yield "memory.memsw.limit_in_bytes", str(limits.memory)
    elif mount.version == 1:
        yield "cpu.cfs_period_us", str(PERIOD_US)
        yield "cpu.cfs_quota_us", str(quota)
    elif controller == "memory":
        yield "memory.max", str(limits.memory)
        yield "memory.swap.max", "0"
    else:
        yield "cpu.max", f"{quota} {PERIOD_US}"


def unlimited(groups: list[Group], limits: Limits) -> set[str]:
    """Name the controllers that *groups* do not limit."""
    files = {file.split(".")[0] for group in groups for file in group.limits}
    return set(limits.controllers) - files


def sweep(found: list[Mount]) -> list[str]:
    """Remove the groups of harnesses that are gone; return their names.

    One stays behind only if its keeper was killed, too. One that has processes stays: the kernel
    does not remove it.
    """
    swept = []
    for mount in found:
        with contextlib.suppress(OSError):
            for name in os.listdir(mount.folder):
                whose = home.NAME.fullmatch(name.rpartition("-")[0])
                if whose and not home.lives(whose[0], int(whose[2])):
                    with contextlib.suppress(OSError):
                        os.rmdir(f"{mount.folder}/{name}")
                        swept.append(name)
    return swept
