"""A process that outlives the harness while a container is being made.

A container that runs ends with its input. One that was created and not yet started has no agent
to notice that its harness was killed: the guard does, and removes it. It sleeps in a read of a
pipe whose other end is the harness's, and needs docker-py only when that end is closed.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from types import TracebackType

SESSION = "forklab.session"
DISMISSED = b"."
WAIT_S = 15.0
LOOK_S = 0.25
# without site: it must start as fast as it can
SCRIPT = """
import sys
session, sys.path = sys.argv[1], sys.argv[2:]
if sys.stdin.buffer.read(1) != b".":
    from forklab.sandbox.guard import remove
    remove(session)
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

    def dismiss(self) -> None:
        """The container runs: from now on its agent notices our end."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(DISMISSED)
            self._process.stdin.flush()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Wait until it has ended; undismissed, it removes the container first."""
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(WAIT_S + 5.0)


def remove(session: str) -> None:
    """Remove the container of *session*, which may still be in the making, for WAIT_S."""
    from forklab.sandbox import engine

    found = engine.survey()
    if found.client is None:
        return
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if engine.remove_containers(found.client, f"{SESSION}={session}"):
            return
        threading.Event().wait(LOOK_S)
