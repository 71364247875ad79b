"""The record of one graded submission: plain data that JSON can hold.

schema      forklab-record/1
submission, lab, hash: what was graded
attempts    how often it was run, because forklab could not look
notes       what a reader should know, a sentence each
refused     why nothing of it was run, "" if it was
broken      why forklab could not look, "" if it could
verdict     PASS, FAIL, BROKEN or SKIPPED
run         the document of the run, see forklab.reports.json_report; None if there was none
"""

from __future__ import annotations

from typing import Any

from forklab.submissions.submission import Submission

SCHEMA = "forklab-record/1"
# Seconds after which no failure is taken for one that was seen at once. What is waited for and not
# demanded, such as rest, is given 0.3 s and more, and so are the windows in which CPU is measured.
AT_ONCE_S = 0.25
# Of what does not build: a compiler that says why takes a while, and waits for nobody.
BUILD_S = 2.0

EXIT = {"FAIL": 1, "BROKEN": 3, "PASS": 0, "SKIPPED": 0}  # as of `forklab check`

Record = dict[str, Any]


def record(
    submission: Submission,
    lab: str,
    run: dict[str, Any] | None,
    refused: str = "",
    broken: str = "",
) -> Record:
    """Return the record of *submission*, graded once."""
    why = broken or (run["broken"] if run is not None else "")
    return {
        "schema": SCHEMA,
        "submission": submission.name,
        "lab": lab,
        "hash": submission.hash,
        "attempts": 1,
        "notes": list(submission.notes),
        "refused": refused,
        "broken": why,
        "verdict": "BROKEN" if why or run is None else run["verdict"],
        "run": run,
    }


def is_broken(found: Record) -> bool:
    """Whether something of it could not be looked at, so that another attempt is worth it."""
    return bool(found["broken"]) or any(_is(check, "BROKEN") for check in checks(found))


def why_broken(found: Record) -> str:
    """Say why something of it could not be looked at, one sentence."""
    reasons = [check["reason"] for check in checks(found) if _is(check, "BROKEN")]
    return str(found["broken"] or next(iter(reasons), ""))


def checks(found: Record) -> list[dict[str, Any]]:
    """Return the checks of its run, none if there was none."""
    return list(found["run"]["checks"]) if found["run"] is not None else []


def doubtful(found: Record) -> list[str]:
    """Return the ids of what failed by waiting in vain, and of what was skipped because of that.

    A machine that was busy may have been the reason; looked at alone, it can say so.
    """
    if found["refused"]:
        return []
    at_once_s = AT_ONCE_S if checks(found) and found["run"].get("command", "?") else BUILD_S
    waited = {
        check["id"]
        for check in checks(found)
        if _is(check, "FAIL") and (check["waited"] or check["seconds"] > at_once_s)
    }
    return [
        check["id"]
        for check in checks(found)
        if check["id"] in waited or (_is(check, "SKIPPED") and check["because"] in waited)
    ]


def _is(check: dict[str, Any], verdict: str) -> bool:
    return bool(check["verdict"] == verdict)


def confirmed(found: Record, again: Record) -> Record:
    """Return *found* with the checks of *again*, which was run alone, in the place of its own.

    A failure that could not be looked at again stays, and a note says so. What was skipped because
    of it and could not be looked at is BROKEN: the failure that it was skipped for may be gone.
    """
    looked = {check["id"]: check for check in checks(again)}
    before = {check["id"]: check["verdict"] for check in checks(found)}
    lost = [name for name in doubtful(found) if _is_lost(before[name], looked.get(name))]
    fresh = {name: check for name, check in looked.items() if name not in lost}
    cleared = [name for name in fresh if before[name] == "FAIL" != fresh[name]["verdict"]]
    stood = [name for name in fresh if before[name] == fresh[name]["verdict"] == "FAIL"]
    fresh |= _unknown(found, cleared, looked)
    notes = [*found["notes"], *(note for note in again["notes"] if note not in found["notes"])]
    if stood:
        notes.append(f"failed again in a fresh sandbox, alone: {', '.join(stood)}")
    if cleared:
        notes.append(
            "failed while others were graded beside it, and not in a fresh sandbox, alone, which "
            f"counts: {', '.join(cleared)}"
        )
    if lost:
        why = why_broken(again) or "they were not run"
        notes.append(f"could not be looked at again, so it counts: {', '.join(lost)} ({why})")
    return {**found, "notes": notes, **(_with(found, fresh) if fresh else {})}


def _unknown(
    found: Record, cleared: list[str], looked: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return what was skipped because of a failure that is gone, and not run since: BROKEN."""
    why = "it was to be looked at again, and could not"
    return {
        check["id"]: {**check, "verdict": "BROKEN", "because": "", "reason": why}
        for check in checks(found)
        if check["because"] in cleared and check["id"] not in looked
    }


def _is_lost(before: str, again: dict[str, Any] | None) -> bool:
    """Whether a failure was not looked at again."""
    return before == "FAIL" and (again is None or _is(again, "BROKEN"))


def _with(found: Record, fresh: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return verdict and run of *found* with some checks replaced."""
    merged = [fresh.get(check["id"], check) for check in checks(found)]
    counts = {word: sum(_is(check, word) for check in merged) for word in found["run"]["counts"]}
    verdict = next((word for word in ("FAIL", "BROKEN", "PASS") if counts[word]), "SKIPPED")
    run = {**found["run"], "checks": merged, "counts": counts, "verdict": verdict, "points": None}
    run["exit_status"] = EXIT[verdict]
    return {"verdict": "BROKEN" if found["broken"] else verdict, "run": run}
