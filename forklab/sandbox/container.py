"""Sandbox `docker`: one locked-down container whose PID 1 is the agent.

Created with open standard input, attached before its start and removed by the engine when it
ends: a harness that dies by any signal leaves nothing, since the agent ends with its input. Until
the container runs, a guard stands by (see `guard`).
"""

from __future__ import annotations

import contextlib
import os
import random
import select
import socket
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from forklab.errors import SandboxError

from . import boot, multiplexed
from .guard import MAKING, RUNS, SESSION, Guard
from .link import Link

if TYPE_CHECKING:
    from docker import DockerClient

OWNER = "forklab.owner"
HARNESS = "forklab.harness"
UIDS = range(20_000, 60_000)
MIB = 1 << 20
# The memory limit stands well above the sum of all tmpfs: their pages count against it and no
# kill frees them, so a full disk would end the agent; and far above what a program may take, since
# the agent needs time to see and to kill one that takes more.
MEMORY = 2048 * MIB
TMPFS = {
    "/lab": "rw,exec,nosuid,nodev,size=64m,nr_inodes=20k,mode=755",
    "/tmp": "rw,exec,nosuid,nodev,size=32m,nr_inodes=5k,mode=1777",
    "/small": "rw,nosuid,nodev,size=1m,nr_inodes=1k,mode=755",
    # the engine's own knows no limit for empty files, and each takes a kilobyte of the kernel's
    "/dev/shm": "rw,noexec,nosuid,nodev,size=1m,nr_inodes=1k,mode=1777",
}
# the least that observing another user's processes takes; each proved by leaving it out
CAPABILITIES = ["SYS_PTRACE", "DAC_READ_SEARCH", "KILL", "SETUID", "SETGID", "CHOWN"]
PIDS = 1600
PATHS = "/usr/local/bin:/usr/bin:/bin"
# no TIME_WAIT: a program without SO_REUSEADDR finds its port free at the next start;
# ::1 is there for servers that are bound to it; small buffers make a slow reader felt early
SYSCTLS = {
    "net.ipv4.tcp_max_tw_buckets": "0",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "net.ipv4.tcp_wmem": "4096 131072 262144",
    "net.ipv4.tcp_rmem": "4096 131072 262144",
    "kernel.shmall": "4096",  # pages of System V memory: it outlives its processes, too
}


