"""What this machine has, what it lacks, and what it cannot do for the labs. Changes nothing."""

from __future__ import annotations

import os
import platform
import re
import socket
import struct
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from forklab.errors import SandboxError
from forklab.sandbox import bubblewrap, engine, image, root

if TYPE_CHECKING:
    from docker import DockerClient

WIDTH = 80
CAP_SYS_RESOURCE = 24
NETLINK_SOCK_DIAG = 4
SOCK_DIAG_BY_FAMILY = 20

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Finding:
    """One line of the doctor. ``stops`` when no lab can run as long as it is so."""

    word: Literal["ok", "missing", "limited"]
    text: str
    stops: bool = False

    def __str__(self) -> str:
        """Give the lines that a person reads: the word first, 80 columns."""
        return textwrap.fill(
            self.text,
            WIDTH,
            initial_indent=f"{self.word:<9}",
            subsequent_indent=" " * 9,
            break_on_hyphens=False,
            break_long_words=False,
        )


def examine() -> list[Finding]:
    """Look at everything once."""
    found = engine.survey()
    if not found.client:
        # an engine that DOCKER_HOST names is wanted, and nothing else
        instead = not found.named_by and not bubblewrap.why_not()
        missing = no_engine(found.problem, engine.would_set_up(found), instead=instead)
        return [missing, *_this_machine(local=True)]
    try:
        return list(_with_engine(found.client, found.named_by))
    except SandboxError as error:
        return [Finding("missing", f"engine: {error}", stops=True)]
    finally:
        found.client.close()


def labs_can_run(findings: Sequence[Finding]) -> bool:
    """Say whether a lab can run here, what forklab itself sets up at the first run included."""
    return not any(finding.stops for finding in findings)


def _with_engine(client: DockerClient, named_by: str) -> Iterator[Finding]:
    facts, version = image.engine_facts(client)
    local = facts.get("KernelVersion") == platform.release()
    yield Finding("ok", f"engine: {product(version)} at {named_by}")
    yield lab_image(image.recipe(client).tag, image.find_image(client))
    yield containers_kind(facts)
    yield kernel(str(facts.get("KernelVersion", "")))
    yield control_groups(facts)
    yield seccomp(facts.get("SecurityOptions") or [])
    yield architecture(str(facts.get("Architecture", "")), platform.machine())
    if local:
        yield from _this_machine(local=False)


def _this_machine(*, local: bool) -> Iterator[Finding]:
    """Look at what is asked of our own kernel; *local*: also what an engine would have told."""
    if platform.system() != "Linux":
        return
    if local:
        yield kernel(platform.release())
    yield socket_lists(_unix_diag_answers())
    yield user_namespaces(Path("/proc/sys"))
    yield without_engine(bubblewrap.why_not(), has_root=root.is_there())
    yield resource_capability(Path("/proc/self/status").read_text())


def no_engine(problem: str, would: str, *, instead: bool = False) -> Finding:
    """Judge that no engine answers.

    Args:
        problem: why, and what to do.
        would: what the first lab does about it.
        instead: bubblewrap can be the sandbox.
    """
    if would:
        return Finding(
            "missing",
            f"engine: none answers. The first lab {would}; to have it now: make images",
        )
    if instead:
        return Finding("missing", f"engine: {problem} Until then the sandbox is bubblewrap.")
    return Finding("missing", f"engine: {problem}", stops=True)


def without_engine(reason: str, *, has_root: bool) -> Finding:
    """Judge whether bubblewrap can be the sandbox; *reason*: why it cannot."""
    if reason:
        return Finding("limited", f"bubblewrap: {reason}; so labs need a container engine")
    if has_root:
        return Finding("ok", "bubblewrap: labs can run without an engine")
    return Finding(
        "ok",
        "bubblewrap: labs can run without an engine; the first one makes the root folder (a"
        " minute), or now: forklab images --sandbox bubblewrap",
    )


def product(version: Facts) -> str:
    """Name the engine and its version."""
    for part in version.get("Components") or []:
        if "podman" in str(part.get("Name", "")).lower():
            return f"Podman {part['Version']}"
    return f"Docker {version.get('Version', 'of unknown version')}"


def lab_image(tag: str, found: str | None) -> Finding:
    """Judge whether the lab image is there."""
    if found:
        return Finding("ok", f"image: {tag}")
    return Finding(
        "missing",
        f"image: {tag}. The first lab builds it (a minute); to have it now: make images, or "
        "without a network: forklab images --load FILE",
    )


