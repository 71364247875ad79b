"""The door: exit statuses and one clear sentence for bad input."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab.cli import main, says_its_errors

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Call `forklab` with arguments; give its result."""
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


@pytest.fixture
def wrong_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name an engine that is not there."""
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/socket")


def test_save_and_load_together_are_wrong_usage(run: Run) -> None:
    result = run("images", "--save", "a", "--load", "b")
    assert result.exit_code == 2
    assert result.output == "forklab: --save and --load exclude each other: give one of them.\n"


@pytest.mark.usefixtures("wrong_engine")
@pytest.mark.parametrize("command", ["images", "clean"])
def test_an_engine_that_does_not_answer_is_one_sentence_and_status_3(
    run: Run, command: str
) -> None:
    result = run(command)
    assert result.exit_code == 3
    assert result.output.startswith("forklab: No engine answers at DOCKER_HOST=unix:///nonexis")
    assert result.output.count("\n") == 1


@pytest.mark.usefixtures("wrong_engine")
def test_doctor_ends_with_3_when_no_lab_can_run(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 3
    assert result.output.startswith("missing  engine: No engine answers")


def test_an_unknown_command_is_wrong_usage(run: Run) -> None:
    assert run("no-such-command").exit_code == 2


INSPECT = [sys.executable, "-c", "from forklab.cli import main; main()", "inspect"]


def test_without_a_standard_output_nothing_is_said_and_all_is_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    @says_its_errors
    def command() -> None:
        sys.stdout.write("a summary")
        sys.stdout.close()

    command()


def test_a_name_that_a_terminal_cannot_show_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "둘").mkdir()
    (tmp_path / "둘" / "server.c").write_text("int main;")
    found = subprocess.run(
        [*INSPECT, "둘"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
    )
    assert found.returncode == 0, found.stderr
    assert rb"\ub458" in found.stdout
