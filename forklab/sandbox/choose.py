"""Give the sandbox that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from .link import Link

KINDS = ("docker", "inside")


class Sandbox(Protocol):
    """Something that yields a link to an agent, and says what it cannot isolate."""

    kind: str
    image: str
    not_isolated: tuple[str, ...]

    def open(self) -> AbstractContextManager[Link]:
        """Yield a link to a new agent; everything of it is gone afterwards."""


def choose(kind: str, say: Callable[[str], None], cpus: float | None = None) -> Sandbox:
    """Return a sandbox of *kind*; finds the engine and the image first where it needs them.

    Args:
        kind: one of KINDS.
        say: told what takes long.
        cpus: how much of the machine's CPUs a container gets; None: all.

    Raises:
        SandboxError: there is no engine, or no image can be made.
    """
    if kind == "inside":
        from .inside import Inside

        return Inside()
    from .container import Container
    from .engine import find_engine
    from .image import ensure_image

    client = find_engine(say=say)
    return Container(client, ensure_image(client, say=say), cpus)