def containers_kind(facts: Facts) -> Finding:
    """Judge whether the engine runs Linux containers."""
    kind = facts.get("OSType", "linux")
    if kind != "linux":
        return Finding(
            "missing", f"containers: {kind} only; switch the engine to Linux containers", stops=True
        )
    return Finding("ok", "containers: Linux")


def kernel(release: str) -> Finding:
    """Judge what the kernel tells about processes that end."""
    numbers = re.match(r"(\d+)\.(\d+)", release)
    version = tuple(map(int, numbers.groups())) if numbers else (0, 0)
    if version >= (6, 9):
        return Finding("ok", f"kernel {release}: tells when a process ended and was reaped (6.9)")
    if version >= (5, 3):
        return Finding(
            "limited",
            f"kernel {release}: a pidfd tells the end but not the reaping (that is 6.9), so forklab"
            " looks often; a process that is reaped very soon may be missed",
        )
    return Finding(
        "limited", f"kernel {release or 'unknown'}: no pidfd (that is 5.3), so forklab looks often"
    )


def control_groups(facts: Facts) -> Finding:
    """Judge whether the engine can limit memory and processes."""
    version = facts.get("CgroupVersion") or "of unknown version"
    lacking = [
        name
        for key, name in (("MemoryLimit", "memory"), ("PidsLimit", "processes"))
        if facts.get(key) is False
    ]
    if lacking:
        return Finding(
            "limited",
            f"cgroup {version}: no limit on {' and '.join(lacking)}, so a program that takes all"
            " can stop this machine",
        )
    return Finding("ok", f"cgroup {version}: memory and processes can be limited")


def seccomp(options: Sequence[str]) -> Finding:
    """Judge whether the engine filters system calls."""
    if any("seccomp" in option for option in options):
        return Finding("ok", "seccomp: the engine's filter of system calls is on")
    return Finding("limited", "seccomp: off, a program under test may use every system call")


def architecture(of_engine: str, of_host: str) -> Finding:
    """Judge whether programs built here run in the engine's containers."""
    same = {"amd64": "x86_64", "aarch64": "arm64"}
    of_engine, of_host = (same.get(name, name) for name in (of_engine, of_host.lower()))
    if of_engine == of_host:
        return Finding("ok", f"architecture: {of_engine}")
    return Finding(
        "limited",
        f"architecture: the engine runs {of_engine}, this machine is {of_host}: give programs as"
        " source, not built",
    )


def socket_lists(unix_diag: bool) -> Finding:
    """Judge whether the kernel says which Unix sockets are a pair."""
    if unix_diag:
        return Finding("ok", "sock_diag: the kernel tells which Unix sockets are a pair")
    return Finding(
        "limited",
        "sock_diag: no unix_diag in this kernel, so the checks that ask who holds the other end of"
        " a socket pair are skipped",
    )


def user_namespaces(sysctls: Path) -> Finding:
    """Judge whether a sandbox without a daemon would be possible."""

    def number(name: str, default: int) -> int:
        path = sysctls / name
        return int(path.read_text()) if path.is_file() else default

    allowed = (
        number("user/max_user_namespaces", 0) > 0
        and number("kernel/unprivileged_userns_clone", 1) == 1
        and number("kernel/apparmor_restrict_unprivileged_userns", 0) == 0
    )
    if allowed:
        return Finding("ok", "user namespaces: rootless engines can run")
    return Finding("limited", "user namespaces: closed, no rootless engine can run here")


def resource_capability(status: str) -> Finding:
    """Judge, from the text of /proc/self/status, whether limits can be raised again."""
    effective = re.search(r"^CapEff:\s*([0-9a-f]+)", status, re.MULTILINE)
    if effective and int(effective[1], 16) >> CAP_SYS_RESOURCE & 1:
        return Finding("ok", "SYS_RESOURCE: limits of processes can be raised")
    return Finding(
        "limited",
        "SYS_RESOURCE: this user does not have it, hard limits once lowered stay; no lab needs it",
    )


def _unix_diag_answers() -> bool:
    """Ask the kernel for the list of Unix sockets, as sock_diag(7) says."""
    request = struct.pack("=BBHIIIII", socket.AF_UNIX, 0, 0, 0xFFFFFFFF, 0, 4, 0, 0)
    header = struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, 0x301, 1, os.getpid())
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, NETLINK_SOCK_DIAG) as asked:
            asked.settimeout(1.0)
            asked.send(header + request)
            answer = asked.recv(1 << 16)
    except OSError:
        return False
    kind: int = struct.unpack_from("=IH", answer)[1]
    return kind == SOCK_DIAG_BY_FAMILY
