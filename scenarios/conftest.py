"""Fixtures of the scenarios that other plugins have under the same name."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def host(lab_host: Any) -> Any:
    """Testinfra's view of the sandbox: a conftest is nearer than pytest-testinfra's own `host`."""
    return lab_host
