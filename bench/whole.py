"""A whole run, as a person starts it, split into what its checks demand to wait and the rest."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple


class WholeRun(NamedTuple):
    """One `forklab check`; seconds.

    Attributes:
        wall: from the start of the process to its end.
        waited: windows, and deadlines that had to pass, as the checks demand them.
        ready: what programs needed from their start until they listened.
        checks: how many there are.
    """

    wall: float
    waited: float
    ready: float
    checks: int

    @property
    def rest(self) -> float:
        """All that is not demanded."""
        return self.wall - self.waited


def run(lab: str, program: Path | None = None) -> WholeRun:
    """Run the checks of *lab* in a process of its own.

    Raises:
        RuntimeError: not everything passed: then its time says nothing.
    """
    command = [sys.executable, "-m", "forklab", "check", lab]
    if program is not None:
        command.append(str(program))
    with tempfile.TemporaryDirectory() as runs:
        began = time.monotonic()
        done = subprocess.run(
            [*command, "--json", "--runs", runs], capture_output=True, text=True, check=False
        )
        wall = time.monotonic() - began
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-500:]}")
    document = json.loads(done.stdout)
    return WholeRun(wall, document["waited_s"], document["ready_s"], document["total"])
