"""Records and grades in literal data, as grading gives them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from forklab.grades.grade import Grade, Mark
from forklab.results.record import Check

CHECKS = (
    Check("starts", "fork_echo", "core", "It comes to listen on its port", ""),
    Check("echoes", "fork_echo", "core", "Every byte comes back", ""),
    Check("reaps-each-child", "fork_echo", "core", "Each child is waited for", ""),
    Check("reaps-a-burst", "fork_echo", "robust", "Children that end together are reaped", ""),
    Check("survives-reset", "fork_echo", "robust", "A reset ends one child only", "", 0.5),
)
EVIDENCE = {
    "processes": [
        {"who": "parent", "pid": 31, "ppid": 1, "state": "S", "waits_in": "accept",
         "command": "./server 41000", "mark": ""},
        {"who": "child-1", "pid": 32, "ppid": 31, "state": "Z", "waits_in": "",
         "command": "[server] <defunct>", "mark": "ended, nobody waited for it"},
    ],
    "descriptors": [
        {"who": "parent", "pid": 31, "number": 4, "what": "connection of client-1",
         "target": "socket:[617]", "mark": "should be closed"},
        {"who": "child-1", "pid": 40, "number": 9, "what": "of no interest", "target": "x",
         "mark": ""},
    ],
    "whole": True,
    "ends": [{"who": "child-2", "pid": 33, "how": "killed by SIGPIPE", "ago_s": 0.1,
              "reaped_by": "its parent", "plain": False}],
}  # fmt: skip


def checked(check_id: str, verdict: str = "PASS", **more: Any) -> dict[str, Any]:
    """Return one check of a document of schema forklab-results/1."""
    failed = {"done": ["start it", "connect"], "expected": "no zombie", "seen": "one zombie",
              "waited": "2.1 s, 20 looks", "hint": "Who waits?", "evidence": EVIDENCE,
              "output": "listening\n"}  # fmt: skip
    return {
        "id": check_id, "verdict": verdict, "seconds": 0.25, "reason": "", "because": "",
        "done": [], "expected": "", "seen": "", "waited": "", "evidence": None, "output": "",
        "hint": "", "notes": [], **(failed if verdict == "FAIL" else {}), **more,
    }  # fmt: skip


def record(*checks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a record with *checks*, and PASS for every check that is not among them."""
    given = {check["id"]: check for check in checks}
    every = [given.get(check.id, checked(check.id)) for check in CHECKS]
    failed = any(check["verdict"] == "FAIL" for check in every)
    broken = any(check["verdict"] == "BROKEN" for check in every)
    return {
        "schema": "forklab-record/1", "submission": "kim", "lab": "fork_echo", "hash": "00",
        "attempts": 1, "notes": [], "refused": "", "broken": "",
        "verdict": "FAIL" if failed else "BROKEN" if broken else "PASS",
        "run": {"checks": every, "broken": "", "warnings": "", "command": "./server 41000",
                "sandbox": "docker", "began": "2026-11-21T19:12:06+00:00", "seconds": 4.5},
        **more,
    }  # fmt: skip


def mark(check_id: str, verdict: str = "PASS", points: float = 10.0, **more: Any) -> Mark:
    """Return a mark of 10 points, earned if it is a PASS."""
    told = {} if verdict == "PASS" else {"seen": "one zombie", "text": "Seen      one zombie"}
    return Mark(
        **{
            "id": check_id, "title": f"The title of {check_id}", "level": "core",
            "verdict": verdict, "points": points if verdict == "PASS" else 0.0,
            "possible": 0.0 if verdict == "BROKEN" else points, "seconds": 0.25, **told, **more,
        }
    )  # fmt: skip


def graded(*marks: Mark, **more: Any) -> Grade:
    """Return the grade of *marks*, or of two that pass and one that fails."""
    marks = marks or (mark("starts"), mark("echoes"), mark("reaps-a-burst", "FAIL", level="robust"))
    points, possible = (sum(getattr(m, name) for m in marks) for name in ("points", "possible"))
    verdicts = {m.verdict for m in marks}
    worst = next((v for v in ("FAIL", "BROKEN", "PASS") if v in verdicts), "SKIPPED")
    return Grade(
        **{
            "submission": "kim", "lab": "fork_echo", "verdict": worst, "points": points,
            "possible": possible, "marks": marks, "total": 30.0,
            "began": "2026-11-21T19:12:06+00:00", "seconds": 4.5, **more,
        }
    )  # fmt: skip


# Anything that a program can print or a person can call a file: NULs, escapes, lone surrogates,
# what means something to a platform.
ODD = [
    "\x00", "\x1b[31m", "\r\n", "word:", "a:b: ", "\ud800", "\udfff", "\ufffe", "\u202e", "😀",
    "한글", "|", "`", "```", "<b>", "&amp;", "::error::", "%0A", "=1+1", "@here", '"', "\\", "]]>",
    "\x7f", "{", "}", "\u2028", "\x85", "-", "'", "$x$", "~~~", "é:",
]  # fmt: skip
PLAIN = st.text(st.characters(exclude_categories=[]), max_size=20)
TEXT = st.lists(st.one_of(st.sampled_from(ODD), PLAIN), max_size=6).map("".join)
LONG = st.one_of(TEXT, st.builds(str.__mul__, TEXT, st.sampled_from([30, 2000])))
CENTS = st.integers(0, 10_000).map(lambda cents: cents / 100)


@st.composite
def any_mark(draw: st.DrawFn) -> Mark:
    """A mark with any text, whose points are possible."""
    possible = draw(CENTS)
    return Mark(
        id=draw(TEXT),
        title=draw(TEXT),
        level=draw(st.sampled_from(["core", "robust"])),
        verdict=draw(st.sampled_from(["PASS", "FAIL", "SKIPPED", "BROKEN"])),
        points=draw(st.sampled_from([0.0, possible, round(possible / 3, 2)])),
        possible=possible,
        hidden=draw(st.booleans()),
        seconds=draw(CENTS),
        seen=draw(TEXT),
        text=draw(LONG),
    )


@st.composite
def any_grade(draw: st.DrawFn) -> Grade:
    """A grade with any text and any marks; its sums are those of its marks."""
    marks = tuple(draw(st.lists(any_mark(), max_size=5)))
    possible = round(sum(mark.possible for mark in marks), 2)
    points = round(sum(mark.points for mark in marks), 2)
    penalty = draw(st.sampled_from([0.0, round(points / 2, 2), points]))
    return Grade(
        submission=draw(TEXT),
        lab=draw(st.sampled_from(["fork_echo", "prefork"])),
        verdict=draw(st.sampled_from(["PASS", "FAIL", "SKIPPED", "BROKEN"])),
        points=round(points - penalty, 2),
        possible=possible,
        marks=marks,
        penalty=penalty,
        broken=draw(TEXT),
        notes=tuple(draw(st.lists(TEXT, max_size=2))),
        warnings=draw(LONG),
        began=draw(st.sampled_from(["", "no time", "2026-11-21T19:12:06+00:00"])),
        seconds=draw(CENTS),
        total=draw(st.sampled_from([0.0, 100.0])),
    )
