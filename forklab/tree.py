"""Where the labs, the scenarios and the container's recipes are on disk."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """Find the folder that holds ``labs/``, ``scenarios/`` and ``docker/``.

    A wheel carries them in ``forklab/_tree``; in a checkout they stand beside the package.
    """
    carried = _PACKAGE / "_tree"
    return carried if carried.is_dir() else _PACKAGE.parent
