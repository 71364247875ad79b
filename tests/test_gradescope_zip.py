"""The autograder for Gradescope: what is in the zip, and that results.json is always left."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from forklab import gradescope_zip, labs
from forklab.cli import main
from forklab.errors import UsageError
from forklab.gradescope_zip import Settings
from tests import platforms
from tests.documents import HERE

CALLED = HERE / "forklab/platforms/gradescope"
FINDS = """
import json, pathlib, sys
out = sys.argv[sys.argv.index("--write") + 1].partition("=")[2]
pathlib.Path(out).write_text(json.dumps({"score": 7, "tests": [], "words": sys.argv[4:]}))
sys.exit(1)
"""
ALL = "(0, 5, 6, 7, 19)"  # of capabilities; there is none of number 63
WHO = """#!/bin/sh
for word; do out=${word#*=}; done  # --write FORMAT=FILE is last
printf '{"score": 1, "uid": %s, "handed_in": %s}' $(id -u) $(stat -c %u "$6/a.c") > "$out"
"""
FAILS = "import sys; sys.exit(3)"
HANGS = """
import signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as the child does then
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"])
signal.pause()
"""


@pytest.fixture(scope="module")
def archive() -> zipfile.ZipFile:
    """The zip of the lab prefork."""
    data = gradescope_zip.content(labs.read("prefork"), Settings())
    return zipfile.ZipFile(io.BytesIO(data))


def test_the_zip_is_the_same_bytes_twice(tmp_path: Path) -> None:
    info = labs.read("fork_echo")
    for name in ("a.zip", "b.zip"):
        gradescope_zip.write(info, tmp_path / name, Settings())
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.zip", "b.zip"]


def test_what_gradescope_calls_is_executable_and_at_the_root(archive: zipfile.ZipFile) -> None:
    for name in ("setup.sh", "run_autograder"):
        assert archive.getinfo(name).external_attr >> 16 == 0o100755
        assert archive.read(name) == (CALLED / name).read_bytes()
    assert archive.getinfo("forklab/cli.py").external_attr >> 16 == 0o100644


def test_the_zip_has_all_that_grading_needs_and_no_wrong_program(archive: zipfile.ZipFile) -> None:
    names = set(archive.namelist())
    assert {
        "forklab/cli.py", "scenarios/test_prefork.py", "labs/prefork/lab.toml",
        "labs/fork_echo/hints.ko.toml", "docker/packages.txt", "requirements.txt",
        "forklab/schemas/grades-1.schema.json",
    } <= names  # fmt: skip
    assert not [name for name in names if {"mutants", "right", "__pycache__"} & {*Path(name).parts}]
    assert "rubric.toml" not in names
    assert b"docker>=" in archive.read("requirements.txt")
    assert json.loads(archive.read("settings.json")) == {
        "lab": "prefork", "deadline_s": 480.0, "total_visible": False,
    }  # fmt: skip


def test_what_is_in_the_zip_runs_by_itself(archive: zipfile.ZipFile, tmp_path: Path) -> None:
    archive.extractall(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", "import forklab.tree as t; print(t.root())"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == tmp_path


def test_a_rubric_goes_along_once_it_was_read(tmp_path: Path) -> None:
    info = labs.read("fork_echo")
    data = gradescope_zip.content(info, Settings(HERE / "docs/rubric.toml"))
    found = zipfile.ZipFile(io.BytesIO(data)).read("rubric.toml")
    assert found == (HERE / "docs/rubric.toml").read_bytes()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text('hidden = ["echos"]')
    with pytest.raises(UsageError, match="did you mean 'echoes'"):
        gradescope_zip.content(info, Settings(wrong))


def test_the_command_says_where_the_zip_is(tmp_path: Path) -> None:
    path = tmp_path / "up.zip"
    done = CliRunner().invoke(
        main, ["gradescope", "fork-echo", "-o", str(path), "--deadline-s", "60", "--total-visible"]
    )
    assert (done.exit_code, done.output) == (
        0, f"{path}: upload it as the autograder of the assignment\n",
    )  # fmt: skip
    said = json.loads(zipfile.ZipFile(path).read("settings.json"))
    assert said == {"lab": "fork_echo", "deadline_s": 60.0, "total_visible": True}
    nowhere = CliRunner().invoke(main, ["gradescope", "fork-echo", "-o", str(path / "x.zip")])
    assert nowhere.exit_code == 2
    assert "Not a directory" in nowhere.output


def test_setup_is_a_shell_program_that_stops_at_the_first_error() -> None:
    subprocess.run(["sh", "-n", CALLED / "setup.sh"], check=True)
    text = (CALLED / "setup.sh").read_text()
    assert "\nset -eu\n" in text
    assert 'chmod -R g+rX,g-w,o-rwx "$source" "$venv"' in text


def autograder(tmp_path: Path, forklab: str | None, **said: Any) -> dict[str, Any]:
    """Call run_autograder with *forklab* in place of ours; return the results.json that it left."""
    for name in ("source", "submission", "venv/bin"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    settings = {"lab": "fork_echo", "deadline_s": 60.0, "total_visible": False, **said}
    (tmp_path / "source/settings.json").write_text(json.dumps(settings))
    if forklab is not None:
        (tmp_path / "source/stand_in.py").write_text(forklab)
        python = tmp_path / "venv/bin/python"
        call = f'#!/bin/sh\nexec {sys.executable} "$PYTHONPATH/stand_in.py" "$@"\n'
        python.write_text(forklab if forklab.startswith("#!") else call)
        python.chmod(0o755)
    words = [sys.executable, str(CALLED / "run_autograder"), str(tmp_path)]
    # returns when nobody has the pipe any more: whoever was started has ended
    subprocess.run(words, check=True, timeout=60, stdout=subprocess.PIPE)
    assert [path.name for path in (tmp_path / "results").iterdir()] == ["results.json"]
    found = json.loads((tmp_path / "results/results.json").read_text())
    assert isinstance(found, dict)
    return found


def test_what_forklab_found_is_the_result_though_programs_fail(tmp_path: Path) -> None:
    found = autograder(tmp_path, FINDS, total_visible=True)
    assert found["score"] == 7
    words = found["words"]
    assert words[:2] == ["grade", "fork_echo"]
    assert Path(words[2]).name == "submission"
    assert words[3:5] == ["--sandbox", "inside"]
    assert words[words.index("--write") + 1].startswith("gradescope-visible=")
    assert "--rubric" not in words


@pytest.mark.parametrize(
    ("forklab", "why"),
    [
        (FAILS, "the grader itself failed and left no result"),
        (None, "the grader itself failed: FileNotFoundError"),
    ],
)
def test_a_fault_of_ours_is_a_result_that_says_so(
    tmp_path: Path, forklab: str | None, why: str
) -> None:
    found = autograder(tmp_path, forklab)
    platforms.gradescope(json.dumps(found))
    assert found["output"].startswith(f"This submission was not judged: {why}")
    assert (found["score"], found["tests"]) == (0, [])


def test_a_grader_without_its_settings_says_so(tmp_path: Path) -> None:
    words = [sys.executable, str(CALLED / "run_autograder"), str(tmp_path)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    found = json.loads((tmp_path / "results/results.json").read_text())
    assert "FileNotFoundError" in found["output"]


def test_our_own_deadline_ends_everything_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = (CALLED / "run_autograder").read_text().replace("TO_END_S = 20.0", "TO_END_S = 0.5")
    (tmp_path / "run_autograder").write_text(program)
    monkeypatch.setattr(sys.modules[__name__], "CALLED", tmp_path)
    found = autograder(tmp_path, HANGS, deadline_s=1.5)
    assert "its own time limit of 1.5 s was over" in found["output"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_where_root_may_not_look_at_others_forklab_is_an_ordinary_user(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # below pytest's only root may pass
        base = Path(folder)
        base.chmod(0o755)
        (base / "submission").mkdir()
        (base / "submission/a.c").write_text("")
        program = (CALLED / "run_autograder").read_text()
        assert ALL in program
        (base / "run_autograder").write_text(program.replace(ALL, f"{ALL[:-1]}, 63)"))
        monkeypatch.setattr(sys.modules[__name__], "CALLED", base)
        found = autograder(base, WHO)
        assert (base / "submission/a.c").stat().st_uid == 0
    assert (found["uid"], found["handed_in"]) == (19999, 19999)
