"""What is made of the result of a run, and of one that was looked at again, alone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from forklab.grading.job import Settings, packed, unpacked
from forklab.grading.record import Record, confirmed, doubtful, is_broken, record, why_broken
from forklab.program.source import File
from forklab.submissions.submission import Manifest, Submission

KIM = Submission(
    "김 철수",
    (File("server.c", b"\x00\xff int main", 0o644), File("run.sh", b"#!/bin/sh", 0o755)),
    origin="hand-in/kim",
    manifest=Manifest(run="./server {port}", declares=frozenset({"b", "a"})),
    notes=("its files were CP949",),
)


def check(name: str, verdict: str, **more: Any) -> dict[str, Any]:
    """Return a check as the document of a run has it."""
    usual = {"seconds": 0.1, "waited": "", "because": "", "reason": ""}
    return {"id": name, "verdict": verdict, **usual, **more}


def graded(*checks: dict[str, Any], broken: str = "") -> Record:
    """Return the record of a run with *checks*."""
    words = ("PASS", "FAIL", "BROKEN", "SKIPPED")
    counts = {word: sum(check["verdict"] == word for check in checks) for word in words}
    verdict = next((word for word in ("FAIL", "BROKEN", "PASS") if counts[word]), "SKIPPED")
    run = {"broken": broken, "verdict": verdict, "counts": counts, "checks": list(checks)}
    return record(KIM, "fork_echo", run)


def test_a_job_is_one_line_of_text_and_comes_out_as_it_went_in() -> None:
    settings = Settings("fork_echo", "inside", ("starts",), "runs/grade/x")
    line = packed(KIM, settings)
    assert "\n" not in line
    assert unpacked(line) == (KIM, settings)
    assert unpacked(line)[0].hash == KIM.hash


def test_a_record_is_plain_data() -> None:
    found = graded(check("starts", "PASS"))
    assert json.loads(json.dumps(found)) == found
    assert found["verdict"] == "PASS"
    assert found["notes"] == ["its files were CP949"]


def test_a_run_that_never_was_is_broken_and_says_why() -> None:
    found = record(KIM, "fork_echo", None, broken="the engine is gone")
    assert found["verdict"] == "BROKEN"
    assert is_broken(found)
    assert why_broken(found) == "the engine is gone"


def test_one_check_that_could_not_be_looked_at_is_worth_another_attempt() -> None:
    found = graded(check("a", "FAIL"), check("b", "BROKEN", reason="the kernel said nothing"))
    assert is_broken(found)
    assert why_broken(found) == "the kernel said nothing"
    assert not is_broken(graded(check("a", "FAIL")))


@pytest.mark.parametrize(
    ("failed", "names"),
    [
        (check("a", "FAIL", waited="looked 20 times in 5.0 s"), ["a", "c"]),
        (check("a", "FAIL", seconds=5.2), ["a", "c"]),
        (check("a", "FAIL", seconds=0.7), ["a", "c"]),  # CPU was measured, or rest waited for
        (check("a", "FAIL"), []),
        (check("a", "PASS", seconds=5.2), []),
        (check("a", "PASS", waited="looked 20 times"), []),
    ],
)
def test_only_a_failure_that_waited_is_doubtful_and_what_was_skipped_because_of_it(
    failed: dict[str, Any], names: list[str]
) -> None:
    skipped = check("c", "SKIPPED", because="a", reason="because of a")
    other = check("d", "SKIPPED", reason="this host lacks it")
    assert doubtful(graded(failed, check("b", "PASS"), skipped, other)) == names


def test_what_does_not_build_is_looked_at_again_only_if_that_took_long() -> None:
    found = graded(check("starts", "FAIL", seconds=0.7), check("b", "SKIPPED", because="starts"))
    found["run"]["command"] = ""
    assert doubtful(found) == []
    found["run"]["checks"][0]["seconds"] = 60.0
    assert doubtful(found) == ["starts", "b"]


def test_what_was_refused_is_not_looked_at_again() -> None:
    found = graded(check("starts", "FAIL", seconds=9.0))
    assert doubtful({**found, "refused": "it holds no program"}) == []


def test_a_failure_that_stands_counts_and_is_said_to_have_been_confirmed() -> None:
    first = graded(check("a", "FAIL", waited="5 s"), check("b", "PASS"))
    found = confirmed(first, graded(check("a", "FAIL", waited="5 s", seen="again")))
    assert found["verdict"] == "FAIL"
    assert found["run"]["checks"][0]["seen"] == "again"
    assert found["run"]["checks"][1]["verdict"] == "PASS"
    assert "failed again in a fresh sandbox, alone: a" in found["notes"]


def test_a_failure_that_passes_alone_does_not_count_and_a_note_says_so() -> None:
    first = graded(
        check("a", "FAIL", waited="5 s"),
        check("b", "PASS"),
        check("c", "SKIPPED", because="a"),
    )
    found = confirmed(first, graded(check("a", "PASS"), check("c", "FAIL")))
    assert [one["verdict"] for one in found["run"]["checks"]] == ["PASS", "PASS", "FAIL"]
    assert found["run"]["counts"] == {"PASS": 2, "FAIL": 1, "BROKEN": 0, "SKIPPED": 0}
    assert found["verdict"] == "FAIL"
    assert any("which counts: a" in note for note in found["notes"])
    assert first["verdict"] == "FAIL", "the record that was given is not changed"
    assert first["run"]["checks"][0]["verdict"] == "FAIL"


def test_what_cannot_be_looked_at_again_stays_as_it_was_and_a_note_says_so() -> None:
    first = graded(check("a", "FAIL", waited="5 s"))
    found = confirmed(first, record(KIM, "fork_echo", None, broken="the engine is gone"))
    assert found["verdict"] == "FAIL"
    assert found["run"] == first["run"]
    assert found["notes"][-1] == (
        "could not be looked at again, so it counts: a (the engine is gone)"
    )


def test_one_failure_of_several_that_cannot_be_looked_at_again_stays_and_is_named() -> None:
    first = graded(check("a", "FAIL", waited="5 s"), check("b", "FAIL", waited="5 s"))
    again = graded(check("a", "PASS"), check("b", "BROKEN", reason="the agent is gone"))
    found = confirmed(first, again)
    assert [one["verdict"] for one in found["run"]["checks"]] == ["PASS", "FAIL"]
    assert found["notes"][-1] == (
        "could not be looked at again, so it counts: b (the agent is gone)"
    )


def test_what_was_skipped_because_of_a_failure_that_is_gone_is_broken_if_nobody_could_look() -> (
    None
):
    first = graded(check("a", "FAIL", waited="5 s"), check("c", "SKIPPED", because="a"))
    found = confirmed(first, graded(check("a", "PASS"), check("c", "BROKEN", reason="gone")))
    assert [one["verdict"] for one in found["run"]["checks"]] == ["PASS", "BROKEN"]
    assert found["verdict"] == "BROKEN"


def test_what_was_skipped_because_of_a_failure_that_is_gone_is_broken_if_it_was_not_run() -> None:
    first = graded(check("a", "FAIL", waited="5 s"), check("c", "SKIPPED", because="a"))
    found = confirmed(first, graded(check("a", "PASS"), broken="the agent is gone"))
    assert [one["verdict"] for one in found["run"]["checks"]] == ["PASS", "BROKEN"]
    assert found["run"]["checks"][1]["because"] == ""


def test_the_status_of_a_run_goes_with_what_counts() -> None:
    first = graded(check("a", "FAIL", waited="5 s"))
    found = confirmed(first, graded(check("a", "PASS")))
    assert (found["verdict"], found["run"]["exit_status"]) == ("PASS", 0)


def test_what_hindered_the_second_look_is_said() -> None:
    again = graded(check("a", "FAIL", waited="5 s"))
    again["notes"] = [*again["notes"], "forklab could not look: the engine was busy"]
    found = confirmed(graded(check("a", "FAIL", waited="5 s")), again)
    assert found["notes"].count("its files were CP949") == 1
    assert "forklab could not look: the engine was busy" in found["notes"]
