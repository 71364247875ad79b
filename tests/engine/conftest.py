"""One container for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from docker import DockerClient

from forklab.program.lab import Lab
from forklab.sandbox import engine
from forklab.sandbox.choose import choose
from tests.start_state import PROGRAMS, lab_on


@pytest.fixture(scope="module")
def client() -> Iterator[DockerClient]:
    """Give a client of the engine, closed at the end."""
    client = engine.find_engine()
    yield client
    client.close()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Lab]:
    """Give a lab in a container of its own."""
    with choose("docker", lambda text: None).open() as link:
        yield lab_on(link, PROGRAMS / "silent.py")
