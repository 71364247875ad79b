"""What a person may hand in: one clear sentence each, and never a trace of ours."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from forklab import labs
from forklab.errors import CheckFailure
from forklab.program.lab import Lab
from forklab.program.program import HELLO, Program
from tests.harness import Harness
from tests.start_state import lab_on

pytestmark = pytest.mark.engine

ECHO = labs.read("fork_echo").program.read_text()
C_ECHO = r"""
#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv) {
    int listener = socket(AF_INET, SOCK_STREAM, 0), port = argc > 1 ? atoi(argv[1]) : 0;
    struct sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 5))
        return 1;
    for (;;) {
        char bytes[4096];
        int unused, conn = accept(listener, NULL, NULL);
        ssize_t size;
        while ((size = read(conn, bytes, sizeof bytes)) > 0)
            write(conn, bytes, size);
        close(conn);
    }
}
"""
MAKEFILE = "server: server.c\n\tcc -o $@ $<\n"
X86_64, AARCH64, EXECUTABLE, RELOCATABLE = 0x3E, 0xB7, 2, 1
BOMB = "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass\n"
BOM = b"\xef\xbb\xbf"


def elf(kind: int, machine: int) -> bytes:
    """Return the head of an ELF file and nothing behind it."""
    return b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", kind, machine) + bytes(100)


def crlf(text: str) -> bytes:
    """Return *text* as an editor on Windows writes it."""
    return BOM + text.replace("\n", "\r\n").encode()


@pytest.fixture
def hand_in(sandbox: Lab, tmp_path: Path) -> Callable[..., Lab]:
    """Write files, and hand in the first one, or the folder that it is in."""

    def hand_in(files: dict[str, str | bytes], name: str | None = None) -> Lab:
        for file, content in files.items():
            path = tmp_path / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(0o755)
        return lab_on(sandbox.link, tmp_path / (next(iter(files)) if name is None else name))

    return hand_in


RUNS: dict[str, dict[str, str | bytes]] = {
    "python": {"server.py": ECHO},
    "python with CRLF": {"server.py": crlf(ECHO)},
    "c": {"server.c": C_ECHO},
    "c with CRLF": {"server.c": crlf(C_ECHO)},
    "c++": {"server.cpp": C_ECHO},
    "korean": {"이름 있는 서버.c": C_ECHO},
    "korean python": {"이름 있는 서버.py": ECHO},
    "an option": {"-v.py": ECHO},
    "shell": {"it's $HOME.c": C_ECHO},
    "script": {"server": "#!/usr/bin/env python3\n" + ECHO},
}


@pytest.mark.parametrize("files", RUNS.values(), ids=RUNS)
def test_it_runs(hand_in: Callable[..., Lab], files: dict[str, str | bytes]) -> None:
    program = hand_in(files).start()
    assert program.connect().exchange(HELLO) == HELLO


def test_a_folder_with_a_makefile_runs(hand_in: Callable[..., Lab]) -> None:
    lab = hand_in({"folder/Makefile": MAKEFILE, "folder/server.c": C_ECHO}, "folder")
    assert lab.start().connect().exchange(HELLO) == HELLO


@pytest.mark.skipif(shutil.which("cc") is None, reason="this machine has no C compiler of its own")
def test_an_executable_runs(sandbox: Lab, tmp_path: Path) -> None:
    (tmp_path / "server.c").write_text(C_ECHO)
    built = subprocess.run(["cc", "-static", "-o", "server", "server.c"], cwd=tmp_path, check=False)
    if built.returncode != 0:
        pytest.skip("this machine cannot link a static program")
    program = lab_on(sandbox.link, tmp_path / "server").start()
    assert program.connect().exchange(HELLO) == HELLO


def test_warnings_are_shown_and_fail_nothing(hand_in: Callable[..., Lab]) -> None:
    assert "unused variable" in hand_in({"server.c": C_ECHO}).built().warnings


def test_a_build_that_leaves_a_process_behind_is_not_waited_for(
    hand_in: Callable[..., Lab],
) -> None:
    makefile = MAKEFILE + "\t(setsid sleep 1000 &)\n"
    program = hand_in({"f/Makefile": makefile, "f/server.c": C_ECHO}, "f").start()
    assert len(program.stable().processes) == 1


FAILS: dict[str, tuple[dict[str, str | bytes], str]] = {
    "compile error": ({"a.c": "int main(void) { retrun 0; }"}, "(first use in this function)"),
    "no main": ({"a.c": "int f(void) { return 0; }"}, "undefined reference to `main'"),
    "no header": ({"a.c": '#include "b.h"\n'}, "b.h: No such file or directory"),
    "c++ error": ({"a.cpp": "int main() { retrun 0; }"}, "was not declared in this scope"),
    "other machine": ({"a": elf(EXECUTABLE, AARCH64)}, "a is an executable for aarch64"),
    "object file": ({"a.o": elf(RELOCATABLE, X86_64)}, "it was not linked"),
    "broken file": ({"a": elf(EXECUTABLE, X86_64)}, "cannot be started: Exec format error"),
    "windows": ({"a.exe": b"MZ" + bytes(99)}, "a.exe is an executable for Windows"),
    "text": ({"a.txt": "hello"}, "a.txt is no program that can be started"),
    "script CRLF": ({"a": b"#!/bin/sh\r\n"}, "an interpreter whose name ends in CR"),
    "no interpreter": ({"a": "#!/usr/bin/ruby\n"}, "its first line names /usr/bin/ruby"),
    "ends": ({"a.py": "exit('no luck')"}, "it exited with status 1 before it listened; it printed"),
    "crashes": ({"a.c": "int main(void) { return *(int *)0; }"}, "it was killed by SIG"),
    "syntax": ({"a.py": "def main(:\n"}, "SyntaxError: invalid syntax"),
    "make fails": ({"f/Makefile": "all:\n\tfalse\n"}, "`make` exited with status 2"),
    "make forks": (
        {"f/Makefile": "all:\n\tpython3 bomb.py\n", "f/bomb.py": BOMB},
        "`make` forked without end",
    ),
    "make nothing": ({"f/Makefile": "all:\n\ttrue\n"}, "left no executable"),
    "empty folder": ({"f/README": ""}, "holds no Makefile, no C or C++ source"),
}


@pytest.mark.parametrize(("files", "sentence"), FAILS.values(), ids=FAILS)
def test_it_fails_with_a_sentence(
    hand_in: Callable[..., Lab], files: dict[str, str | bytes], sentence: str
) -> None:
    name = next(iter(files))
    with pytest.raises(CheckFailure) as caught:
        hand_in(files, name.partition("/")[0]).start()
    assert sentence in caught.value.seen
    assert "Traceback" not in caught.value.seen


def test_the_command_takes_the_program_that_the_manifest_names(tmp_path: Path) -> None:
    for name, text in (
        ("one.c", "int main(void) { return 3; }"),
        ("two.c", C_ECHO),
        ("submission.toml", 'main = "two.c"\n'),
    ):
        (tmp_path / "kim" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "kim" / name).write_text(text)
    words = ("fork-echo", str(tmp_path / "kim"), "--only", "echoes")
    status, said = Harness(tmp_path / "harness", *words).end()
    assert status == 0, said
    assert "-o two ./two.c" in said


def test_sources_in_a_folder_of_their_own_are_built_there(hand_in: Callable[..., Lab]) -> None:
    source = '#include "../include/a.h"\n' + C_ECHO
    files = {"f/src/server.c": source, "f/include/a.h": "", "f/README": ""}
    program = hand_in(files, "f").start()
    assert program.connect().exchange(HELLO) == HELLO


def test_what_is_no_file_is_said(sandbox: Lab, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path, sentence in (
        (tmp_path / "nothing.c", "there is no file or folder"),
        (tmp_path / "fifo", "is neither a file nor a folder"),
        (Path("/dev/zero"), "is neither a file nor a folder"),
    ):
        with pytest.raises(CheckFailure, match=sentence):
            lab_on(sandbox.link, path).start()


def launched(lab: Lab, within_s: float) -> Program:
    """Start it and wait for less long than usual."""
    program = lab.launch()
    program.wait_until_listening(within_s)
    return program


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("import signal\nsignal.pause()", "it does not listen on any port; it printed nothing"),
        (
            "import signal, socket\ns = socket.create_server(('', 8083))\nsignal.pause()",
            "it listens on port 8083, not on ",
        ),
        ("while True: print('x' * 10_000)", "it does not listen on any port; it printed: xxx"),
    ],
    ids=["silent", "elsewhere", "floods"],
)
def test_it_is_not_ready(hand_in: Callable[..., Lab], text: str, sentence: str) -> None:
    with pytest.raises(CheckFailure) as caught:
        launched(hand_in({"a.py": text}), 1.0)
    assert sentence in caught.value.seen
    assert len(caught.value.seen) < 1000


@pytest.mark.parametrize("program", ["nothing.c", "wrong.c"])
def test_the_command_says_fail_and_never_shows_a_trace(tmp_path: Path, program: str) -> None:
    (tmp_path / "wrong.c").write_text("int main(void) { retrun 0; }")
    status, said = Harness(tmp_path / "harness", "prefork", str(tmp_path / program)).end()
    assert status == 1, said
    assert "1 failed, 26 skipped" in said
    assert "Traceback" not in said
    assert "BROKEN" not in said
