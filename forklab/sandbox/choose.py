"""Give the sandbox that was asked for, or the best that is here."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from forklab.errors import SandboxError

from .link import Link

KINDS = ("docker", "bubblewrap", "inside")


class Sandbox(Protocol):
    """Something that yields a link to an agent, and says what it cannot isolate."""

    kind: str
    image: str
    not_isolated: tuple[str, ...]

    def open(self) -> AbstractContextManager[Link]:
        """Yield a link to a new agent; everything of it is gone afterwards."""


def choose(kind: str, say: Callable[[str], None], cpus: float | None = None) -> Sandbox:
    """Return a sandbox of *kind*; finds engine, image or root folder first where it needs them.

    Args:
        kind: one of KINDS; "": the one of `by_itself`.
        say: told what takes long.
        cpus: how much of the machine's CPUs a sandbox gets; None: all.

    Raises:
        SandboxError: there is no engine, no image or root folder can be made, or CPUs cannot be
            limited in it.
    """
    kind = kind or by_itself(say)
    if kind == "inside":
        from .inside import Inside

        if cpus is not None:
            raise SandboxError("the sandbox inside cannot limit CPUs: leave out --cpus.")
        return Inside()
    if kind == "bubblewrap":
        from .bubblewrap import Bubblewrap, ensure_bubblewrap
        from .root import ensure_root, is_there

        bwrap = ensure_bubblewrap(say, proven=is_there())
        return Bubblewrap(bwrap, ensure_root(say=say), cpus)
    from .container import Container
    from .engine import find_engine
    from .image import ensure_image

    client = find_engine(say=say)
    return Container(client, ensure_image(client, say=say), cpus)


def by_itself(say: Callable[[str], None]) -> str:
    """Name the kind for whoever named none: docker, or bubblewrap where only that is here.

    An engine that DOCKER_HOST names is wanted and no other sandbox; one that can be started or
    installed is set up, as ever.
    """
    from . import engine
    from .bubblewrap import why_not

    found = engine.survey()
    if found.client is not None:
        found.client.close()
        return "docker"
    if found.named_by or engine.would_set_up(found) or why_not():
        return "docker"  # which says what to do
    say("no container engine is here: the sandbox is bubblewrap")
    return "bubblewrap"
