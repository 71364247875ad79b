"""From the record of one submission and a rubric to its grade; the same record, the same grade.

BROKEN earns nothing and costs nothing, and so does what was SKIPPED because this host lacks
something; SKIPPED because another check failed costs its points. A check of the rubric that the run
does not have is BROKEN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from forklab.grades.grade import Grade, Mark
from forklab.grades.rubric import Group, Item, Late, Rubric
from forklab.grades.text import text_of

Checks = Mapping[str, Mapping[str, Any]]
HOURS_A_DAY = 24
ALMOST_NOTHING = 1e-9  # hours: 2.0000000001 hours are two, and no third one has begun


@dataclass(frozen=True)
class Earned:
    """What the checks of a run are worth, and what a reader should know of it.

    Attributes:
        marks: without text; notes: on groups, one sentence each.
    """

    marks: dict[str, Mark]
    notes: tuple[str, ...]


def grade(
    record: Mapping[str, Any], rubric: Rubric, hours_late: float = 0.0, folder: str = ""
) -> Grade:
    """Return the grade of *record*.

    Args:
        record: of schema forklab-record/1.
        rubric: of the same lab.
        hours_late: after the deadline; the grace of the rubric is taken off here.
        folder: where the evidence is, relative to the page of the batch.
    """
    run: Mapping[str, Any] = record["run"] or {}
    earned = _earned(record, rubric, _checks(run))
    marks = tuple(earned.marks[item.id] for item in rubric.items)
    possible = round(sum(mark.possible for mark in marks), 2)
    points = round(sum(mark.points for mark in marks), 2)
    penalty = min(points, _penalty(rubric, hours_late, possible))
    return Grade(
        submission=record["submission"],
        lab=record["lab"],
        verdict=_verdict(record, marks),
        points=round(points - penalty, 2),
        possible=possible,
        marks=marks,
        penalty=penalty,
        broken=record["broken"] or run.get("broken", ""),
        notes=(*_said(record), *earned.notes, *_late(hours_late, penalty), *_unknown(rubric, run)),
        warnings=run.get("warnings", ""),
        command=run.get("command", ""),
        sandbox=run.get("sandbox", ""),
        began=run.get("began", ""),
        seconds=run.get("seconds", 0.0),
        folder=folder,
        total=rubric.total,
    )


def _earned(record: Mapping[str, Any], rubric: Rubric, checks: Checks) -> Earned:
    marks = {item.id: _mark(item, record, checks.get(item.id)) for item in rubric.items}
    notes = []
    for group in rubric.groups:
        changed, note = _as_a_group(group, [marks[check] for check in group.checks])
        marks |= {mark.id: mark for mark in changed}
        notes += [note] if note else []
    verdicts = {item.id: (marks[item.id], item.hidden) for item in rubric.items}
    for item in rubric.items:
        marks[item.id] = _with_what_it_needs(marks[item.id], item, verdicts)
    return Earned(marks, tuple(notes))


def _mark(item: Item, record: Mapping[str, Any], check: Mapping[str, Any] | None) -> Mark:
    mark = Mark(item.id, item.title, item.level, "BROKEN", 0.0, 0.0, hidden=item.hidden)
    if record["refused"]:
        # as with what does not build: who handed in nothing says nothing about each check
        skipped = check is not None and check["verdict"] == "SKIPPED"
        verdict = "SKIPPED" if skipped else "FAIL"
        return replace(mark, verdict=verdict, possible=item.points, seen=record["refused"])
    if check is None:
        why = record["broken"] or "this check was not run"
        return replace(mark, seen=why, text=why)
    verdict = check["verdict"]
    counts = verdict in ("PASS", "FAIL") or (verdict == "SKIPPED" and bool(check["because"]))
    return replace(
        mark,
        verdict=verdict,
        points=item.points if verdict == "PASS" else 0.0,
        possible=item.points if counts else 0.0,
        seconds=check["seconds"],
        seen=_seen(check),
        text=text_of(check),
    )


def _seen(check: Mapping[str, Any]) -> str:
    """Return one line: what was wrong; "" of a PASS."""
    if check["verdict"] == "PASS":
        return ""
    because = f"because of {check['because']}" if check["because"] else ""
    said = check["seen"] if check["verdict"] == "FAIL" else because or check["reason"]
    return " ".join(said.split("\n"))


def _as_a_group(group: Group, marks: list[Mark]) -> tuple[list[Mark], str]:
    """Return the marks of a group by its rule, and a sentence if that changed something."""
    counted = [mark for mark in marks if _counts(mark)]
    passed = sum(mark.verdict == "PASS" for mark in counted)
    found = f"group {group.name!r}: {passed} of {len(counted)} checks pass"
    if group.credit == "all" and 0 < passed < len(counted):
        note = f"{found}, and all must: it earns nothing"
        return [replace(mark, points=0.0) for mark in counted], note
    if group.credit != "at-least" or passed == len(counted):
        return marks, ""
    if passed >= group.at_least:
        note = f"{found}, {group.at_least} are enough: it earns all its points"
        return [replace(mark, points=mark.possible) for mark in counted], note
    if passed + len(marks) - len(counted) >= group.at_least:  # what we could not see may decide
        note = f"{found}, and too many could not be looked at: it does not count"
        return [replace(mark, points=0.0, possible=0.0) for mark in marks], note
    note = f"{found}, fewer than {group.at_least}: it earns nothing"
    return [replace(mark, points=0.0) for mark in counted], note


def _with_what_it_needs(mark: Mark, item: Item, of: Mapping[str, tuple[Mark, bool]]) -> Mark:
    """Return *mark* without points if a check failed that it needs; one not looked at may pass."""
    missing = [of[need] for need in item.needs if _counts(of[need][0])]
    lost = [(need, hidden) for need, hidden in missing if need.verdict != "PASS"]
    if not lost or not mark.points:
        return mark
    names = ", ".join(need.id for need, hidden in lost if not hidden or item.hidden)
    why = f"earns nothing without {names or 'another check'}, which did not pass"
    return replace(mark, points=0.0, seen=mark.seen or why, text=mark.text or why)


def _counts(mark: Mark) -> bool:
    """Whether it was judged: a check that is worth nothing may still be needed by others."""
    return mark.verdict in ("PASS", "FAIL") or mark.possible > 0


def _penalty(rubric: Rubric, hours_late: float, possible: float) -> float:
    """Return points to take off; what does not count takes its part of the penalty along."""
    late: Late = rubric.late
    hours = hours_late - late.grace_hours
    if hours <= ALMOST_NOTHING or not rubric.total:
        return 0.0
    begun = ceil(hours - ALMOST_NOTHING), ceil((hours - ALMOST_NOTHING) / HOURS_A_DAY)
    off = begun[0] * late.per_hour + begun[1] * late.per_day
    off = off if late.most is None else min(off, late.most)
    return round(off * possible / rubric.total, 2)


def _verdict(record: Mapping[str, Any], marks: tuple[Mark, ...]) -> str:
    """Return that of the record; what passed and is not whole is BROKEN."""
    if record["refused"]:
        return "FAIL"
    verdict = str(record["verdict"])
    whole = not record["broken"] and all(mark.verdict != "BROKEN" for mark in marks)
    return verdict if whole or verdict != "PASS" else "BROKEN"


def _checks(run: Mapping[str, Any]) -> Checks:
    return {check["id"]: check for check in run.get("checks", ())}


def _said(record: Mapping[str, Any]) -> tuple[str, ...]:
    return (*((record["refused"],) if record["refused"] else ()), *record["notes"])


def _late(hours: float, penalty: float) -> tuple[str, ...]:
    return (f"{hours:g} hours late: {penalty:g} points are taken off",) if penalty else ()


def _unknown(rubric: Rubric, run: Mapping[str, Any]) -> tuple[str, ...]:
    known = {item.id for item in rubric.items}
    return tuple(
        f"{check} is a check that the rubric does not know: it earns nothing"
        for check in _checks(run)
        if check not in known
    )
