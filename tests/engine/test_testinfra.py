"""Testinfra in a scenario: its answers come from the sandbox, over the agent's stream."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from testinfra.host import Host

from forklab import labs
from forklab.errors import SandboxError
from forklab.program.lab import Lab
from forklab.program.program import Program
from forklab.program.testinfra_backend import host_of
from tests.start_state import lab_on

pytestmark = pytest.mark.engine

SCENARIO = """
from forklab.checks.declare import check
from testinfra import get_host
from testinfra.host import Host


class TestForkEcho:
    lab = "fork_echo"

    @check("shows-its-host", "core")
    def test_it_shows_its_host(self, lab, host):
        \"\"\"The host is the sandbox. As testinfra names it.\"\"\"
        assert isinstance(host, Host)
        server = lab.start()
        assert host.backend.NAME == "forklab"
        assert host.socket(f"tcp://0.0.0.0:{server.port}").is_listening


def test_elsewhere_it_is_what_testinfra_means():
    assert get_host("local://").backend.NAME == "local"
"""


@pytest.fixture
def program(sandbox: Lab) -> Iterator[Program]:
    """Start the reference."""
    lab = lab_on(sandbox.link, labs.read("prefork").program)
    lab.spec = labs.read("prefork").spec
    yield lab.start()
    lab.reset()


@pytest.fixture
def host(sandbox: Lab) -> Host:
    """Give testinfra's view of the sandbox."""
    return host_of(sandbox.link)


def test_processes_sockets_files_and_commands(program: Program, host: Host) -> None:
    servers = host.process.filter(comm="python3", uid=str(program.link.hello["program_uid"]))
    assert sorted(found.pid for found in servers) == sorted(p.pid for p in program.stable().live)
    assert host.process.get(pid=program.pid).args == " ".join(program.argv)
    assert host.socket(f"tcp://0.0.0.0:{program.port}").is_listening
    assert not host.socket("tcp://0.0.0.0:1").is_listening
    source = host.file("/lab/program/server.py")
    assert source.is_file
    assert source.user == "root"
    assert source.content_string == labs.read("prefork").program.read_text()
    assert host.file(f"/proc/{program.pid}/cwd").linked_to.startswith("/lab/work-")
    found = host.run("printf %s; echo twice >&2; exit 3", "a 'quoted' word")
    assert (found.rc, found.stdout, found.stderr) == (3, "a 'quoted' word", "twice\n")
    assert host.run("kill -9 $$").rc == 137


def test_much_output_is_whole_and_far_too_much_is_told(host: Host) -> None:
    assert len(host.run("head -c 5000000 /dev/zero").stdout_bytes) == 5_000_000
    with pytest.raises(SandboxError, match="printed more than can be kept"):
        host.run("head -c 50000000 /dev/zero")


def test_its_commands_are_never_among_the_processes_of_the_program(
    program: Program, host: Host
) -> None:
    before = program.stable()
    running = program.link.submit(
        "run", argv=["/bin/sh", "-c", "setsid sleep 0.2 & sleep 0.1; ps"], env={"PATH": "/usr/bin"}
    )
    while True:
        seen = program.snapshot()
        assert seen.by_key.keys() == before.by_key.keys()
        assert seen.ends.keys() == before.ends.keys()
        if "sleep" not in host.run("ps -A -o comm").stdout:
            break
    program.link.result(running)


def test_in_a_scenario_host_is_ours(tmp_path: Path) -> None:
    conftest = Path(labs.__file__).parent.parent / "scenarios" / "conftest.py"
    (tmp_path / "conftest.py").write_text(conftest.read_text())
    (tmp_path / "test_fork_echo.py").write_text(SCENARIO)
    words = ["-q", "-p", "no:cacheprovider", "-c", "/dev/null", str(tmp_path)]
    found = subprocess.run(
        [sys.executable, "-m", "pytest", *words], capture_output=True, text=True, timeout=100
    )
    assert "2 passed" in found.stdout, found.stdout
