"""`forklab report`: which report is meant, and whether a browser is called."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab import opening_report
from forklab.cli import main


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a run of prefork."""
    found = tmp_path / "runs/prefork/2026-11-27T06-00-00Z"
    found.mkdir(parents=True)
    (found / "report.html").write_text("<!doctype html>")
    results = {"program": "p.c", "checks": [], "interrupted": False, "broken": ""}
    (found / "results.json").write_text(json.dumps(results))
    return found


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a browser was asked to open; it does."""
    asked: list[str] = []

    def took(address: str) -> bool:
        asked.append(address)
        return True

    monkeypatch.setattr(webbrowser, "open", took)
    return asked


def report(*words: object, **environ: str) -> Result:
    """Call the command where there is no display, but as *environ* says."""
    nothing = dict.fromkeys(["DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION"])
    return CliRunner().invoke(main, ["report", *map(str, words)], env={**nothing, **environ})


def test_a_file_a_folder_and_a_lab_are_the_same_report(folder: Path) -> None:
    for words in ((folder,), (folder / "report.html",), ("prefork", "--runs", folder.parents[1])):
        done = report(*words)
        assert done.exit_code == 0
        assert done.stdout == f"{folder}/report.html\n"


def test_it_is_opened_where_there_is_a_display(folder: Path, opened: list[str]) -> None:
    done = report(folder, DISPLAY=":0")

    assert opened == [f"file://{folder.resolve()}/report.html"]
    assert done.stderr == "opened in your browser\n"


@pytest.mark.parametrize("words", [["--no-open"], []])
def test_else_one_sentence_says_what_to_do(
    folder: Path, opened: list[str], words: list[str]
) -> None:
    done = report(folder, *words, **({"DISPLAY": ":0"} if words else {}))

    assert done.exit_code == 0
    assert opened == []
    assert len(done.stderr.splitlines()) == 1
    assert "with a browser" in done.stderr


def test_a_browser_that_is_not_there_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda address: False)

    assert "no browser was found" in report(folder, WAYLAND_DISPLAY="wayland-0").stderr


@pytest.mark.parametrize(
    ("platform", "environ", "has"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("darwin", {}, True),
        ("darwin", {"SSH_CONNECTION": "1"}, False),
    ],
)
def test_where_a_window_can_appear(platform: str, environ: dict[str, str], has: bool) -> None:
    assert opening_report._has_display(environ, platform) is has


def test_what_is_not_there_is_said_in_a_sentence(folder: Path, tmp_path: Path) -> None:
    for words, said in (
        (("nonsense",), "there is no lab"),
        (("prefork", "--runs", tmp_path), "there is no run of prefork"),
    ):
        done = report(*words)
        assert done.exit_code == 2
        assert said in done.stderr
    (folder / "report.html").unlink()
    done = report("prefork", "--runs", folder.parents[1])
    assert (done.exit_code, "has no report.html" in done.stderr) == (2, True)
