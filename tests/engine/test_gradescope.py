"""The autograder for Gradescope in a container laid out as there: no Docker in it, half a CPU.

What setup.sh installs is given here instead: the lab image has the packages, and the modules of
this interpreter are mounted; the container has no network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from forklab import gradescope_zip, labs
from forklab.gradescope_zip import Settings
from forklab.sandbox.image import ensure_image
from tests import platforms
from tests.harness import open_folder

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

LAB = labs.read("fork_echo")
MIB = 1 << 20
PYTHON = """#!/bin/sh
PYTHONPATH="$PYTHONPATH:/modules" exec /usr/bin/python3 "$@"
"""


@pytest.fixture
def autograder() -> Iterator[Path]:
    """Give /autograder as Gradescope lays it out, with the zip of fork_echo."""
    with open_folder() as folder:
        base = folder / "autograder"
        for name in ("submission", "results"):
            (base / name).mkdir(parents=True)
        gradescope_zip.write(LAB, folder / "a.zip", Settings())
        with zipfile.ZipFile(folder / "a.zip") as archive:
            archive.extractall(base / "source")
        python = base / "venv/bin/python"
        python.parent.mkdir(parents=True)
        python.write_text(PYTHON)
        for path in (python, base / "source/run_autograder"):
            path.chmod(0o755)
        (base / "submission_metadata.json").write_text('{"id": 1}')
        yield base


def graded(client: DockerClient, base: Path, *capabilities: str) -> dict[str, Any]:
    """Run the autograder as Gradescope does, and return results.json."""
    container = client.containers.create(
        ensure_image(client),
        ["/usr/bin/python3", "/autograder/source/run_autograder"],
        network_mode="none",
        nano_cpus=500_000_000,
        mem_limit=768 * MIB,
        working_dir="/autograder",
        cap_add=list(capabilities),
        volumes={
            str(base): {"bind": "/autograder", "mode": "rw"},
            sysconfig.get_path("purelib"): {"bind": "/modules", "mode": "ro"},
        },
        labels={"forklab.owner": "tests"},
    )
    try:
        container.start()
        status = container.wait(timeout=500)["StatusCode"]
        said = container.logs().decode(errors="replace")
    finally:
        with contextlib.suppress(Exception):
            container.remove(force=True)
    assert status == 0, said
    path = base / "results/results.json"
    assert path.is_file(), said
    return platforms.gradescope(path.read_text())


@pytest.fixture(autouse=True)
def as_in_the_image() -> None:
    if sys.version_info[:2] != (3, 11) or os.geteuid() != 0:
        pytest.skip("the modules of this interpreter are not those of the image's")


def test_a_wrong_program_gets_what_it_deserves(client: DockerClient, autograder: Path) -> None:
    shutil.copy(LAB.folder / "mutants/reaps_once_per_signal.c", autograder / "submission/server.c")
    found = graded(client, autograder)
    failed = [test for test in found["tests"] if test.get("status") == "failed"]
    assert len(failed) == 2, failed
    assert all("zombie" in test["output"] for test in failed)
    assert 80 < found["score"] < 100


def test_a_right_program_gets_all_points_where_the_container_may_look_at_all(
    client: DockerClient, autograder: Path
) -> None:
    shutil.copy(LAB.folder / "right/plain.c", autograder / "submission/server.c")
    found = graded(client, autograder, "SYS_PTRACE")
    assert [test for test in found["tests"] if test.get("status") == "failed"] == []
    assert found["score"] == 100