class AttachedStream:
    """The attached streams of a container: raw in, multiplexed out (Docker Engine API, attach)."""

    def __init__(self, channel: Any, why_gone: Callable[[], str]) -> None:
        # docker-py wraps the socket: reading the wrapper would lose what it has buffered, and the
        # socket stays open as long as the wrapper does
        self._channel = channel
        self._sock: socket.socket = getattr(channel, "_sock", channel)
        self._sock.settimeout(None)
        self._why_gone = why_gone
        self._buffer = bytearray()
        self._errors = bytearray()

    def send(self, data: bytes) -> None:
        """Write all of *data*."""
        self._sock.sendall(data)

    def receive(self, timeout_s: float) -> bytes:
        """Return what came on standard output; b"" at the end."""
        while True:
            data = self._take()
            if data:
                return data
            if not select.select([self._sock], [], [], timeout_s)[0]:
                raise TimeoutError
            more = self._sock.recv(1 << 18)
            if not more:
                return b""
            self._buffer += more

    def _take(self) -> bytes:
        """Cut whole multiplexed parts from the buffer; keep what was meant for standard error."""
        found = bytearray()
        for stream, part in multiplexed.take(self._buffer):
            if stream == multiplexed.STDERR:
                self._errors += part
            else:
                found += part
        return bytes(found)

    def why_gone(self) -> str:
        """Say why the stream may have ended."""
        return self._why_gone()

    def close(self) -> str:
        """End the agent's input, wait until the container has ended."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError, TimeoutError):
            while self.receive(15.0):
                pass
        self._sock.close()
        self._channel.close()
        return self._errors.decode(errors="replace")


class Container:
    """A container of the lab's image.

    Attributes:
        name: id of the open container, "" before.
    """

    kind = "docker"
    python = "python3"
    not_isolated: tuple[str, ...] = ()

    def __init__(
        self,
        client: DockerClient,
        image: str,
        cpus: float | None = None,
        init: tuple[str, ...] = (),
    ) -> None:
        """Use *client*, and close it at the end; *init* is PID 1 in the place of the agent."""
        self._client = client
        self._cpus = cpus
        self._init = init
        self.image = image
        self.name = ""

    @property
    def client(self) -> DockerClient:
        """The engine's client, for a second command in the open container."""
        return self._client

    @contextlib.contextmanager
    def open(self) -> Iterator[Link]:
        """Yield a Link to the agent of a new container; the container is gone afterwards."""
        import docker.errors
        import requests.exceptions

        sweep(self._client)
        session = uuid.uuid4().hex
        try:
            with Guard(session) as guard:
                self.name, stream = self._start(random.choice(UIDS), session, guard)
                guard.tell(RUNS)
        except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
            raise SandboxError(f"the engine could not start a container: {error}") from error
        try:
            stream.send(boot.source())
            with contextlib.closing(Link(stream)) as link:
                yield link
        finally:
            self._remove(self.name)
            self._client.close()

    def _start(self, uid: int, session: str, guard: Guard) -> tuple[str, AttachedStream]:
        """Create, attach, start: in this order, else the first frames are lost."""
        import docker.errors

        # what an engine does not know (rootless, other kernels) is left out, one by one
        for sysctls in (SYSCTLS, {"net.ipv4.tcp_max_tw_buckets": "0"}, {}):
            guard.tell(MAKING)
            container = self._create(uid, session, sysctls)
            guard.tell(container)
            stream = self._attach(container)
            try:
                self._client.api.start(container)
                return container, stream
            except docker.errors.APIError as error:
                self._remove(container)
                if "sysctl" not in str(error) or not sysctls:
                    raise
        raise AssertionError("the last try has no sysctls")

    def _create(self, uid: int, session: str, sysctls: dict[str, str]) -> str:
        from docker.types import LogConfig, Ulimit

        api = self._client.api
        host = api.create_host_config(
            read_only=True,
            network_mode="none",
            cap_drop=["ALL"],
            cap_add=CAPABILITIES,
            security_opt=["no-new-privileges"],
            tmpfs=TMPFS,
            mem_limit=MEMORY,
            memswap_limit=MEMORY,
            pids_limit=PIDS,
            nano_cpus=None if self._cpus is None else int(self._cpus * 1e9),
            ulimits=[
                Ulimit(name="nofile", soft=4096, hard=4096),
                Ulimit(name="core", soft=0, hard=0),
                # Podman would set its own, which an unprivileged engine may not
                Ulimit(name="nproc", soft=PIDS * 4, hard=PIDS * 4),
            ],
            log_config=LogConfig(type=LogConfig.types.NONE),
            sysctls=sysctls,
            auto_remove=True,
        )
        created = api.create_container(
            self.image,
            command=[*self._init, *boot.command("/usr/bin/python3", "/lab", uid)],
            stdin_open=True,
            detach=False,  # so that the container's input ends with ours
            user="0:0",
            working_dir="/",
            hostname="lab",
            environment={"PATH": PATHS, **boot.ENVIRONMENT},
            labels={OWNER: "forklab", HARNESS: _identity(), SESSION: session},
            host_config=host,
        )
        return str(created["Id"])

    def _attach(self, container: str) -> AttachedStream:
        channel = self._client.api.attach_socket(
            container, params={"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        )
        return AttachedStream(channel, self.why_gone)

    def why_gone(self) -> str:
        """Say why a stream to a container may have ended: ask the engine."""
        import docker.errors
        import requests.exceptions

        try:
            self._client.ping()
        except (docker.errors.DockerException, requests.exceptions.RequestException):
            return "the container engine does not answer any more; was it stopped?"
        return "the container has ended, though nobody had asked it to"

    def _remove(self, container: str) -> None:
        import docker.errors
        import requests.exceptions

        with contextlib.suppress(
            docker.errors.NotFound, docker.errors.APIError, requests.exceptions.RequestException
        ):
            self._client.api.remove_container(container, force=True)


def _identity() -> str:
    """Name this process so that it is not mixed up with a later one of the same pid."""
    return f"{_machine()} {os.getpid()} {_start_ticks(os.getpid())}"


def _machine() -> str:
    """Name what a pid is valid in: this boot, this pid namespace."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return f"{file.read().strip()}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:  # not Linux: the engine runs in a machine of its own
        return socket.gethostname()


def _start_ticks(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[19]
    except OSError:
        return "0"


def sweep(client: DockerClient, say: Callable[[str], None] = lambda text: None) -> int:
    """Remove containers whose harness is gone; return how many.

    They can stay behind only when the engine, or the guard, was killed at the same time as the
    harness.
    """
    removed = 0
    for found in client.api.containers(all=True, filters={"label": f"{OWNER}=forklab"}):
        machine, pid, ticks = (found["Labels"].get(HARNESS, "") + "  ").split(" ")[:3]
        if machine != _machine() or not pid.isdigit() or _start_ticks(int(pid)) == ticks:
            continue
        with contextlib.suppress(Exception):
            client.api.remove_container(found["Id"], force=True)
            removed += 1
            say(f"removed a container that a dead harness left behind: {found['Id'][:12]}")
    return removed
