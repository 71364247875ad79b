"""The places where a container engine may listen, and how a client of one is opened."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import requests
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from forklab.errors import SandboxError

if TYPE_CHECKING:
    from docker import DockerClient

CALL_TIMEOUT_S = 20
ANSWERS_WITHIN_S = 5
DOCKER_SOCKET = "/var/run/docker.sock"
ROOT_PODMAN_SOCKET = "/run/podman/podman.sock"


@dataclass(frozen=True)
class Candidate:
    """A place where an engine may listen, and who named it."""

    url: str
    named_by: str
    options: Mapping[str, Any] = field(default_factory=dict)


def candidates(environment: Mapping[str, str], home: Path, uid: int) -> list[Candidate]:
    """List where to look, best first; DOCKER_HOST, when set, is the only place."""
    if environment.get("DOCKER_HOST"):
        options = kwargs_from_env(environment=dict(environment))
        url = options.pop("base_url", environment["DOCKER_HOST"])
        return [Candidate(url, "DOCKER_HOST", options)]
    places = list(_current_context(environment))
    runtime = environment.get("XDG_RUNTIME_DIR") or f"/run/user/{uid}"
    sockets = {
        DOCKER_SOCKET: "the default socket",
        f"{runtime}/docker.sock": "the socket of rootless Docker",
        f"{home}/.docker/run/docker.sock": "the socket of Docker Desktop",
        f"{home}/.colima/default/docker.sock": "the socket of Colima",
        ROOT_PODMAN_SOCKET: "the socket of Podman",
        f"{runtime}/podman/podman.sock": "the socket of rootless Podman",
    }
    known = {place.url for place in places}
    places += [
        Candidate(f"unix://{path}", name)
        for path, name in sockets.items()
        if f"unix://{path}" not in known
    ]
    return places


def _current_context(environment: Mapping[str, str]) -> Iterator[Candidate]:
    """Name the place that `docker context use` chose, unless it is the default socket."""
    try:
        options = ContextAPI.kwargs_from_context(environment=dict(environment))
    except (DockerException, OSError, ValueError):
        return  # a damaged context file: the known sockets are still worth a look
    url = options.pop("base_url", None)
    if url and not url.endswith(DOCKER_SOCKET):
        yield Candidate(url, "the docker context", options)


def connect(place: Candidate) -> DockerClient:
    """Open a client of the engine at *place*.

    Raises:
        SandboxError: nothing answers there within 5 s.
    """
    path = place.url.removeprefix("unix://")
    if path.startswith("/"):
        _demand_listener(path)
    try:
        client = docker.DockerClient(base_url=place.url, timeout=ANSWERS_WITHIN_S, **place.options)
    except (DockerException, requests.RequestException) as error:
        raise SandboxError(str(error)) from error
    client.api.timeout = CALL_TIMEOUT_S
    return client


def _demand_listener(path: str) -> None:
    """Demand that somebody listens at *path*: an engine that was killed leaves its socket there.

    docker-py 7.2 forgets to close its own socket when it is refused.
    """
    if not os.path.lexists(path):
        raise SandboxError(f"{path} does not exist")
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(ANSWERS_WITHIN_S)
        try:
            probe.connect(path)
        except OSError as error:
            raise SandboxError(f"nobody answers at {path}: {error.strerror or error}") from error
