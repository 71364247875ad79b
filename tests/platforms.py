"""What each course platform refuses, written from its own documents: a validator for each.

Each takes the text of the file and raises AssertionError where the platform would refuse it or
misread it.
"""

from __future__ import annotations

import base64
import json
import math
import re
from datetime import datetime
from typing import Any, NoReturn

MEBIBYTE = 1024 * 1024
VISIBILITY = {"hidden", "after_due_date", "after_published", "visible"}
FORMATS = {"text", "html", "simple_format", "md", "ansi"}
AUTOLAB_WORD = re.compile(
    r"([a-zA-Z0-9]+):"
)  # what assessment_autograde_core.rb puts quotes around
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def load(text: str) -> Any:
    """Parse JSON as a strict reader does: no NaN, no lone surrogate, no NUL."""

    def refuse(word: str) -> NoReturn:
        raise AssertionError(f"{word} is no JSON")

    found = json.loads(text, parse_constant=refuse)
    for part in strings(found):
        part.encode()  # a lone surrogate cannot be
        assert not CONTROL.search(part), part
    return found


def strings(value: Any) -> list[str]:
    """Every key and string in *value*."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(one for part in value.values() for one in strings(part))]
    if isinstance(value, list):
        return [one for part in value for one in strings(part)]
    return []


def is_number(value: object) -> bool:
    """Whether it is a finite number and no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def is_whole(value: object) -> bool:
    """Whether it is a whole number of at least 0 and no bool."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# Gradescope, docs/specs.md

GRADESCOPE_TEST = {
    "score", "max_score", "status", "name", "name_format", "number", "output", "output_format",
    "tags", "visibility", "extra_data",
}  # fmt: skip
GRADESCOPE = {
    "score", "execution_time", "output", "output_format", "test_output_format",
    "test_name_format", "visibility", "stdout_visibility", "extra_data", "tests", "leaderboard",
}  # fmt: skip


def gradescope(text: str) -> dict[str, Any]:
    """Demand what Gradescope's page on the format says of results.json."""
    assert len(text.encode()) < MEBIBYTE
    found = load(text)
    assert set(found) <= GRADESCOPE
    assert "score" in found or all("score" in test for test in found["tests"])
    for key in ("score", "execution_time"):
        assert is_number(found.get(key, 0))
    assert {found[key] for key in ("visibility", "stdout_visibility")} <= VISIBILITY
    assert {found[key] for key in found if key.endswith("_format")} <= FORMATS
    for test in found["tests"]:
        _gradescope_test(test)
    return dict(found)


def _gradescope_test(test: dict[str, Any]) -> None:
    assert set(test) <= GRADESCOPE_TEST
    assert ("score" in test) == ("max_score" in test)
    assert is_number(test.get("score", 0))
    assert is_number(test.get("max_score", 0))
    assert test.get("status", "passed") in ("passed", "failed")
    assert isinstance(test["number"], str)
    assert test["visibility"] in VISIBILITY
    assert isinstance(test["output"], str)
    assert test["name"].strip()
    assert all(isinstance(tag, str) for tag in test["tags"])


# PrairieLearn, externalGrader.ts and externalGraderCommon.ts


def prairielearn(text: str) -> dict[str, Any]:
    """Demand what PrairieLearn's own code checks before it takes a score."""
    assert len(text.encode()) <= MEBIBYTE
    assert "\x00" not in text
    found = load(text)
    assert "succeeded" not in found
    if not found.get("gradable", True):
        assert found["format_errors"]
        return dict(found)
    assert is_number(found["score"])
    assert 0 <= found["score"] <= 1
    for test in found["tests"]:
        assert is_number(test["points"])
        assert is_number(test["max_points"])
        assert {type(test[key]) for key in ("name", "description", "message", "output")} == {str}
    return dict(found)


# Autolab, assessment_autograde_core.rb


def autolab(text: str, problems: tuple[str, ...] = ("forklab",)) -> dict[str, float]:
    """Read the scores as Autolab does, its rewriting included, and return them."""
    rows = text.rstrip().split("\n")
    scores = _autolab_object(rows[-1])
    assert scores["scores"]
    assert set(scores["scores"]) <= set(problems)
    assert all(is_number(score) for score in scores["scores"].values())
    assert isinstance(scores["scoreboard"], list)
    if len(rows) > 1 and "{" in rows[-2]:
        feedback = _autolab_object(rows[-2])
        assert feedback["_presentation"] == "semantic"
        assert all(isinstance(feedback[stage], dict) for stage in feedback["stages"])
    assert len(rows[-1].encode()) + len("".join(rows[-2:-1]).encode()) < 200_000
    return dict(scores["scores"])


def _autolab_object(row: str) -> dict[str, Any]:
    rewritten = AUTOLAB_WORD.sub(r'"\1":', row)
    assert load(rewritten) == load(row), "Autolab would put quotation marks into it"
    found = load(row)
    assert isinstance(found, dict)
    return found


# GitHub Classroom's reporter


def github_classroom(text: str) -> tuple[int, int]:
    """Read a grader's result as the reporter does; return (points, maximum)."""
    assert len(text) < 128 * 1024  # a variable of the environment
    found = load(base64.b64decode(text, validate=False).decode())
    assert found["version"] == 1
    assert found["status"] in ("pass", "fail", "error")
    assert is_whole(found["max_score"])
    assert found["tests"], "the reporter divides by their number"
    for test in found["tests"]:
        assert test["status"] in ("pass", "fail", "error")
        assert is_number(test["score"])
        assert isinstance(test["duration"], int)
        assert test["name"].strip()
    points = sum(test["score"] for test in found["tests"]) if found["max_score"] else 0
    return points, found["max_score"]


# GitHub Actions, workflow commands

COMMAND = re.compile(r"::(error|warning|notice) title=([^:,\r\n]*)::([^\r\n]*)")


def github_actions(text: str) -> list[tuple[str, str, str]]:
    """Read the workflow commands of a log; demand that there is nothing but such."""
    assert text.endswith("\n")
    found = []
    for row in text.removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(row)
        assert match or not row, row
        if match:
            kind, title, message = match.groups()
            for part in (title, message):
                assert not re.search(r"%(?!25|0A|0D|3A|2C)", part), part
            found.append((kind, unescaped(title), unescaped(message)))
    assert sum(kind == "error" for kind, _, _ in found) <= 10
    return found


def unescaped(text: str) -> str:
    """Undo the escapes of a workflow command."""
    for escape, char in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(escape, char)
    return text


# Classroom 50, schema classroom50/result/v1


def classroom50(text: str) -> dict[str, Any]:
    """Demand what its collector demands."""
    assert len(text.encode()) <= 10 * MEBIBYTE
    found = load(text)
    assert found["schema"] == "classroom50/result/v1"
    assert found["submission"].startswith("submit/")
    for key in ("submission", "commit", "release", "review", "datetime"):
        assert isinstance(found[key], str)
        assert found[key].strip()
    datetime.strptime(found["datetime"], "%Y-%m-%dT%H:%M:%SZ")
    for part in (found, *found["tests"]):
        assert is_whole(part["score"])
        assert is_whole(part["max-score"])
        assert part["score"] <= part["max-score"]
    for test in found["tests"]:
        assert test["test-name"].strip()
        assert isinstance(test["passed"], bool)
    return dict(found)
