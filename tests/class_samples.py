"""A class in literal data: grades as the pages get them, made of the runs that reports are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from forklab.grades.grade import Grade, Mark
from forklab.pages import class_page, evidence_page
from forklab.pages.class_facts import ClassFacts
from forklab.reports.failure import expanded
from forklab.results.record import Result, Run, Verdict, points, shares
from tests import report_samples

HOSTILE = "</pre><script>alert(1)</script>\x1b[31m\u202e\x00\udcff\"'&{{ 7 * 7 }}"
TEXT_OF = (Verdict.FAIL, Verdict.BROKEN)


def grade_of(run: Run, name: str, **more: Any) -> Grade:
    """Return what *run* is worth without a rubric; *more* are fields of the grade."""
    worth = zip(run.results, shares(run.results), strict=True)
    marks = tuple(_mark(result, share) for result, share in worth)
    earned, possible = points(run.results)
    facts: dict[str, Any] = {
        "points": earned, "possible": possible, "marks": marks, "warnings": run.warnings,
        "command": run.command, "sandbox": run.sandbox, "began": run.began,
        "seconds": run.seconds, "broken": run.broken, "folder": name, **more,
    }  # fmt: skip
    return Grade(submission=name, lab="fork_echo", verdict=str(run.verdict), **facts)


def _mark(result: Result, worth: float) -> Mark:
    because = f"{result.because} failed" if result.because else result.reason
    text = "\n".join(line.text for line in expanded(result, full=True))
    return Mark(
        id=result.check.id,
        title=result.check.requirement,
        level=result.check.level,
        verdict=str(result.verdict),
        points=worth * (result.verdict is Verdict.PASS),
        possible=worth * result.counts,
        seconds=result.seconds,
        seen=result.seen or because,
        text=text if result.verdict in TEXT_OF else "",
    )


def mark(check_id: str, verdict: str = "PASS", **more: Any) -> Mark:
    """Return a mark of 10 points."""
    earned = 10.0 if verdict == "PASS" else 0.0
    facts = {"title": f"It {check_id}", "level": "core", "points": earned, "possible": 10.0, **more}
    return Mark(id=check_id, verdict=verdict, **facts)


def grade(name: str, *marks: Mark, verdict: str = "", **more: Any) -> Grade:
    """Return a grade with *marks*, their sum and, if none is given, their verdict."""
    said = {one.verdict for one in marks}
    found = next((word for word in ("FAIL", "BROKEN", "PASS") if word in said), "BROKEN")
    facts = {
        "points": sum(one.points for one in marks),
        "possible": sum(one.possible for one in marks),
        "folder": name,
        **more,
    }
    return Grade(name, "fork_echo", verdict or found, marks=marks, **facts)


def hidden(grade: Grade, check_id: str) -> Grade:
    """Return *grade* with check *check_id* hidden."""
    marks = tuple(replace(one, hidden=one.hidden or one.id == check_id) for one in grade.marks)
    return replace(grade, marks=marks)


def small_class() -> list[Grade]:
    """Return one of each kind: passes, fails, late, refused, broken, hostile."""
    passes, fails = report_samples.all_pass(), report_samples.burst_fails()
    late = {"points": 30.5, "penalty": 10.0, "notes": ("confirmed in a second run",)}
    return [
        grade_of(passes, "kim-minji"),
        hidden(grade_of(fails, "lee-junho", **late), "reaps-while-busy"),
        grade_of(fails, "박서연"),
        grade("refused", notes=("refused: the archive leads out of its folder",), verdict="FAIL"),
        grade_of(report_samples.broken_run(), "no-engine", points=0.0, possible=0.0),
        grade_of(report_samples.hostile(), "hostile", command=HOSTILE, notes=(HOSTILE,)),
    ]


def facts(**more: Any) -> ClassFacts:
    """Return what is said of the whole batch."""
    said: dict[str, Any] = {
        "title": "Fork echo server: one child per connection",
        "began": "2026-11-27T04:55:34Z",
        "seconds": 207.4,
        "sandbox": "docker",
        "version": "0.1.0",
        "again": "forklab grade fork_echo handed-in --late late.csv",
        "reasons": {"reaps-a-burst": "Signals do not queue."},
        **more,
    }
    return ClassFacts("fork_echo", **said)


def write(folder: Path, language: str, grades: list[Grade] | None = None) -> Path:
    """Write the pages of *grades*, else of the small class, below *folder*; return the first."""
    grades = small_class() if grades is None else grades
    for one in grades:
        (folder / one.folder).mkdir(parents=True)
        (folder / one.folder / "report.txt").write_text("a report\n")
        page = evidence_page.render(one, facts(), language, ["report.txt"])
        (folder / one.folder / "index.html").write_text(page)
    first = folder / "index.html"
    first.write_text(class_page.render(grades, facts(), language))
    return first
