"""The usual ways to ask the same: docker exec, testinfra's docker backend, a container per test."""

from __future__ import annotations

import io
import shutil
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import testinfra

from bench.timing import Timing, measure
from forklab import labs

if TYPE_CHECKING:
    from docker import DockerClient

PS = ["ps", "-eo", "pid,ppid,stat,args"]
PORT = 7000
READY_S = 20.0


def observations(client: DockerClient, image: str, times: int) -> tuple[list[Timing], list[str]]:
    """Ask a running container for its processes; return the timings, and what could not be."""
    found, missing = [], []
    with _container(client, image) as container:
        _until_it_listens(container)
        what = "docker exec ps, by docker-py"
        found.append(measure(what, lambda: container.exec_run(PS), times))
        if shutil.which("docker"):
            host = testinfra.get_host(f"docker://{container.id}")
            what = "testinfra's docker backend, host.run('ps')"
            found.append(measure(what, lambda: host.run("ps -eo pid,ppid,stat,args"), times))
            what = "testinfra's docker backend, host.process"
            found.append(measure(what, lambda: host.process.filter(comm="python3"), times))
        else:
            missing.append("testinfra's docker backend needs the docker command: not here")
    return found, missing


def container_per_test(client: DockerClient, image: str, times: int) -> Timing:
    """Give each check a container: create, start, wait until it listens, look once, remove."""

    def check() -> None:
        with _container(client, image) as container:
            _until_it_listens(container)
            container.exec_run(PS)

    return measure("a container per test, with one check in it", check, times)


@contextmanager
def _container(client: DockerClient, image: str) -> Iterator[Any]:
    """Run the reference of prefork in a container, as one does without an agent."""
    container = client.containers.create(
        image,
        ["python3", "/tmp/server.py", "4", str(PORT)],
        network_mode="none",
        labels={"forklab.owner": "forklab"},
    )
    try:
        container.put_archive("/tmp", _archive())
        container.start()
        yield container
    finally:
        container.remove(force=True)


def _archive() -> bytes:
    data = labs.read("prefork").program.read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("server.py")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _until_it_listens(container: Any) -> None:
    end = time.monotonic() + READY_S
    while f":{PORT}".encode() not in container.exec_run(["ss", "-Hltn"]).output:
        if time.monotonic() > end:
            raise TimeoutError(f"the program does not listen within {READY_S:.0f} s")
