"""A harness of our own, as a process that can be killed, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import APIError

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
CAN_START = """
import forklab.cli, subprocess, sys
assert sys.version_info[:2] == {}
subprocess.run([sys.executable, "-c", ""], check=True)
"""
START = ["-c", "from forklab.cli import main; main()"]


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Give a new folder that every user can reach, as pytest's own are not."""
    with tempfile.TemporaryDirectory(prefix="tests-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


class Harness:
    """`forklab check`, or another command, as a process.

    All that it starts is told by *folder*.

    The folder is its TMPDIR: it is in its environment and the guard's, in the command line of an
    agent inside, and in the working folder of what that starts.
    """

    def __init__(
        self,
        folder: Path,
        *words: str,
        command: str = "check",
        prefix: Sequence[str] = (),
        python: str = sys.executable,
    ) -> None:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.folder = folder
        self._workers: set[int] = set()
        self.process = subprocess.Popen(
            [*prefix, python, *START, command, *words, "--runs", str(folder / "runs")],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={
                **os.environ,
                "TMPDIR": str(folder),
                "PYTHONPATH": os.pathsep.join(sys.path),
                "PYTHONUNBUFFERED": "1",
            },
        )

    def read_until(self, text: str) -> str:
        """Return what it prints up to the line that has *text*, or all of it."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if text in line:
                break
        return "".join(lines)

    def send(self, number: signal.Signals) -> None:
        """Send a signal as it comes: Ctrl-C to the whole group, another to the process."""
        if number is signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def wait(self, seconds: float) -> None:
        """Wait for its end, at most *seconds*; what it prints is read meanwhile."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.communicate(timeout=seconds)

    def kill_after(self, seconds: float) -> None:
        """Let it live for *seconds*, if it lives that long."""
        try:
            self.process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()

    def kill_with_workers_known(self) -> None:
        """Kill it, and remember which processes worked for it: their containers are its own."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        with contextlib.suppress(OSError):
            self._workers.update(map(int, children.read_text().split()))
        self.process.kill()
        self.process.communicate()

    def end(self, within_s: float = 60.0) -> tuple[int, str]:
        """Wait for its end; return its status and the rest of what it printed."""
        rest, _ = self.process.communicate(timeout=within_s)
        return self.process.returncode, rest

    def left(self, client: DockerClient | None = None) -> list[str]:
        """Return what it has left behind by now: containers, processes, folders, groups.

        A control group holds every process of its sandbox, so it is the last to go.
        """
        found = self.containers(client) if client is not None else []
        found += [f"process {pid}" for pid in _processes() if self._is_ours(pid)]
        found += control_groups_of(self.process.pid)
        return found + [str(path) for path in self.folder.glob("forklab-*")]

    def runs_in_its_container(self, client: DockerClient, command: str) -> bool:
        """Whether a process whose command line has *command* runs in its container now."""
        for container in self.containers(client):
            with contextlib.suppress(APIError):  # it does not run yet
                # No rows at all, and not an empty list: it has just ended, or just begun.
                # ww: an engine that was started with COLUMNS in its environment cuts the rows
                rows = client.api.top(container, "-eww -o pid,args")["Processes"] or []
                if any(command in row[-1] for row in rows):
                    return True
        return False

    def containers(self, client: DockerClient) -> list[str]:
        """Return the ids of its containers, running or not."""
        pids = {self.process.pid, *self._workers}
        return [name for pid in pids for name in containers_of(pid, client)]

    def _is_ours(self, pid: int) -> bool:
        mark = os.fsencode(str(self.folder))
        try:
            texts = [Path(f"/proc/{pid}/{name}").read_bytes() for name in ("cmdline", "environ")]
            texts.append(os.fsencode(os.readlink(f"/proc/{pid}/cwd")))
        except OSError:
            return False
        return any(mark in text for text in texts)


def containers_of(pid: int, client: DockerClient) -> list[str]:
    """Return the ids of the containers that a harness, process *pid*, has made and not removed."""
    labels = [
        (row["Id"], row["Labels"].get("forklab.harness", "").split())
        for row in client.api.containers(all=True, filters={"label": "forklab.owner=forklab"})
    ]
    return [name for name, words in labels if words[1:2] == [str(pid)]]


def control_groups_of(pid: int) -> list[str]:
    """Return the folders of the control groups that a harness, process *pid*, has made.

    Groups of others come and go meanwhile: os.walk passes over what is gone, and a glob does not.
    """
    return [
        f"{folder}/{name}"
        for folder, names, _ in os.walk("/sys/fs/cgroup")
        for name in names
        if name.startswith("forklab-") and name.split("-")[2] == str(pid)
    ]


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def until_empty(look: Callable[[], list[str]], within_s: float = 90.0) -> list[str]:
    """Return what *look* finds once that is nothing, or when the deadline has passed."""
    end = time.monotonic() + within_s
    pause = threading.Event()
    while (found := look()) and time.monotonic() < end:
        pause.wait(0.02)
    return found


def python_for_all() -> str:
    """Return a Python like this one that a user without rights can start; else skip."""
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    for python in (sys.executable, "/usr/bin/python3"):
        words = [*AS_NOBODY, python, "-c", CAN_START.format(sys.version_info[:2])]
        with contextlib.suppress(OSError):
            if subprocess.run(words, env=env, capture_output=True).returncode == 0:
                return python
    pytest.skip("no Python like this one can be started by another user")
