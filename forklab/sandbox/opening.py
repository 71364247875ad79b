"""Open a sandbox while something else goes on: starting a container is mostly waiting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Self

from forklab.errors import LabBroken

from .choose import Sandbox, by_itself, choose
from .link import Link


class Opening:
    """A sandbox that is on its way; as a context manager it is ended, whatever became of it.

    Attributes:
        kind: of the sandbox, also where none was named.
    """

    def __init__(self, kind: str, say: Callable[[str], None], cpus: float | None = None) -> None:
        """Find engine and image, and begin to open a sandbox of *kind*, or of the one that is here.

        Engine and image come first, in this thread: making them can take minutes, which a person
        may want to interrupt.
        """
        self._stack = ExitStack()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="opening")
        self._found: Future[tuple[Sandbox, Link]] = Future()
        self.kind = kind or by_itself(say)
        try:
            sandbox = choose(self.kind, say, cpus)
        except LabBroken as error:
            self._found.set_exception(error)
        else:
            self._found = self._pool.submit(self._open, sandbox)

    def _open(self, sandbox: Sandbox) -> tuple[Sandbox, Link]:
        return sandbox, self._stack.enter_context(sandbox.open())

    def wait(self) -> tuple[Sandbox, Link]:
        """Return the sandbox and the link to its agent once it is open.

        Raises:
            SandboxError: there is none; every time that it is asked for.
        """
        return self._found.result()

    def is_lost(self) -> bool:
        """Whether it could not be opened, or was and has ended; False while it is on its way."""
        if not self._found.done():
            return False
        try:
            self.wait()[1].call("hello")
        except LabBroken:
            return True
        return False

    def __enter__(self) -> Self:
        """Return itself; what is wrong is said by `wait`."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the sandbox, also one that has not been open yet."""
        self._pool.shutdown()
        self._stack.close()
