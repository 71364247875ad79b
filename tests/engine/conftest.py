"""One sandbox of each kind for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from docker import DockerClient

from forklab.program.lab import Lab
from forklab.sandbox import engine
from forklab.sandbox.bubblewrap import why_not
from forklab.sandbox.choose import choose
from tests.start_state import PROGRAMS, lab_on


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    """Give a client of the engine, closed at the end."""
    client = engine.find_engine()
    yield client
    client.close()


@pytest.fixture(scope="module", params=["docker", "bubblewrap"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Give a lab in a sandbox of its own, once in each kind that isolates."""
    if request.param == "bubblewrap" and (reason := why_not()):
        pytest.skip(f"bubblewrap: {reason}")
    with choose(request.param, lambda text: None).open() as link:
        yield lab_on(link, PROGRAMS / "silent.py")
