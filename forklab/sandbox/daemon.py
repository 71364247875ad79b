"""The engine's daemon: what is installed, and how it is started so that it outlives us."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from forklab import tree
from forklab.errors import SandboxError
from forklab.sandbox import host
from forklab.sandbox.host import Say
from forklab.sandbox.places import DOCKER_SOCKET, ROOT_PODMAN_SOCKET, Candidate, connect

if TYPE_CHECKING:
    from docker import DockerClient

STARTS_WITHIN_S = 60
LOOK_EVERY_S = 0.1

# What dockerd is started with by hand, in the order of trying: as it is; without touching the
# network, which a bare machine cannot give and no lab needs; with the slowest, surest storage.
_NO_NETWORK = ("--iptables=false", "--ip6tables=false", "--bridge=none")
ATTEMPTS: tuple[tuple[str, ...], ...] = ((), _NO_NETWORK, (*_NO_NETWORK, "--storage-driver=vfs"))


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


def start_docker(before: Sequence[str], say: Say) -> DockerClient:
    """Start dockerd; *before* are the words that make a command root's.

    Raises:
        SandboxError: it does not come up; its log or its last words are named.
    """
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
    _mount_cgroups(before, say)
    log = host.cache_folder() / "dockerd.log"
    dockerd = host.command_path("dockerd") or "dockerd"
    mine = ("--group", str(os.getgid())) if before else ()  # else only root may use its socket
    commands = [[*before, dockerd, *flags, *mine] for flags in ATTEMPTS]
    return _start_by_hand(commands, place, log, say)


def _mount_cgroups(before: Sequence[str], say: Say) -> None:
    """Mount the control groups where nobody has; if that fails, dockerd's log will say so."""
    if " - cgroup" in Path("/proc/self/mountinfo").read_text():
        return
    say("mounting the control groups on /sys/fs/cgroup")
    script = tree.root() / "docker" / "mount-cgroups.sh"
    subprocess.run([*before, "sh", str(script)], capture_output=True, check=False)


def start_podman(say: Say) -> DockerClient:
    """Start Podman's service, as whoever we are."""
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    path = ROOT_PODMAN_SOCKET if os.getuid() == 0 else f"{runtime}/podman/podman.sock"
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
    process.returncode = 0  # it outlives us, and Popen would warn that it still runs
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
    user = str(os.getuid())
    say("giving you the engine: you join the group docker, and own its socket until it restarts")
    name = subprocess.run(["id", "-un"], capture_output=True, text=True, check=False).stdout
    for words in (["usermod", "-aG", "docker", name.strip()], ["chown", user, DOCKER_SOCKET]):
        subprocess.run([*before, *words], capture_output=True, check=False)
