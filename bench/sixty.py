"""Sixty submissions graded in peace, killed five times, and beside busy loops: the same results.

`python -m bench.sixty [PATH ...]`; each PATH is one more submission. Prints every difference.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from bench.timing import machine
from forklab import labs, tree
from forklab.batch.places import opened

LAB = "fork_echo"
MANY = 60
KILLED, BUSY = 5, 4
UNBUILT = {
    "no-semicolon.c": "int main(void) { return 0 }\n",
    "no-main.c": "int serve(void) { return 0; }\n",
    "no-header.c": '#include "ours.h"\nint main(void) { return serve(); }\n',
    "no-python.py": "def main(:\n",
}
Verdicts = dict[str, dict[str, str]]


def hand_in(folder: Path, more: Sequence[Path]) -> Path:
    """Make the folder: what is given, the reference, and some of each other kind."""
    folder.mkdir()
    for name, text in UNBUILT.items():
        (folder / name).write_text(text)
    info = labs.read(LAB)
    hostile = tree.root() / "tests" / "programs" / "hostile"
    chosen = [*more, info.program]
    chosen += some((path for path in hostile.iterdir() if path.is_dir()), 6)
    chosen += some((path for path in hostile.iterdir() if path.is_file()), 10)
    chosen += some((info.folder / "right").iterdir(), 14)
    chosen += some((info.folder / "mutants").iterdir(), MANY - len(UNBUILT) - len(chosen))
    for path in chosen:
        copy = shutil.copytree if path.is_dir() else shutil.copy
        copy(path, folder / f"{path.parent.name}-{path.name}")
    return folder


def some(paths: Iterable[Path], many: int) -> list[Path]:
    """Return so many of *paths*, spread over the alphabet, the same each time."""
    every = sorted(path for path in paths if path.name[0].isalpha())
    return [every[number * len(every) // many] for number in range(many)]


def start(folder: Path, runs: Path) -> subprocess.Popen[bytes]:
    """Begin to grade, or go on."""
    command = [sys.executable, "-m", "forklab", "grade", LAB, str(folder), "--runs", str(runs)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def verdicts(runs: Path) -> Verdicts:
    """Return what the only batch below *runs* has, by submission and check."""
    [batch] = [path for path in (runs / "grade").iterdir() if not path.is_symlink()]
    with opened(batch) as store:
        return {
            record["submission"]: {
                "": record["verdict"],
                **{
                    check["id"]: check["verdict"]
                    for check in (record["run"] or {"checks": []})["checks"]
                },
            }
            for record in store.records()
        }


def differences(one: Verdicts, other: Verdicts) -> list[str]:
    """Return each verdict that is not the same in both."""
    found = [f"{name} is in one only" for name in sorted(one.keys() ^ other.keys())]
    for name in sorted(one.keys() & other.keys()):
        for check in sorted(one[name].keys() | other[name].keys()):
            pair = one[name].get(check, "-"), other[name].get(check, "-")
            if pair[0] != pair[1]:
                found.append(f"{name} {check}: {pair[0]}, then {pair[1]}")
    return found


@contextlib.contextmanager
def busy(many: int) -> Iterator[None]:
    """Keep *many* loops busy meanwhile."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(many)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def containers() -> int:
    """Count the containers of all harnesses."""
    command = ["docker", "ps", "-aq", "--filter", "label=forklab.owner=forklab"]
    return len(subprocess.run(command, capture_output=True, check=True).stdout.split())


def main(more: Sequence[Path]) -> None:
    """Grade three times and compare."""
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="forklab-sixty-") as scratch:
        folder = hand_in(Path(scratch) / "hand-in", more)
        began = time.monotonic()
        start(folder, Path(scratch) / "peace").wait()
        whole_s = time.monotonic() - began
        peace = verdicts(Path(scratch) / "peace")
        print(f"{len(peace)} submissions in {whole_s:.0f} s, {containers()} containers left")
        for name, found in sorted(peace.items()):
            failed = [check for check, verdict in found.items() if check and verdict == "FAIL"]
            print(f"  {found['']:7} {name}: {', '.join(failed)}"[:160])
        _killed(folder, Path(scratch) / "killed", whole_s, peace)
        began = time.monotonic()
        with busy(BUSY):
            start(folder, Path(scratch) / "busy").wait()
        _tell(f"beside {BUSY} busy loops, {time.monotonic() - began:.0f} s", peace,
              verdicts(Path(scratch) / "busy"))  # fmt: skip
    print(machine())


def _killed(folder: Path, runs: Path, whole_s: float, peace: Verdicts) -> None:
    lived = []
    for _ in range(KILLED):
        process = start(folder, runs)
        lives_s = random.uniform(0.5, whole_s / (KILLED + 1))
        lived.append(f"{lives_s:.1f}")
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(lives_s)
        process.kill()
        process.wait()
    start(folder, runs).wait()
    _tell(f"killed after {', '.join(lived)} s", peace, verdicts(runs))


def _tell(what: str, peace: Verdicts, other: Verdicts) -> None:
    found = differences(peace, other)
    print(f"{what}: {len(other)} results, {len(found)} differences, {containers()} containers left")
    for line in found:
        print(f"  {line}")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("FORKLAB_LANG", "en")
    main([Path(word) for word in sys.argv[1:]])
