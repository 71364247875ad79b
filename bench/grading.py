"""How many submissions a minute: `python -m bench.grading [SIZE ...]`, beside the usual way.

The submissions are the right ways of fork_echo in C, each built anew. The usual way is one test for
each check, with testinfra's docker backend and a container for each test; as many graders of it run
at once as forklab grades at a time, and each does no more than build, start, talk once and look at
the processes once.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from bench.timing import machine
from forklab import labs
from forklab.batch.run import at_once
from forklab.sandbox.choose import choose
from forklab.session import checks_of

LAB = "fork_echo"
SIZES = (10, 30)
MINUTE_S = 60.0
KIB = 1 << 10
RIGHT = ("plain", "ppoll", "no_child_wait", "signalfd", "close_on_exec")
USUAL = """
import subprocess, time, uuid
import pytest, testinfra

@pytest.fixture
def host():
    name = "usual-" + uuid.uuid4().hex
    run = ["docker", "run", "-d", "--name", name, "--network", "none",
           "--label", "forklab.owner=usual", {image!r}, "sleep", "600"]
    subprocess.run(run, check=True, capture_output=True)
    try:
        subprocess.run(["docker", "cp", {source!r}, name + ":/tmp/server.c"], check=True,
                       capture_output=True)
        yield testinfra.get_host("docker://" + name)
    finally:
        subprocess.run(["docker", "rm", "-f", name], check=True, capture_output=True)

@pytest.mark.parametrize("number", range({checks}))
def test_check(host, number):
    assert host.run("gcc -O1 -g -Wall -o /tmp/server /tmp/server.c").rc == 0
    host.run("sh -c '/tmp/server 7000 >/dev/null 2>&1 &'")
    end = time.monotonic() + 20
    while not host.socket("tcp://0.0.0.0:7000").is_listening and time.monotonic() < end:
        pass
    assert host.run("echo hello | nc -q 1 127.0.0.1 7000").stdout == "hello\\n"
    assert host.process.filter(comm="server")
"""


class Rate(NamedTuple):
    """How fast, and how much memory the largest of its processes took at most."""

    what: str
    submissions: int
    seconds: float
    peak_kib: int = 0

    @property
    def a_minute(self) -> float:
        """Submissions a minute."""
        return self.submissions / self.seconds * MINUTE_S

    def line(self, base: float) -> str:
        """Return its row; *base*: the rate that is called 1."""
        peak = f"{self.peak_kib / KIB:>6.0f} MiB" if self.peak_kib else " " * 10
        return (
            f"  {self.what:<44} {self.submissions:>5} {self.seconds:>8.1f} {self.a_minute:>9.1f}"
            f" {base / self.a_minute:>7.1f} {peak}"
        )


def hand_in(folder: Path, size: int) -> Path:
    """Make a folder of *size* submissions, no two alike."""
    folder.mkdir()
    sources = [(labs.read(LAB).folder / f"right/{name}.c").read_text() for name in RIGHT]
    for number in range(size):
        text = f"/* {number} */\n{sources[number % len(sources)]}"
        (folder / f"student-{number:03}.c").write_text(text)
    return folder


def forklab(kind: str, size: int, scratch: Path) -> Rate:
    """Grade so many submissions in sandboxes of *kind*."""
    folder = hand_in(scratch / f"{kind}-{size}", size)
    command = [sys.executable, "-m", "forklab", "grade", LAB, str(folder)]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--sandbox", kind, "--runs", str(scratch / "runs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.monotonic() - began
    if f"{size} pass" not in said:
        sys.exit(f"not all passed:\n{said}")
    return Rate(f"forklab grade, {kind}", size, seconds, usage.ru_maxrss)


def usual(image: str, many: int, scratch: Path) -> Rate:
    """Grade *many* submissions at once by a test and a container for each check."""
    source = hand_in(scratch / "usual", 1) / "student-000.c"
    text = USUAL.format(image=image, source=str(source), checks=len(checks_of(LAB)))
    test = scratch / "test_usual.py"
    test.write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    began = time.monotonic()
    # in the folder of the test: another project's settings and plugins are not the usual way's
    running = [
        subprocess.Popen(
            [*command, "-c", os.devnull, f"--rootdir={scratch}"],
            cwd=scratch,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        for _ in range(many)
    ]
    for process in running:
        said, _ = process.communicate()
        if process.returncode:
            sys.exit(f"the usual way failed:\n{said.decode(errors='replace')[-2000:]}")
    what = "pytest, testinfra, a container for each test"
    return Rate(what, many, time.monotonic() - began)


def main(sizes: Sequence[int]) -> None:
    """Print what was measured, one row after the other."""
    print(machine())
    print(f"{'':<46} {'many':>5} {'seconds':>8} {'a minute':>9} {'slower':>7} {'peak':>10}")
    image = choose("docker", print).image
    choose("bubblewrap", print)
    with tempfile.TemporaryDirectory(prefix="forklab-bench-") as folder:
        base = 0.0
        for kind in ("docker", "bubblewrap"):
            for size in sizes:
                found = forklab(kind, size, Path(folder))
                base = base or found.a_minute
                print(found.line(base), flush=True)
        print(usual(image, at_once(None), Path(folder)).line(base))
    print(machine())


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]] or SIZES)
