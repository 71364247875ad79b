"""The stream to an agent that is a child process of the harness, or below one."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess


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

    def why_gone(self) -> str:
        """Say why the stream may have ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            status = self._process.wait(timeout=1.0)
            if status < 0:
                return f"it was killed by {signal.Signals(-status).name}"
        return "it ended by itself"

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
            return _rest(pipe.fileno())


def _rest(fd: int) -> str:
    """Read what is in a pipe, which somebody else may still hold open."""
    data = b""
    while select.select([fd], [], [], 0)[0] and (part := os.read(fd, 1 << 16)):
        data += part
    return data.decode(errors="replace")
