"""What the documents show, run: the transcript, and each command at least once.

FORKLAB_RECORD=1 writes the transcript into README.md anew instead of comparing it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests import documents
from tests.documents import HERE
from tests.test_house import make

pytestmark = pytest.mark.engine

README = HERE / "README.md"
UNTOUCHED = ("-n", "-o", ".venv/.made-from-pyproject")


def forklab(*arguments: str, cwd: Path = HERE) -> subprocess.CompletedProcess[str]:
    """Run forklab as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "forklab", *arguments],
        cwd=cwd,
        env={**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(HERE)},
        capture_output=True,
        text=True,
        check=False,
    )


def behind_make(words: list[str]) -> list[str]:
    """Return the arguments of the forklab command that a make command stands for."""
    return shlex.split(make(*UNTOUCHED, *words))[1:]


def transcript() -> tuple[documents.Block, list[str], str]:
    """Return the block of README.md that is a transcript, its command, and what it printed."""
    (block,) = [b for b in documents.blocks(README.read_text()) if b.language == "console"]
    text = block.text.replace("\\\n", " ")
    command, _, printed = text.partition("\n")
    return block, shlex.split(command.removeprefix("$ ")), printed


def normal(text: str) -> str:
    """Return *text* without what differs from run to run: numbers of a run, and how lines break."""
    rules = (
        (r"Linux \S+ \S+", "Linux KERNEL"),
        (r"\S+/report\.txt", "RUN/report.txt"),
        (r"\d+\.\d+ s\b", "N s"),
        (r"looked \d+ times", "looked N times"),
        (r"\bpid \d+( to \d+)?", "pid N"),
        (r"(?m)^( +[\w-]+ +)\d+ +\d+( +[A-Z])", r"\1 N N \2"),
        (r"\b\d{4,5}\b", "PORT"),
    )
    for pattern, instead in rules:
        text = re.sub(pattern, instead, text)
    return " ".join(text.split())


def test_the_transcript_is_what_is_printed_now(tmp_path: Path) -> None:
    block, words, shown = transcript()
    done = forklab(*behind_make(words[1:]), "--runs", str(tmp_path))
    assert done.returncode == 1, done.stderr
    printed = done.stdout.replace(str(tmp_path), "runs")
    if os.environ.get("FORKLAB_RECORD"):
        _record(block, printed)
    else:
        assert normal(shown) == normal(printed)


def _record(block: documents.Block, printed: str) -> None:
    """Put *printed* below the command; of the kernel only what is not this machine's own."""
    lines = [line for line in block.text.splitlines(keepends=True)]
    last = next(i for i, line in enumerate(lines) if not line.endswith("\\\n"))
    fresh = "".join(lines[: last + 1]) + re.sub(r"(Linux \d+\.\d+)\S*", r"\1", printed)
    README.write_text(README.read_text().replace(block.text, fresh))
