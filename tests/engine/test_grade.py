"""`forklab grade` on real submissions in real sandboxes: whole, killed, gone on with."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from docker import DockerClient

from forklab import tree
from forklab.batch.places import opened
from forklab.batch.store import NAME
from forklab.sandbox.image import ensure_image
from tests.harness import Harness, until_empty

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]

LAB = tree.root() / "labs" / "fork_echo"
KILLED = 5
LONGEST_S = 6.0


@pytest.fixture(scope="module")
def hand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder of submissions: right, wrong, not to be built, not to be graded, zipped."""
    folder = tmp_path_factory.mktemp("hand-in")
    shutil.copy(LAB / "right/plain.c", folder / "anna.c")
    shutil.copy(LAB / "mutants/reaps_once_per_signal.c", folder / "bert.c")
    (folder / "carl.c").write_text("int main(void) { return 0 }\n")
    (folder / "dora").mkdir()
    (folder / "dora" / "report.txt").write_text("I ran out of time.\n")
    with zipfile.ZipFile(folder / "김 철수.zip", "w") as archive:
        archive.write(LAB / "right/no_child_wait.c", "homework/server.c")
    with zipfile.ZipFile(folder / "evil.zip", "w") as archive:
        archive.writestr("../../server.c", "int main;")
    return folder


def grading(folder: Path, hand_in: Path, *words: str) -> Harness:
    return Harness(folder, "fork-echo", str(hand_in), "--at-once", "3", *words, command="grade")


def batches(folder: Path) -> list[Path]:
    """Return every batch below *folder*."""
    found = [store.parent for store in folder.glob(f"runs/grade/*/{NAME}")]
    return [path for path in found if not path.is_symlink()]


def is_finished(folder: Path) -> bool:
    """Whether there is a batch below *folder* with nothing left to go on with."""
    for batch in batches(folder):
        with opened(batch) as store:
            if store.said("finished"):
                return True
    return False


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the only batch below *folder*: by submission the verdicts of its checks."""
    [batch] = batches(folder)
    with opened(batch) as store:
        return {record["submission"]: record for record in store.records()}


def verdicts(folder: Path) -> dict[str, dict[str, str]]:
    return {
        name: {check["id"]: check["verdict"] for check in record["run"]["checks"]}
        for name, record in results(folder).items()
    }


@pytest.fixture(scope="module")
def undisturbed(hand_in: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grade the folder once and give where it was done."""
    folder = tmp_path_factory.mktemp("undisturbed")
    status, said = grading(folder, hand_in).end(300)
    assert status == 0, said
    return folder


def test_each_submission_gets_the_verdict_that_it_deserves(undisturbed: Path) -> None:
    found = results(undisturbed)
    assert {name: record["verdict"] for name, record in found.items()} == {
        "anna": "PASS", "bert": "FAIL", "carl": "FAIL", "dora": "FAIL", "evil": "FAIL",
        "김 철수": "PASS",
    }  # fmt: skip
    failed = {name: [one for one, word in checks.items() if word == "FAIL"]
              for name, checks in verdicts(undisturbed).items()}  # fmt: skip
    assert failed["bert"] == ["reaps-a-burst", "reaps-while-busy"]
    assert failed["carl"] == failed["dora"] == failed["evil"] == ["starts"]
    assert "does not build" in found["carl"]["run"]["checks"][0]["seen"]
    assert ".." in found["evil"]["refused"]


def test_a_failure_that_waited_was_looked_at_again_alone(undisturbed: Path) -> None:
    notes = results(undisturbed)["bert"]["notes"]
    assert notes == ["failed again in a fresh sandbox, alone: reaps-a-burst, reaps-while-busy"]
    [alone] = undisturbed.glob("runs/grade/*Z*/submissions/bert/alone/results.json")
    checked = json.loads(alone.read_text())["checks"]
    assert [check["id"] for check in checked] == ["reaps-a-burst", "reaps-while-busy"]


def test_the_page_of_the_class_leads_to_every_submission(undisturbed: Path) -> None:
    [index] = undisturbed.glob("runs/grade/*Z*/index.html")
    links = set(re.findall(r'href="\./(submissions/[^"#]+)"', index.read_text()))
    assert len(links) == 6
    assert [link for link in links if not (index.parent / unquote(link)).is_file()] == []


def test_nothing_that_a_student_may_get_names_the_machine(undisturbed: Path) -> None:
    [batch] = undisturbed.glob("runs/grade/*Z*")
    files = [path for path in (batch / "submissions").rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if str(undisturbed).encode() in path.read_bytes()] == []


def test_results_are_kept_below_the_current_folder_where_nothing_else_was_said(
    hand_in: Path, tmp_path: Path
) -> None:
    words = [sys.executable, "-m", "forklab", "grade", "fork-echo", str(hand_in / "carl.c")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run(words, cwd=tmp_path, env=environment, check=True, timeout=120)
    assert results(tmp_path)["carl"]["verdict"] == "FAIL"
    assert list(tmp_path.glob("runs/grade/*Z*/submissions/carl/report.txt"))


def test_killed_at_any_moment_it_goes_on_and_comes_to_the_same_results(
    undisturbed: Path, hand_in: Path, client: DockerClient, tmp_path: Path
) -> None:
    ensure_image(client)
    moments = random.Random()
    killed: list[float] = []
    # a batch that was finished before its last death is not gone on with: the next is another one
    while len(killed) < KILLED and not is_finished(tmp_path):
        harness = grading(tmp_path, hand_in)
        lives_s = moments.uniform(0.1, LONGEST_S)
        killed.append(lives_s)
        harness.wait(lives_s)
        harness.kill_with_workers_known()
        assert until_empty(lambda: harness.left(client)) == [], f"killed after {killed} s"  # noqa: B023
    if not is_finished(tmp_path):
        status, said = grading(tmp_path, hand_in).end(300)
        assert status == 0, said
    assert verdicts(tmp_path) == verdicts(undisturbed), f"killed after {killed} s"


def test_what_has_not_changed_is_not_graded_again(
    undisturbed: Path, hand_in: Path, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed / "runs", tmp_path / "runs", symlinks=True)
    status, said = grading(tmp_path, hand_in, "--regrade").end(300)
    assert status == 0, said
    assert "grading:" not in said
    assert "6 submissions: 2 pass, 4 fail" in said
    assert verdicts(tmp_path) == verdicts(undisturbed)
