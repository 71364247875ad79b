"""What other programs read: JSON, JUnit XML, and the folder of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from forklab.errors import UsageError
from forklab.reports import folder, json_report, junit
from forklab.reports.folder import open_folder
from forklab.results.record import Result, Run, Verdict, points
from tests import report_samples as samples

RUNS = [
    samples.all_pass,
    samples.burst_fails,
    samples.killed_worker,
    samples.interrupted,
    samples.broken_check,
    samples.broken_run,
    samples.hostile,
]


def test_json_has_every_check_with_points_and_evidence() -> None:
    value = json.loads(json_report.render(samples.burst_fails()))

    assert value["schema"] == "forklab-results/1"
    assert value["verdict"] == "FAIL"
    assert value["exit_status"] == 1
    assert value["counts"] == {"PASS": 4, "FAIL": 3, "BROKEN": 0, "SKIPPED": 2}
    assert value["points"] == {"earned": 46.0, "possible": 92.0}
    burst = value["checks"][2]
    assert burst["full_id"] == "fork_echo.reaps-a-burst"
    assert burst["points"] == {"earned": 0.0, "possible": 15.0}
    assert burst["expected"] == samples.BURST_FAILED.expected
    assert burst["evidence"]["processes"][1]["mark"] == "ended, nobody waited for it"
    assert burst["evidence"]["ends"][0]["reaped_by"] == "its parent"


@pytest.mark.parametrize("make", [samples.interrupted, samples.broken_run])
def test_json_of_a_run_that_is_not_whole_has_no_points(make: object) -> None:
    assert callable(make)
    value = json.loads(json_report.render(make()))

    assert value["points"] is None


def test_json_is_ascii_whatever_the_program_printed() -> None:
    text = json_report.render(samples.hostile())

    assert text.isascii()
    assert "\x1b" in json.loads(text)["checks"][0]["output"]


def test_broken_costs_nothing_and_skipped_because_costs_its_points() -> None:
    check = samples.check("a")
    results = [
        Result(check, Verdict.PASS, 0.0),
        Result(check, Verdict.BROKEN, 0.0),
        Result(check, Verdict.SKIPPED, 0.0, because="b"),
        Result(check, Verdict.SKIPPED, 0.0, reason="not here"),
    ]

    assert points(results) == (15.0, 30.0)


def parsed(run: Run) -> ET.Element:
    """Return the suite of *run*, read back."""
    root = ET.fromstring(junit.render(run).encode())
    suite = root.find("testsuite")
    assert suite is not None
    return suite


def test_junit_tells_failure_error_and_skipped_apart() -> None:
    suite = parsed(samples.burst_fails())

    assert suite.attrib | {"time": ""} == {
        "name": "forklab.fork_echo", "tests": "9", "failures": "3", "errors": "0", "skipped": "2",
        "time": "", "timestamp": "2026-11-21T19:12:06Z",
    }  # fmt: skip
    burst = suite.findall("testcase")[2]
    assert (burst.get("classname"), burst.get("name")) == ("forklab.fork_echo", "reaps-a-burst")
    failure = burst.find("failure")
    assert failure is not None
    assert failure.get("message") == samples.BURST_FAILED.seen
    assert "Expected  all 16 children" in (failure.text or "")
    skipped = suite.findall("testcase")[5].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "because of reaps-a-burst"


def test_junit_broken_is_an_error() -> None:
    suite = parsed(samples.broken_check())

    assert suite.get("errors") == "1"
    assert suite.find("testcase/error[@type='BROKEN']") is not None


@pytest.mark.parametrize("make", [samples.interrupted, samples.broken_run])
def test_junit_of_a_run_that_is_not_whole_is_not_green(make: object) -> None:
    assert callable(make)
    suite = parsed(make())

    assert suite.get("errors") == "1"
    assert suite.find("testcase[@name='run']/error") is not None


@pytest.mark.parametrize(
    "char", [*map(chr, range(32)), "\x7f", "\ufffe", "\uffff", "\udc80", "]]>"]
)
def test_junit_is_valid_whatever_byte_was_printed(char: str) -> None:
    run = samples.burst_fails()
    run.results[2] = replace(run.results[2], output=char, seen=f"a{char}b", hint=char)

    assert parsed(replace(run, program=char, kernel=char)).get("tests") == "9"


def test_folder_holds_everything(tmp_path: Path) -> None:
    run = samples.burst_fails()
    kept = open_folder(tmp_path / "runs", "fork_echo")
    for result in run.results:
        kept.write_result(result, {"time": 1.5} if result.evidence else None, "out\r\n\x1b")
    kept.write_events(['{"t":1}'])
    kept.write_events(['{"t":2}', '{"t":3}'])  # of the run that is made anew in the same folder
    kept.finish(run)

    names = {str(path.relative_to(kept.path)) for path in kept.path.rglob("*") if path.is_file()}
    assert {"results.json", "junit.xml", "report.txt", "events.jsonl"} < names
    assert names >= {"output/starts.txt", "snapshots/reaps-a-burst.json"}
    assert "snapshots/starts.json" not in names
    assert (kept.path / "output/starts.txt").read_bytes() == b"out\r\n\x1b"
    assert json.loads((kept.path / "snapshots/reaps-a-burst.json").read_text()) == {"time": 1.5}
    assert (kept.path / "events.jsonl").read_text() == '{"t":2}\n{"t":3}\n'
    assert (tmp_path / "runs/fork_echo/latest").resolve() == kept.path.resolve()


def test_our_trace_is_in_the_folder_and_not_in_the_report(tmp_path: Path) -> None:
    run = samples.broken_check()
    kept = open_folder(tmp_path, "fork_echo")
    kept.write_result(run.results[1], None, "")
    kept.finish(run)

    assert "Traceback" in (kept.path / "broken/echoes.txt").read_text()
    assert "Traceback" not in (kept.path / "report.txt").read_text()
    assert "broken/echoes.txt" in (kept.path / "report.txt").read_text()


def test_runs_of_the_same_second_have_a_folder_each(tmp_path: Path) -> None:
    paths = [open_folder(tmp_path, "prefork").path for _ in range(5)]

    assert len(set(paths)) == 5
    assert (tmp_path / "prefork/latest").resolve() == paths[-1].resolve()


def test_folder_below_the_current_one_is_shown_relative(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert open_folder(tmp_path / "runs", "prefork").shown.startswith("runs/prefork/2")


@pytest.mark.parametrize("make", RUNS)
def test_any_run_can_be_finished(make: object, tmp_path: Path) -> None:
    assert callable(make)
    kept = open_folder(tmp_path, "fork_echo")
    kept.finish(make())

    assert len(list(kept.path.iterdir())) == 3


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file is in the way")

    with pytest.raises(UsageError, match=r"^cannot write .*runs/prefork: Not a directory;") as told:
        open_folder(tmp_path / "runs", "prefork")
    assert "\n" not in str(told.value)


def test_a_folder_that_vanishes_is_one_sentence_too(tmp_path: Path) -> None:
    kept = open_folder(tmp_path, "prefork")
    kept.path.rmdir()

    with pytest.raises(UsageError, match="cannot write"):
        kept.write_events(["{}"])


def test_the_full_report_leaves_out_no_row() -> None:
    text = folder.report(samples.burst_fails())

    assert text.count("<defunct>") == 15
    assert text.count("<-- ended, nobody waited for it") == 15
    assert "142 zombies are left" in text
