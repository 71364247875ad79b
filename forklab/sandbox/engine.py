"""Find the container engine; start it or install it where that is allowed.

Knows: where engines listen, how one is started with and without a service manager.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from docker.context import ContextAPI
from docker.errors import DockerException
from docker.utils import kwargs_from_env

import docker
from forklab.errors import SandboxError
from forklab.sandbox import advice, host
from forklab.sandbox.host import Say, keep_quiet

if TYPE_CHECKING:
    from docker import DockerClient

CALL_TIMEOUT_S = 20
ANSWERS_WITHIN_S = 5
STARTS_WITHIN_S = 60
LOOK_EVERY_S = 0.1
PACKAGES = ("docker.io", "iptables")
DOCKER_SOCKET = "/var/run/docker.sock"
ROOT_PODMAN_SOCKET = "/run/podman/podman.sock"

# What dockerd is started with by hand, in the order of trying: as it is; without touching the
# network, which a bare machine cannot give and no lab needs; with the slowest, surest storage.
_NO_NETWORK = ("--iptables=false", "--ip6tables=false", "--bridge=none")
ATTEMPTS: tuple[tuple[str, ...], ...] = ((), _NO_NETWORK, (*_NO_NETWORK, "--storage-driver=vfs"))

# Engines that we started and that outlive us. Kept, so that nobody warns that they still run.
_started: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Candidate:
    """A place where an engine may listen, and who named it."""

    url: str
    named_by: str
    options: Mapping[str, Any] = field(default_factory=dict)


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
    places = candidates(os.environ, Path.home(), _uid())
    for place in places:
        try:
            return Found(connect(place), place.named_by, "")
        except SandboxError as error:
            if "Permission denied" in str(error):
                denied = denied or advice.may_not_use(place.url)
            if place.named_by == "DOCKER_HOST":
                return Found(None, "DOCKER_HOST", advice.wrong_docker_host(place.url, str(error)))
    problem = denied or advice.no_engine(host.this_host(), os.environ, installed())
    return Found(None, "", problem)


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
        f"{runtime}/docker.sock": "rootless Docker",
        f"{home}/.docker/run/docker.sock": "Docker Desktop",
        f"{home}/.colima/default/docker.sock": "Colima",
        ROOT_PODMAN_SOCKET: "Podman",
        f"{runtime}/podman/podman.sock": "rootless Podman",
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
    if path.startswith("/") and not os.path.lexists(path):
        raise SandboxError(f"{path} does not exist")
    try:
        client = docker.DockerClient(base_url=place.url, timeout=ANSWERS_WITHIN_S, **place.options)
    except (DockerException, requests.RequestException) as error:
        raise SandboxError(str(error)) from error
    client.api.timeout = CALL_TIMEOUT_S
    return client


def installed() -> str:
    """Name the engine that is installed on this machine: dockerd, podman or nothing."""
    return next((name for name in ("dockerd", "podman") if host.command_path(name)), "")


def service_manager(root: Path = Path("/")) -> tuple[str, ...]:
    """Give the words that start Docker by the service manager that runs; none when none runs."""
    if (root / "run/systemd/system").is_dir():
        return ("systemctl", "start", "docker")
    if (root / "run/openrc").is_dir():
        return ("rc-service", "docker", "start")
    first = root / "proc/1/comm"
    is_init = first.is_file() and first.read_text().strip() == "init"
    if is_init and (root / "etc/init.d/docker").is_file():
        return ("service", "docker", "start")
    return ()


def _start(problem: str, may_install: bool, say: Say) -> DockerClient:
    """Start what is installed, or install it first; *problem* is said when neither can be."""
    here = host.this_host()
    if here.system != "Linux" or "Permission denied" in problem:
        raise SandboxError(problem)
    if not installed():
        if not may_install or host.why_not_install(here, os.environ):
            raise SandboxError(problem)
        host.install(PACKAGES, say)
    if installed() == "podman":
        return _start_podman(say)
    before = host.as_root(here)
    if before is None:
        raise SandboxError(problem)
    return _start_docker(before, say)


def _start_docker(before: Sequence[str], say: Say) -> DockerClient:
    place = Candidate(f"unix://{DOCKER_SOCKET}", "the default socket")
    words = service_manager()
    if words:
        say(f"starting the container engine: {' '.join(words)}")
        done = subprocess.run(
            [*before, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            reason = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
            raise SandboxError(f"{' '.join(words)} failed ({reason[-1].rstrip('.')}).")
        _let_me_in(before, say)
        pause = threading.Event()
        return _when_it_answers(place, lambda: pause.wait(LOOK_EVERY_S), " ".join(words))
    log = host.cache_folder() / "dockerd.log"
    dockerd = host.command_path("dockerd") or "dockerd"
    mine = ("--group", str(os.getgid())) if before else ()  # else only root may use its socket
    commands = [[*before, dockerd, *flags, *mine] for flags in ATTEMPTS]
    return _start_by_hand(commands, place, log, say)


def _start_podman(say: Say) -> DockerClient:
    """Start Podman's service, as whoever we are."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{_uid()}"
    path = ROOT_PODMAN_SOCKET if _uid() == 0 else f"{runtime}/podman/podman.sock"
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    command = [host.command_path("podman") or "podman", "system", "service", "--time=0"]
    place = Candidate(f"unix://{path}", "Podman")
    log = host.cache_folder() / "podman.log"
    return _start_by_hand([[*command, place.url]], place, log, say)


def _start_by_hand(
    commands: Sequence[Sequence[str]], place: Candidate, log: Path, say: Say
) -> DockerClient:
    """Start an engine that outlives us, with the first of *commands* that comes up."""
    for command in commands:
        say(f"starting the container engine: {' '.join(command)}")
        say(f"(its log: {log})")
        try:
            return _start_one(command, place, log)
        except SandboxError as error:
            problem = error
    name = Path(commands[-1][0]).name
    raise SandboxError(f"{name} does not come up: {problem} Last line: {host.last_line(log)}.")


def _start_one(command: Sequence[str], place: Candidate, log: Path) -> DockerClient:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # neither our Ctrl-C nor our terminal's end is for it
        )
    try:
        client = _when_it_answers(place, lambda: _ended(process), f"its log is {log}")
    except BaseException:
        process.terminate()
        process.wait()
        raise
    _started.append(process)
    return client


def _ended(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(LOOK_EVERY_S)
    except subprocess.TimeoutExpired:
        return False
    return True


def _when_it_answers(place: Candidate, pause: Callable[[], bool], where: str) -> DockerClient:
    """Wait until the engine answers; *pause* waits a little and says whether it has ended."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while True:
        try:
            return connect(place)
        except SandboxError as error:
            reason = error
        if pause():
            raise SandboxError(f"the engine ended at once; {where}.") from reason
        if time.monotonic() > deadline:
            raise SandboxError(
                f"the engine does not answer within {STARTS_WITHIN_S} s; {where}."
            ) from reason


def _let_me_in(before: Sequence[str], say: Say) -> None:
    """Let a person who started the engine with sudo use it, now and after the next login."""
    if not before:
        return
    user = str(_uid())
    say("giving you the engine: you join the group docker, and own its socket until it restarts")
    name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=False).stdout
    for words in (["usermod", "-aG", "docker", name.strip()], ["chown", user, DOCKER_SOCKET]):
        subprocess.run([*before, *words], capture_output=True, check=False)


def _uid() -> int:
    return os.getuid() if hasattr(os, "getuid") else 0
