"""`forklab hint LAB`: the next hint for the last failure, one level with each call."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab import hints, labs, tree
from forklab.cli import main
from forklab.hints.ladder import Shown, climb, fingerprint, recall
from forklab.reports.folder import RunFolder
from forklab.reports.last import last_run
from forklab.reports.text import WIDTH, columns
from forklab.results import record
from forklab.results.record import Check, Run, Verdict
from tests import report_samples as samples

BURST = "reaps-a-burst"
LADDER = hints.hints("fork_echo", BURST, "en")


@dataclass
class Place:
    """A folder in which somebody works: a program, and the runs of it."""

    path: Path
    number: int = 0

    @property
    def program(self) -> Path:
        return self.path / "server.c"

    def ran(self, program: str = "", **verdicts: str) -> None:
        """Keep a run: verdict by check id, underscores for dashes."""
        self.number += 1
        folder = self.path / f"runs/fork_echo/2026-11-22T10-00-{self.number:02}Z"
        folder.mkdir(parents=True)
        RunFolder(folder).finish(self.run(program or str(self.program), verdicts))

    def run(self, program: str, verdicts: dict[str, str]) -> Run:
        run = samples.all_pass()
        run.program = program
        run.results = [
            record.Result(
                Check(name.replace("_", "-"), "fork_echo", "core", "It is so", "It matters."),
                Verdict(verdict),
                0.1,
                hint="What is it?" if verdict == "FAIL" else "",
            )
            for name, verdict in verdicts.items()
        ]
        return run

    def hint(self, *words: str) -> Result:
        return CliRunner().invoke(
            main, ["hint", "fork-echo", *words, "--runs", str(self.path / "runs")]
        )

    def said(self) -> str:
        """What the next call says, on one line."""
        done = self.hint()
        assert done.exit_code == 0, done.output
        assert max(map(columns, done.output.splitlines())) <= WIDTH
        return " ".join(done.output.split())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("FORKLAB_LANG", "en")
    found = Place(tmp_path)
    found.program.write_text("int main(void) { return 0; }\n")
    return found


def test_each_call_is_one_level_further_and_the_last_needs_a_change(place: Place) -> None:
    place.ran(starts="PASS", reaps_a_burst="FAIL", leaks_nothing="FAIL")
    first, second = place.said(), place.said()
    assert f"{BURST}: It is so Hint 1 of 3 {LADDER[0]}" in first
    assert "make hint-fork-echo" in first
    assert f"Hint 2 of 3 {LADDER[1]}" in second
    assert "Change your program and run `make lab-fork-echo` again" in second

    for _ in range(2):
        closed = place.said()
        assert f"Hint 2 of 3 {LADDER[1]}" in closed
        assert "Hint 3 of 3 opens when your program has changed since hint 2 was shown" in closed
        assert LADDER[2] not in closed

    place.program.write_text("int main(void) { return 1; }\n")
    third = place.said()
    assert f"Hint 3 of 3 {LADDER[2]}" in third
    assert "make why-fork-echo" in third
    assert place.said() == third


def test_a_change_before_hint_2_does_not_open_hint_3(place: Place) -> None:
    place.ran(reaps_a_burst="FAIL")
    place.said()
    place.program.write_text("int main(void) { return 1; }\n")
    assert "Hint 2 of 3" in place.said()
    assert "opens when" in place.said()


def test_a_change_that_was_run_opens_hint_3(place: Place) -> None:
    place.ran(reaps_a_burst="FAIL")
    place.said(), place.said()
    place.program.write_text("int main(void) { return 1; }\n")
    place.ran(reaps_a_burst="FAIL")
    assert "Hint 3 of 3" in place.said()


def test_another_failure_starts_at_1(place: Place) -> None:
    place.ran(starts="PASS", reaps_a_burst="FAIL")
    place.said(), place.said()
    place.ran(starts="FAIL", reaps_a_burst="FAIL")
    assert "starts: It is so Hint 1 of 3" in place.said()
    place.ran(starts="PASS", reaps_a_burst="FAIL")
    assert "Hint 1 of 3" in place.said()


def test_another_program_starts_at_1(place: Place) -> None:
    place.ran(reaps_a_burst="FAIL")
    place.said(), place.said()
    place.ran(program=str(place.path / "other.c"), reaps_a_burst="FAIL")
    assert "Hint 1 of 3" in place.said()


def test_the_failure_is_the_first_in_the_order_of_the_run(place: Place) -> None:
    place.ran(bad_usage="FAIL", reaps_a_burst="FAIL")
    assert "fork-echo bad-usage:" in place.said()


def test_a_failure_from_before_is_forgotten(place: Place) -> None:
    place.ran(reaps_a_burst="FAIL")
    place.ran(reaps_a_burst="PASS", starts="PASS")
    assert place.said() == (
        "Nothing failed in the last run of fork-echo: 2 passed. When all core checks pass, "
        "`make why-fork-echo` explains every check."
    )


def test_what_was_not_judged_has_no_hint(place: Place) -> None:
    place.ran(starts="PASS", reaps_a_burst="BROKEN")
    assert place.said() == (
        "Nothing failed in the last run of fork-echo, but not everything was judged: run "
        "`make lab-fork-echo` again."
    )


def test_without_a_run_it_says_what_to_do(place: Place) -> None:
    done = place.hint()
    assert done.exit_code == 2
    assert done.output.startswith(
        "forklab: there is no run of fork-echo yet: run `make lab-fork-echo PROGRAM=path` first"
    )
    assert done.output.count("\n") == 1


def test_a_run_under_way_is_not_the_last_one(place: Place) -> None:
    place.ran(reaps_a_burst="FAIL")
    (place.path / "runs/fork_echo/2026-11-22T11-00-00Z/output").mkdir(parents=True)
    assert "Hint 1 of 3" in place.said()


def test_a_program_that_cannot_be_built_gets_the_report_instead(place: Place) -> None:
    place.ran(starts="FAIL")
    path = place.path / "runs/fork_echo/2026-11-22T10-00-01Z/results.json"
    document = json.loads(path.read_text())
    document["checks"][0]["hint"] = ""
    path.write_text(json.dumps(document))
    printed = place.hint().output
    assert "could not be built or started" in printed
    assert printed.endswith(f"\n  {path.parent}/report.txt\n")


def test_results_that_cannot_be_read_are_one_sentence(place: Place) -> None:
    place.ran(reaps_a_burst="FAIL")
    for text in ("{", "[]", '{"checks": 1}'):
        (place.path / "runs/fork_echo/2026-11-22T10-00-01Z/results.json").write_text(text)
        done = place.hint()
        assert done.exit_code == 2
        assert "results.json cannot be used" in done.output
        assert done.output.count("\n") == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"check": "starts"}'])
def test_a_memory_that_cannot_be_read_starts_at_1(place: Place, text: str) -> None:
    place.ran(reaps_a_burst="FAIL")
    (place.path / "runs/fork_echo/hints.json").write_text(text)
    assert "Hint 1 of 3" in place.said()
    assert "Hint 2 of 3" in place.said()


def test_in_korean(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORKLAB_LANG", "ko")
    place.ran(reaps_a_burst="FAIL")
    said = place.said()
    assert f"힌트 1/3 {hints.hints('fork_echo', BURST, 'ko')[0]}" in said
    assert "make hint-fork-echo" in said


def test_one_hint_of_one_check_needs_no_run_and_changes_nothing(place: Place) -> None:
    done = place.hint(BURST, "--level", "3")
    assert done.output == f"Hint 3 of 3: {LADDER[2]}\n"
    assert place.hint(BURST).output == f"Hint 1 of 3: {LADDER[0]}\n"
    assert not (place.path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["flies"], "fork-echo has no check 'flies'"),
        (["--level", "2"], "--level goes with the id of a check"),
    ],
)
def test_wrong_usage_is_one_sentence(place: Place, words: list[str], told: str) -> None:
    done = place.hint(*words)
    assert done.exit_code == 2
    assert told in done.output
    assert done.output.count("\n") == 1


# the parts


NOW = Shown(BURST, "server.c", 1, "hash")


@pytest.mark.parametrize(
    ("before", "state", "count", "level"),
    [
        (None, "hash", 3, 1),
        (NOW, "hash", 3, 2),
        (NOW, "hash", 1, 1),
        (replace(NOW, level=2), "hash", 3, 2),
        (replace(NOW, level=2), "hash", 2, 2),
        (replace(NOW, level=2), "other", 3, 3),
        (replace(NOW, level=2, state=""), "", 3, 3),
        (replace(NOW, level=2), "", 3, 3),
        (replace(NOW, level=3), "other", 3, 3),
        (replace(NOW, level=3), "hash", 2, 2),
        (replace(NOW, level=2, check="starts"), "other", 3, 1),
        (replace(NOW, level=2, program="other.c"), "other", 3, 1),
    ],
)
def test_a_step(before: Shown | None, state: str, count: int, level: int) -> None:
    assert climb(before, replace(NOW, state=state), count).level == level


def test_a_closed_step_keeps_the_state_in_which_hint_2_was_shown() -> None:
    before = replace(NOW, level=2)
    assert climb(before, NOW, 3) == before


def touch(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("change", "seen"),
    [
        (lambda folder: touch(folder / "a.c", "int x;"), True),
        (lambda folder: touch(folder / "sub/more.h", "int x;"), True),
        (lambda folder: (folder / "a.c").rename(folder / "b.c"), True),
        (lambda folder: touch(folder / "runs/fork_echo/hints.json", "{}"), False),
        (lambda folder: touch(folder / "a.c", "int main(void);"), False),
    ],
)
def test_a_folder_is_its_files_without_the_runs(
    tmp_path: Path, change: Callable[[Path], object], seen: bool
) -> None:
    touch(tmp_path / "a.c", "int main(void);")
    touch(tmp_path / "Makefile", "all:\n")
    before = fingerprint(tmp_path, tmp_path / "runs")
    change(tmp_path)
    assert before
    assert (fingerprint(tmp_path, tmp_path / "runs") != before) == seen


def test_a_header_beside_a_source_is_part_of_it(tmp_path: Path) -> None:
    touch(tmp_path / "a.c", "int main(void);")
    touch(tmp_path / "a.h", "int x;")
    before = fingerprint(tmp_path / "a.c", tmp_path / "runs")
    touch(tmp_path / "a.h", "int y;")
    assert fingerprint(tmp_path / "a.c", tmp_path / "runs") != before


def test_what_is_not_there_has_no_state(tmp_path: Path) -> None:
    assert fingerprint(tmp_path / "gone.c", tmp_path / "runs") == ""
    assert recall(tmp_path / "gone.json") is None


def test_the_last_run_is_the_last_by_time_and_then_by_number(place: Place) -> None:
    runs = place.path / "runs/fork_echo"
    for name in ("2026-11-22T10-00-00Z", *(f"2026-11-22T10-00-00Z-{n}" for n in (2, 9, 10))):
        (runs / name).mkdir(parents=True)
        RunFolder(runs / name).finish(place.run("server.c", {"starts": "PASS"}))
    (runs / "latest").symlink_to("2026-11-22T10-00-00Z")
    found = last_run(place.path / "runs", "fork_echo")
    assert found is not None
    assert found.folder.name == "2026-11-22T10-00-00Z-10"


def test_the_path_of_the_reference_program_is_known(place: Place) -> None:
    path = labs.read("fork_echo").program
    place.ran(program=f"{record.REFERENCE}{path.relative_to(tree.root())}", starts="PASS")
    found = last_run(place.path / "runs", "fork_echo")
    assert found is not None
    assert tree.root() / found.program == path
