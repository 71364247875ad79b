"""Find the container engine; start it or install it where that is allowed.

Knows: where engines listen, how dockerd is started with and without a service manager.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import DockerException

import docker
from forklab.errors import SandboxError
from forklab.sandbox import host
from forklab.sandbox.apt_sources import command_path
from forklab.sandbox.host import Host, Say, keep_quiet

if TYPE_CHECKING:
    from docker import DockerClient

CALL_TIMEOUT_S = 20
STARTS_WITHIN_S = 60
LOOK_EVERY_S = 0.1
PACKAGES = ("docker.io", "iptables")
DEFAULT_SOCKET = "unix:///var/run/docker.sock"

# What dockerd is started with by hand, in the order of trying: as it is; without touching the
# network, which a bare machine cannot give and no lab needs; with the slowest, surest storage.
_NO_NETWORK = ("--iptables=false", "--ip6tables=false", "--bridge=none")
ATTEMPTS: tuple[tuple[str, ...], ...] = ((), _NO_NETWORK, (*_NO_NETWORK, "--storage-driver=vfs"))


@dataclass(frozen=True)
class Candidate:
    """A place where an engine may listen, and who named it."""

    url: str
    named_by: str
    options: Mapping[str, Any] = field(default_factory=dict)


def find_engine(
    *, may_start: bool = True, may_install: bool = True, say: Say = keep_quiet
) -> DockerClient:
    """Give a client of the first engine that answers; start or install one if none does.

    The client's calls give up after 20 s. The caller closes it.

    Raises:
        SandboxError: there is none; one sentence says what to do on this system.
    """
    client, problems = _first_that_answers(candidates(os.environ, Path.home()))
    if client:
        return client
    chosen = os.environ.get("DOCKER_HOST")
    if chosen:
        raise SandboxError(f"no engine answers at DOCKER_HOST={chosen} ({problems[0]}).")
    here = host.this_host()
    if denied(problems):
        raise SandboxError(_DENIED)
    if may_install and may_start and not command_path("dockerd") and not what_to_do(here, os.environ):
        host.install(PACKAGES, say)
    if may_start and command_path("dockerd"):
        return _start(here, say)
    raise SandboxError(what_to_do(here, os.environ) or _NOT_RUNNING)
