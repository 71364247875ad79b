"""A program in the container starts in exactly the state that the labs promise."""

from __future__ import annotations

import pytest

from forklab.program.lab import Lab
from tests import start_state

pytestmark = pytest.mark.engine

CHOWN, DAC_READ_SEARCH, KILL, SETGID, SETUID, SYS_PTRACE = 0, 2, 5, 6, 7, 19


def test_a_program_starts_in_the_promised_state(sandbox: Lab) -> None:
    start = start_state.describe_start(sandbox)
    start_state.check_start(start)
    start_state.check_own_user(start)
    agents = (CHOWN, DAC_READ_SEARCH, KILL, SETGID, SETUID, SYS_PTRACE)
    # what its container could ever have; without new privileges it cannot have it
    assert int(start["status"]["CapBnd"][0], 16) == sum(1 << bit for bit in agents)


def test_each_start_has_a_fresh_folder(sandbox: Lab) -> None:
    first, second = (start_state.describe_start(sandbox)["cwd"] for _ in range(2))
    assert first != second
