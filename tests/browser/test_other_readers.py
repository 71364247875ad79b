"""What others are to read, in readers that are not ours: Mermaid, speedscope, asciinema.

Mermaid, and speedscope for Chrome traces, come from npm as their authors publish them, and run in
Chromium without a network. Perfetto's own reader cannot be had so: its Python package fetches a
binary from a place of its own. asciinema is a Python package.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from forklab import labs
from forklab.demos import cast
from forklab.events.event import Event
from forklab.events.lines import Recorded
from forklab.views.mermaid import mermaid
from forklab.views.perfetto import perfetto
from tests import documents
from tests.event_samples import RECORDED, any_events

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
MERMAID, SPEEDSCOPE = "mermaid@11", "speedscope@1"
READ = """async text => {
  try { await mermaid.parse(text); return ""; } catch (error) { return String(error); }
}"""
DRAW = """async text => {
  document.body.innerHTML = (await mermaid.render("drawn", text)).svg;
  return [...document.querySelectorAll("svg text")].map(found => found.textContent);
}"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give a function that fetches a package by its name and range, and returns its folder."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no npm to fetch the readers with")

    def fetched(name: str) -> Path:
        folder = tmp_path_factory.mktemp("npm")
        done = subprocess.run(
            [npm, "pack", "--silent", name], cwd=folder, capture_output=True, text=True, check=False
        )
        if done.returncode:
            pytest.skip(f"npm does not get {name}: {done.stderr.strip()[:200]}")
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as files:
            files.extractall(folder, filter="data")
        return folder / "package"

    return fetched


@pytest.fixture(scope="module")
def mermaid_page(browser: Any, package: Callable[[str], Path]) -> Iterator[Any]:
    """Give a page in which Mermaid is."""
    page = browser.new_page()
    page.set_content("<!doctype html><title>diagram</title>")
    page.add_script_tag(path=package(MERMAID) / "dist/mermaid.min.js")
    page.evaluate("mermaid.initialize({startOnLoad: false})")
    yield page
    page.close()


def diagrams(recorded: Recorded) -> list[str]:
    """Return the diagrams of a log."""
    return [block.text for block in documents.blocks("\n".join(mermaid(recorded)) + "\n")]


def test_mermaid_draws_what_is_said(mermaid_page: Any) -> None:
    (text,) = diagrams(RECORDED)

    drawn = mermaid_page.evaluate(DRAW, text)

    assert drawn.count("worker-1") == 2  # above its line and below
    for words in ("forks worker-1", "reads (end) of file", "sends SIGKILL to worker-1"):
        assert words in drawn


def test_mermaid_shows_what_has_a_meaning_of_its_own_as_it_is(mermaid_page: Any) -> None:
    said = 'a;b #35; <b>"%% {x}[y] end'
    step = Event(0.0, "step", "harness", "harness", start=1, facts={"text": said})

    drawn = mermaid_page.evaluate(DRAW, diagrams(RECORDED._replace(events=[step]))[0])

    assert said.replace("end", "(end)") in drawn


@given(recorded=any_events())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_mermaid_reads_any_log(mermaid_page: Any, recorded: Recorded) -> None:
    for text in diagrams(recorded):
        assert mermaid_page.evaluate(READ, text) == "", text


def test_speedscope_opens_the_trace(
    browser: Any, package: Callable[[str], Path], tmp_path: Path
) -> None:
    trace = perfetto(RECORDED)
    (tmp_path / "run.json").write_text(json.dumps(trace))
    lanes = {(row["pid"], row["tid"]) for row in trace["traceEvents"] if row["ph"] == "X"}
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: said.append(f"alert: {dialog.message}"))
    page.goto(f"file://{package(SPEEDSCOPE)}/dist/release/index.html")

    page.set_input_files("input[type=file]", tmp_path / "run.json")
    page.get_by_text(f"(1/{len(lanes)})").wait_for(timeout=20_000)

    assert "Importing as Trace Event Format profile" in said
    assert not [line for line in said if line.startswith(("alert", "Tried", "ts"))]
    page.close()


@pytest.mark.parametrize("name", ["demo.cast", "demo.ko.cast"])
@pytest.mark.parametrize("lab", labs.names())
def test_asciinema_plays_every_recording(lab: str, name: str) -> None:
    recording = labs.read(lab).folder / name
    pytest.importorskip("asciinema", reason="tox run -e browser has it")
    done = subprocess.run(
        [sys.executable, "-m", "asciinema", "cat", str(recording)], capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr
    shown = "".join(event.data for event in cast.read(recording).events if event.kind == "o")
    assert shown
    assert done.stdout.decode() == shown
