"""A process that outlives the harness while a container is being made.

A container that runs ends with its input. One that was created and not yet started has no agent
to notice that its harness was killed: the guard does, and removes it. It sleeps in a read of a
pipe whose other end is the harness's, and needs docker-py only when that end is closed.

What it is told through the pipe: `?` a container is going to be created, its id once it is, `.`
it runs.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from types import TracebackType

SESSION = "forklab.session"
MAKING, RUNS = "?", "."
WAIT_S = 15.0
LOOK_S = 0.25
# without site: it must start as fast as it can
SCRIPT = """
import sys
session, sys.path = sys.argv[1], sys.argv[2:]
told = sys.stdin.read()
if told and not told.endswith("."):
    from forklab.sandbox.guard import remove
    remove(session, told.rpartition("?")[2])
"""


class Guard:
    """Stand by, from before the creation of the container of *session* until it runs."""

    def __init__(self, session: str) -> None:
        # a session of its own: Ctrl-C is sent to ours
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", SCRIPT, session, *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def __enter__(self) -> Guard:
        """Begin."""
        return self

    def tell(self, what: str) -> None:
        """Tell it how far the container is."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(what.encode())
            self._process.stdin.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until it has ended; it removes a container that does not run."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(WAIT_S + 5.0)


def remove(session: str, container: str) -> None:
    """Remove *container*; if its id is not known, look for it by its session for WAIT_S."""
    from forklab.sandbox import engine

    client = engine.survey().client
    if client is None:
        return
    if container:
        engine.remove_container(client, container)
        return
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if engine.remove_containers(client, f"{SESSION}={session}"):
            return
        threading.Event().wait(LOOK_S)
