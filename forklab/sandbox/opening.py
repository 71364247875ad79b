"""Open a sandbox while something else goes on: starting a container is mostly waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

from forklab.errors import LabBroken

from .choose import Sandbox, choose
from .link import Link


class Opening:
    """A sandbox that is on its way; as a context manager it is ended, whatever became of it."""

    def __init__(self, kind: str, say: Callable[[str], None]) -> None:
        """Find engine and image, and begin to open a sandbox of *kind*.

        Engine and image come first, in this thread: making them can take minutes, which a person
        may want to interrupt.
        """
        self._stack = ExitStack()
        self._found: tuple[Sandbox, Link] | None = None
        self._error: Exception | None = None
        self._thread: threading.Thread | None = None
        try:
            sandbox = choose(kind, say)
        except LabBroken as error:
            self._error = error
        else:
            self._thread = threading.Thread(target=self._open, args=(sandbox,), name="opening")
            self._thread.start()

    def _open(self, sandbox: Sandbox) -> None:
        try:
            self._found = sandbox, self._stack.enter_context(sandbox.open())
        except Exception as error:  # it belongs to whoever asks for the sandbox
            self._error = error

    def wait(self) -> tuple[Sandbox, Link]:
        """Return the sandbox and the link to its agent once it is open.

        Raises:
            SandboxError: there is none; every time that it is asked for.
        """
        if self._thread is not None:
            self._thread.join()
        if self._found is None:
            assert self._error is not None
            raise self._error
        return self._found

    def __enter__(self) -> Self:
        """Return itself; what is wrong is said by `wait`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox, also one that has not been open yet."""
        if self._thread is not None:
            self._thread.join()
        self._stack.close()
