"""`forklab watch` and `forklab labs` on the real thing."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from docker import DockerClient

from forklab import labs
from tests.documents import HERE
from tests.harness import containers_of, until_empty

pytestmark = pytest.mark.engine

FORKLAB = [sys.executable, "-m", "forklab"]
NEVER_REAPS = "labs/fork_echo/mutants/never_reaps.py"


def environment() -> dict[str, str]:
    """Return ours, with the package of this checkout in front."""
    return {**os.environ, "PYTHONPATH": str(HERE), "TERM": "xterm"}


def start(*words: str, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start forklab in a session of its own, as a terminal's job is."""
    return subprocess.Popen(
        [*FORKLAB, *words],
        cwd=HERE,
        env=environment(),
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_each_change_is_a_picture_until_ctrl_c(client: DockerClient) -> None:
    process = start("watch", "fork-echo", NEVER_REAPS, "--clients", "1", "--every", "0.3")
    assert process.stdout is not None
    printed = ""
    for row in process.stdout:
        printed += row
        if "<-- ended, nobody waited for it" in row:
            break
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    assert "client-1 connects\n" in printed
    assert "connection of client-1" in printed
    assert "\x1b" not in printed
    assert containers_of(process.pid, client) == []


def test_a_program_that_ends_ends_it(tmp_path: Path) -> None:
    source = tmp_path / "short.py"
    source.write_text(
        "import socket, sys\n"
        "listener = socket.create_server(('', int(sys.argv[1])))\n"
        "listener.accept()\n"
    )
    process = start("watch", "fork-echo", str(source), "--every", "0.2")
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    assert "gone: parent" in printed
    assert "parent (pid" in printed.partition("It has ended:")[2]


@pytest.mark.parametrize(
    "name", [name for name in labs.names() if labs.read(name).spec.plays != "server"]
)
def test_a_program_that_reads_a_terminal_is_given_lines_until_it_ends(name: str) -> None:
    process = start("watch", name, "--clients", "2", "--every", "0.2")
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (0, "")
    assert "child" in printed
    assert "exited with status 0" in printed.partition("It has ended:")[2]


def test_a_program_that_does_not_listen_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "ends.py").write_text("print('no')\n")
    process = start("watch", "fork-echo", str(tmp_path / "ends.py"))
    printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (1, "")
    assert said.startswith("forklab: expected a process of the program listens on port")


def test_a_terminal_is_drawn_on_for_as_long_as_was_said() -> None:
    ours, theirs = pty.openpty()
    process = start("watch", "fork-echo", "--for", "1", stdout=theirs)
    os.close(theirs)
    seen = b""
    try:
        while part := os.read(ours, 1 << 16):
            seen += part
    except OSError:  # the other side was closed: how a terminal ends
        pass
    os.close(ours)
    process.communicate(timeout=60)
    assert process.returncode == 0
    assert b"\x1b[2K" in seen
    assert seen.count(b"listening socket, port") >= 2


def test_labs_that_are_interrupted_leave_nothing(client: DockerClient, tmp_path: Path) -> None:
    process = start("labs", "fork-echo", "prefork", "--at-once", "2", "--runs", str(tmp_path))

    def children() -> list[int]:
        found = Path(f"/proc/{process.pid}/task").glob("*/children")
        return [int(word) for path in found for word in path.read_text().split()]

    until_empty(lambda: [] if any(containers_of(pid, client) for pid in children()) else ["none"])
    begun = children()
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == "forklab: interrupted\n"
    assert printed.startswith("2 labs, 2 at a time")
    assert [pid for pid in begun if Path(f"/proc/{pid}").exists()] == []
    assert until_empty(lambda: [c for pid in begun for c in containers_of(pid, client)]) == []
