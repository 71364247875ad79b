"""Sandbox `inside`: the agent as a plain child process, where we already are in a container."""

from __future__ import annotations

import contextlib
import os
import random
import select
import shutil
import subprocess
import sys
import tempfile

from . import boot
from .link import Link

UIDS = range(20_000, 60_000)


class PipeStream:
    """The standard streams of a child process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()

    def send(self, data: bytes) -> None:
        """Write all of *data*."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._in, view) :]

    def receive(self, timeout_s: float) -> bytes:
        """Return what has come; b"" at the end."""
        if not select.select([self._out], [], [], timeout_s)[0]:
            raise TimeoutError
        return os.read(self._out, 1 << 18)

    def close(self) -> str:
        """End the agent by ending its input."""
        process = self._process
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        assert process.stderr is not None
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with process.stderr as pipe:
            return pipe.read().decode(errors="replace")


class Inside:
    """No isolation but what the place has; as root the program gets a user of its own."""

    kind = "inside"
    image = "none"
    not_isolated = (
        "the network, the process table and the files of this machine are shared with the program",
        "memory and the number of processes are not limited as a whole",
    )

    def __init__(self) -> None:
        self.python = "python3"

    @contextlib.contextmanager
    def open(self):  # type: ignore[no-untyped-def]
        """Yield a Link to a new agent; everything of it is gone afterwards."""
        folder = tempfile.mkdtemp(prefix="forklab-")
        os.chmod(folder, 0o755)
        uid = random.choice(UIDS) if os.geteuid() == 0 else None
        process = subprocess.Popen(
            boot.command(sys.executable, folder, uid),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath), **boot.ENVIRONMENT},
        )
        try:
            stream = PipeStream(process)
            stream.send(boot.source())
            link = Link(stream)
            try:
                yield link
            finally:
                link.close()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)
