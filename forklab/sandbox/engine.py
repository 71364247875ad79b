"""Find the container engine; start it or install it where that is allowed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from docker.errors import APIError, NotFound

from forklab.errors import SandboxError
from forklab.sandbox import advice, daemon, host, places
from forklab.sandbox.host import Say, keep_quiet

if TYPE_CHECKING:
    from docker import DockerClient

PACKAGES = ("docker.io", "iptables", "mount")  # the last is missing in the barest roots only
LABEL = "forklab.owner=forklab"
CONFLICT = 409


@dataclass(frozen=True)
class Found:
    """What looking for an engine gave: a client that answers, or why none does."""

    client: DockerClient | None
    named_by: str
    problem: str


def find_engine(
    *, may_start: bool = True, may_install: bool = True, say: Say = keep_quiet
) -> DockerClient:
    """Give a client of the first engine that answers; start or install one if none does.

    The client's calls give up after 20 s. The caller closes it.

    Raises:
        SandboxError: there is none; one sentence says what to do on this system.
    """
    found = survey()
    if found.client:
        return found.client
    if found.named_by == "DOCKER_HOST" or not may_start:
        raise SandboxError(found.problem)
    with host.only_one("engine", "another forklab is starting the engine: waiting for it", say):
        found = survey()
        if found.client:
            return found.client
        return _start(found.problem, may_install, say)


def survey() -> Found:
    """Look for an engine that answers, and change nothing."""
    denied = ""
    uid = os.getuid() if hasattr(os, "getuid") else 0
    for place in places.candidates(os.environ, Path.home(), uid):
        try:
            return Found(places.connect(place), place.named_by, "")
        except SandboxError as error:
            if "Permission denied" in str(error):
                denied = denied or advice.may_not_use(place.url)
            if place.named_by == "DOCKER_HOST":
                return Found(None, "DOCKER_HOST", advice.wrong_docker_host(place.url, str(error)))
    problem = denied or advice.no_engine(host.this_host(), os.environ, daemon.installed())
    return Found(None, "", problem)


def would_set_up(found: Found) -> str:
    """Say what `find_engine` would do about what `survey` found; empty when it could not help."""
    here = host.this_host()
    there = daemon.installed()
    if found.named_by or "Permission denied" in found.problem:
        return ""
    if here.system != "Linux" or (there != "podman" and host.as_root(here) is None):
        return ""
    if there:
        return f"starts {there}"
    if host.why_not_install(here, os.environ):
        return ""
    packages = " ".join(PACKAGES)
    return f"installs {packages} with apt-get and starts dockerd (unless FORKLAB_INSTALL=never)"


def remove_containers(client: DockerClient, label: str = LABEL) -> int:
    """Remove every container with *label*, running or not, and say how many there were."""
    removed = 0
    for container in client.api.containers(all=True, filters={"label": label}):
        remove_container(client, container["Id"])
        removed += 1
    return removed


def remove_container(client: DockerClient, container: str) -> None:
    """Remove *container*, running or not, if it is still there."""
    try:
        client.api.remove_container(container, force=True)
    except NotFound:  # it ended meanwhile, and the engine removes it then
        pass
    except APIError as error:  # the engine is just removing it by itself
        if error.status_code != CONFLICT:
            raise


def _start(problem: str, may_install: bool, say: Say) -> DockerClient:
    """Start what is installed, or install it first; *problem* is said when neither can be."""
    here = host.this_host()
    if here.system != "Linux" or "Permission denied" in problem:
        raise SandboxError(problem)
    if not daemon.installed():
        if not may_install or host.why_not_install(here, os.environ):
            raise SandboxError(problem)
        host.install(PACKAGES, say)
    if daemon.installed() == "podman":
        return daemon.start_podman(say)
    before = host.as_root(here)
    if before is None:
        raise SandboxError(problem)
    return daemon.start_docker(before, say)
