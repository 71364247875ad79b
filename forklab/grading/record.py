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
# Seconds after which no failure is taken for one that was seen at once: the shortest deadline of a
# client is longer.
AT_ONCE_S = 2.0

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
    waited = {check["id"] for check in checks(found) if _is(check, "FAIL") and _took_time(check)}
    return [
        check["id"]
        for check in checks(found)
        if check["id"] in waited or (_is(check, "SKIPPED") and check["because"] in waited)
    ]


def _took_time(check: dict[str, Any]) -> bool:
    return bool(check["waited"]) or check["seconds"] > AT_ONCE_S


def _is(check: dict[str, Any], verdict: str) -> bool:
    return bool(check["verdict"] == verdict)


def confirmed(found: Record, again: Record) -> Record:
    """Return *found* with the checks of *again*, which was run alone, in the place of its own.

    What could not be looked at again stays as it was, and a note says so.
    """
    fresh = {check["id"]: check for check in checks(again) if not _is(check, "BROKEN")}
    if not fresh:
        note = f"its failures could not be looked at again: {again['broken'] or 'it was BROKEN'}"
        return {**found, "notes": [*found["notes"], note]}
    before = {check["id"]: check["verdict"] for check in checks(found)}
    cleared = [name for name in fresh if before[name] == "FAIL" != fresh[name]["verdict"]]
    stood = [name for name in fresh if before[name] == fresh[name]["verdict"] == "FAIL"]
    notes = list(found["notes"])
    if stood:
        notes.append(f"failed again in a fresh sandbox, alone: {', '.join(stood)}")
    if cleared:
        notes.append(
            "failed while others were graded beside it, and not in a fresh sandbox, alone, which "
            f"counts: {', '.join(cleared)}"
        )
    return {**found, "notes": notes, **_with(found, fresh)}


def _with(found: Record, fresh: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return verdict and run of *found* with some checks replaced."""
    merged = [fresh.get(check["id"], check) for check in checks(found)]
    counts = {word: sum(_is(check, word) for check in merged) for word in found["run"]["counts"]}
    verdict = next((word for word in ("FAIL", "BROKEN", "PASS") if counts[word]), "SKIPPED")
    run = {**found["run"], "checks": merged, "counts": counts, "verdict": verdict, "points": None}
    return {"verdict": "BROKEN" if found["broken"] else verdict, "run": run}
