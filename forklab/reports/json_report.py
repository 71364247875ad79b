"""A run as one JSON document, for scripts and for other programs that grade."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from forklab.results.record import Result, Run, Verdict, points, shares

SCHEMA = "forklab-results/1"
FACTS = (
    "lab", "title", "program", "command", "build", "warnings", "sandbox", "image", "kernel",
    "machine", "began", "seconds", "waited_s", "ready_s", "folder", "not_isolated", "interrupted",
    "broken",
)  # fmt: skip


def document(run: Run) -> dict[str, Any]:
    """Return *run* as plain data.

    Points are null where they would mislead: of an interrupted run, and of one without a check.
    """
    graded = bool(run.results) and not run.interrupted
    worth = shares(run.results) if graded else [None] * len(run.results)
    return {
        "schema": SCHEMA,
        **{name: getattr(run, name) for name in FACTS},
        "verdict": str(run.verdict),
        "exit_status": run.exit_status,
        "total": run.total,
        "counts": {str(verdict): run.count(verdict) for verdict in Verdict},
        "points": dict(zip(("earned", "possible"), points(run.results), strict=True))
        if graded
        else None,
        "checks": [_check(*pair) for pair in zip(run.results, worth, strict=True)],
    }


def render(run: Run) -> str:
    """Return the document as text; ASCII, so that no byte of a program can break a reader."""
    return json.dumps(document(run), indent=2) + "\n"


def _check(result: Result, worth: float | None) -> dict[str, Any]:
    earned = result.verdict is Verdict.PASS
    return {
        "id": result.check.id,
        "full_id": result.check.full_id,
        "level": result.check.level,
        "requirement": result.check.requirement,
        "why": result.check.reason,
        "verdict": str(result.verdict),
        "points": None
        if worth is None
        else {"earned": worth * earned, "possible": worth * result.counts},
        "seconds": result.seconds,
        "reason": result.reason,
        "because": result.because,
        "done": result.done,
        "expected": result.expected,
        "seen": result.seen,
        "waited": result.waited,
        "evidence": None if result.evidence is None else asdict(result.evidence),
        "output": result.output,
        "hint": result.hint,
        "notes": result.notes,
    }
