"""What an instructor copies to a platform: it names what there is, and always leaves a result."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from forklab import labs
from forklab.emitters.formats import FORMATS
from tests import platforms
from tests.documents import HERE

FOLDER = HERE / "docs/platforms"
FILES = [path for path in sorted(FOLDER.rglob("*")) if path.is_file()]
WRITES = """
for word; do case $word in *=*) printf '%s' "$RESULT" > "${word#*=}";; esac; done
exit 1
"""


def text_of_all() -> str:
    """Everything that is to be copied, in one."""
    return "\n".join(path.read_text() for path in FILES)


def test_every_format_that_is_written_exists_and_every_platform_is_shown() -> None:
    named = set(re.findall(r"--write[\" ,f]*([a-z0-9-]+)=", text_of_all()))
    assert named <= set(FORMATS)
    assert named >= {"github-actions", "markdown", "junit", "prairielearn", "autolab"}
    table = (FOLDER / "README.md").read_text()
    assert [name for name in FORMATS if f"`{name}`" not in table] == []


def test_every_lab_that_is_named_exists() -> None:
    named = re.findall(r"LAB[=:\" ]+(\w+_\w+)|(?:grade|run\.sh) (\w+_\w+)", text_of_all())
    assert named
    assert {word for pair in named for word in pair if word} <= set(labs.names())


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Put a shell program in place of forklab."""

    def put(program: str, result: str = "") -> None:
        path = tmp_path / "bin/forklab"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{program}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("RESULT", result)

    return put


def at_prairielearn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: int) -> Any:
    """Call run.sh as PrairieLearn does; return the results."""
    monkeypatch.setenv("GRADE", str(tmp_path / "grade"))
    words = [str(FOLDER / "prairielearn/run.sh"), "fork_echo", str(seconds)]
    subprocess.run(words, check=True, timeout=60)
    results = tmp_path / "grade/results"
    assert [path.name for path in results.iterdir()] == ["results.json"]
    return platforms.prairielearn((results / "results.json").read_text())


def test_run_sh_hands_over_what_forklab_found(  # type: ignore[no-untyped-def]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in
) -> None:
    stand_in(WRITES, '{"score": 0.5, "tests": []}')
    assert at_prairielearn(tmp_path, monkeypatch, 60)["score"] == 0.5


@pytest.mark.parametrize(("program", "status"), [("exit 3", 3), ("read x < pipe", 124)])
def test_run_sh_is_not_gradable_when_there_is_no_result(  # type: ignore[no-untyped-def]
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stand_in, program: str, status: int
) -> None:
    os.mkfifo(tmp_path / "pipe")  # whoever opens it waits for ever
    monkeypatch.chdir(tmp_path)
    stand_in(program)
    found = at_prairielearn(tmp_path, monkeypatch, 1)
    assert found["gradable"] is False
    assert f"ended with status {status}" in found["format_errors"][0]


def test_prairielearn_waits_longer_than_our_own_limit() -> None:
    options = json.loads((FOLDER / "prairielearn/info.json").read_text())["externalGradingOptions"]
    ours = int(options["entrypoint"].split()[-1])
    assert ours + 20 < options["timeout"]


def at_autolab(tmp_path: Path) -> str:
    """Run make as an Autolab job does; return what it prints."""
    subprocess.run(
        ["tar", "cf", "autograde.tar", "--files-from=/dev/null"], cwd=tmp_path, check=True
    )
    words = ["make", "-s", "-f", str(FOLDER / "autolab/autograde-Makefile")]
    environment = {name: value for name, value in os.environ.items() if "MAKE" not in name}
    done = subprocess.run(
        words, cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


def test_the_makefile_prints_the_scores_last(tmp_path: Path, stand_in) -> None:  # type: ignore[no-untyped-def]
    stand_in(f"echo noise\n{WRITES}", 'words\n{"scores": {"forklab": 7}, "scoreboard": [7]}\n')
    assert platforms.autolab(at_autolab(tmp_path)) == {"forklab": 7}


def test_the_makefile_prints_a_score_when_there_is_no_result(  # type: ignore[no-untyped-def]
    tmp_path: Path, stand_in
) -> None:
    stand_in("exit 3")
    text = at_autolab(tmp_path)
    assert platforms.autolab(text) == {"forklab": 0}
    assert "was not judged" in text


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("echo '::notice title=forklab::PASS' > annotations.txt", 0),
        ("echo '::error title=echoes::seen' > annotations.txt", 1),
        ("echo '::error title=not judged::' > annotations.txt; exit 3", 3),
        ("exit 2", 2),
    ],
)
def test_the_job_of_an_actions_workflow_is_red_when_something_failed(  # type: ignore[no-untyped-def]
    tmp_path: Path, stand_in, program: str, status: int
) -> None:
    stand_in(program)
    (tmp_path / "bin/uuidgen").write_text("#!/bin/sh\necho 1\n")
    (tmp_path / "bin/uuidgen").chmod(0o755)
    step = (FOLDER / "grade.yml").read_text().partition("        run: |\n")[2]
    script = textwrap.dedent(step.partition("      - uses:")[0])
    done = subprocess.run(["bash", "-e", "-c", script], cwd=tmp_path, capture_output=True)
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize(("status", "expected"), [(0, 0), (1, 0), (3, 3), (2, 3)])
def test_classroom_50_gets_no_result_when_we_could_not_look(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, expected: int
) -> None:
    called: list[list[str]] = []

    def run(words: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        called.append(words)
        (tmp_path / "result.json").write_text("{}")
        return subprocess.CompletedProcess(words, status)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(subprocess, "run", run)
    found = runpy.run_path(str(FOLDER / "classroom50/autograder.py"), run_name="copied")
    assert found["main"]() == expected
    assert (tmp_path / "result.json").exists() == (expected == 0)
    assert [words[1:3] for words in called] == [["-P", "-m"]] * 2


@pytest.mark.parametrize("path", [FOLDER / "prairielearn/run.sh"], ids=lambda path: path.name)
def test_what_is_copied_and_called_is_executable(path: Path) -> None:
    assert os.access(path, os.X_OK)
    subprocess.run(["sh", "-n", path], check=True)
