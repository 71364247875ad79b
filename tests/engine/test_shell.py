"""`forklab shell`: a person's shell beside the program, and what is left of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.documents import HERE
from tests.harness import containers_of, until_empty

pytestmark = pytest.mark.engine

COMMAND = [sys.executable, "-m", "forklab", "shell"]
ROWS, COLUMNS = 31, 97
BROKEN = "int main(void) { return missing; }\n"


def environment() -> dict[str, str]:
    """Return ours, with the package of this checkout in front."""
    return {**os.environ, "PYTHONPATH": str(HERE), "TERM": "xterm"}


def typed(text: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Open a shell that reads *text* and no terminal."""
    return subprocess.run(
        [*COMMAND, *words],
        input=text,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


class Terminal:
    """A shell at a terminal of ours."""

    def __init__(self, *words: str) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [*COMMAND, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment(),
            start_new_session=True,
        )
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read what it shows until there is *text*, and forget it."""
        while text not in self.seen:
            self.seen += os.read(self.ours, 1 << 16).decode()
        self.seen = self.seen.partition(text)[2]

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.ours, keys.encode())


@pytest.fixture(scope="module", autouse=True)
def joined() -> None:
    """Skip all of it where the engine cannot let a second command join a container."""
    tried = typed("exit 0\n", "fork-echo")
    if "there can be no shell" in tried.stderr:
        assert tried.returncode == 3
        pytest.skip("this engine leads a second command to other files: it runs in a chroot")


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A shell of the echo server, at its prompt."""
    found = Terminal("fork-echo")
    try:
        found.until("[fork_echo] # ")
        yield found
    finally:
        found.process.kill()
        found.process.wait()
        with contextlib.suppress(OSError):
            os.close(found.ours)


def test_commands_from_a_file_are_done_beside_the_program() -> None:
    done = typed(
        "echo hello | nc -N localhost $PORT\n"
        "ps -o pid=,args= $PID; cat /proc/1/comm; readlink /proc/$PID/fd/1; ls; echo bad >&2\n"
        "command -v ps ss strace nc less | wc -l\n"
        "exit 7\n",
        "fork-echo",
    )
    assert done.returncode == 7, done.stderr
    said, _, printed = done.stdout.partition("everything in it.\n")
    assert "command   python3 server.py 7000" in said
    assert len(said.splitlines()) < 24
    assert max(map(len, said.splitlines())) <= 80
    hello, row, *rest = printed.splitlines()
    assert hello == "hello"
    assert row.endswith("python3 server.py 7000")
    assert rest == ["tini", "/tmp/output.txt", "server.py", "5"]
    assert done.stderr == "bad\n"


def test_a_program_of_ones_own_is_built_and_what_it_prints_is_in_the_file(tmp_path: Path) -> None:
    source = tmp_path / "my.c"
    source.write_text(
        "#include <stdio.h>\n"
        "int main(void) { printf(\"it prints\\n\"); for (;;) getchar(); }\n"
    )  # fmt: skip
    done = typed("cat $OUTPUT\n", "fork-echo", str(source))
    assert "; but 5 s after its start it does not listen on any port" in done.stdout
    assert done.stdout.endswith("everything in it.\nit prints\n")


def test_a_program_that_cannot_be_built_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "my.c").write_text(BROKEN)
    done = typed("", "fork-echo", str(tmp_path / "my.c"))
    assert done.returncode == 1
    assert done.stderr.startswith("forklab: expected a program that can be built and started, but")


def test_a_terminal_has_our_size_and_our_keys(terminal: Terminal, client: DockerClient) -> None:
    terminal.type("stty size; tty\r")
    terminal.until(f"{ROWS} {COLUMNS}\r\n")
    terminal.until("/dev/pts/")
    fcntl.ioctl(terminal.ours, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 60, 0, 0))
    os.killpg(terminal.process.pid, signal.SIGWINCH)
    terminal.type("until [ \"$(stty size)\" = '20 60' ]; do :; done; echo fit''s\r")
    terminal.until("fits\r\n")
    terminal.type("sh -c \"echo it runs'' now; exec sleep 1000\"\r")
    terminal.until("it runs now\r\n")
    terminal.type("\x03")  # Ctrl-C ends what runs there, and not the shell
    terminal.until("[fork_echo] # ")
    terminal.type("exit 5\r")
    assert terminal.process.wait(60) == 5
    assert containers_of(terminal.process.pid, client) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_a_shell_that_is_killed_leaves_nothing(
    terminal: Terminal, client: DockerClient, number: signal.Signals
) -> None:
    terminal.type("sleep 1000\r")
    terminal.until("sleep 1000\r\n")
    pid = terminal.process.pid
    assert len(containers_of(pid, client)) == 1
    terminal.process.send_signal(number)
    terminal.process.wait(60)
    assert until_empty(lambda: containers_of(pid, client)) == []
