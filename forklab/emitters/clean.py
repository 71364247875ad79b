"""What every emitter owes its readers: text that cannot harm, and a size that fits.

What a program printed and what a person called a file is untrusted. Here it becomes visible and
bounded; what else means something to one platform, its own emitter takes away.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from forklab.grades.grade import Grade, Mark
from forklab.reports.text import visible

MOST_BYTES = 1000 * 1000  # PrairieLearn and GitHub refuse more than 1 MiB
MOST_OF_A_NAME = 200
MOST_OF_A_LINE = 500
MOST_OF_A_TEXT = 8000
TEXTS = (MOST_OF_A_TEXT, 2000, 500, 0)  # characters of each text, until the whole fits
HIDDEN_ID = "hidden-checks"


def line(text: str, most: int = MOST_OF_A_LINE, empty: str = "") -> str:
    """Return *text* on one line, everything in it visible, with at most *most* characters.

    A cut is said; *empty* stands for a text in which nothing is.
    """
    shown = visible(" ".join(text[: most + 1].split("\n")))
    if len(shown) > most or len(text) > most:
        shown = shown[:most] + " [cut]"
    return shown if shown.strip() else empty


def lines(text: str, most: int = MOST_OF_A_TEXT) -> str:
    """Return *text*, everything but its line ends visible, with at most *most* characters.

    A cut is said, with the number of characters; most = 0: only that it is left out.
    """
    if not text or not most:
        return "[the evidence is left out here: there is too much of it]" if text else ""
    shown = "\n".join(visible(row) for row in text[:most].replace("\r\n", "\n").split("\n"))
    left_out = max(len(text) - most, len(shown) - 2 * most, 0)
    end = f"\n[{left_out} more characters are left out here]" if left_out else ""
    return shown[: 2 * most] + end


def fitting(render: Callable[[int], str], most_bytes: int = MOST_BYTES) -> str:
    """Return what *render* gives with the longest texts with which it fits into *most_bytes*.

    Args:
        render: takes the number of characters of each text.
        most_bytes: of the whole, in UTF-8.
    """
    for most in TEXTS:
        found = render(most)
        if len(found.encode()) <= most_bytes:
            return found
    return found


def as_json(value: Any, *, indent: int | None = None) -> str:
    """Return *value* as JSON that every reader takes: ASCII, and no NaN."""
    return json.dumps(value, allow_nan=False, indent=indent)


def number(value: float) -> float | int:
    """Return *value* with two decimals, whole numbers as such; what is no number is 0."""
    rounded = round(value, 2) if math.isfinite(value) else 0.0
    return int(rounded) if rounded == int(rounded) else rounded


def points(value: float) -> str:
    """Return *value* for a reader: at most two decimals, `57` and not `57.0`."""
    return f"{number(value):.2f}".rstrip("0").rstrip(".")


def name(mark: Mark) -> str:
    """Return how a mark is called: its id and its title."""
    return line(f"{mark.id}: {mark.title}", MOST_OF_A_NAME, "check").strip()


def shown(grade: Grade) -> tuple[Mark, ...]:
    """Return the marks that a student may see; all hidden ones are one, with their points alone."""
    hidden = [mark for mark in grade.marks if mark.hidden]
    visible_ones = tuple(mark for mark in grade.marks if not mark.hidden)
    return (*visible_ones, _one(hidden)) if hidden else visible_ones


def _one(hidden: Sequence[Mark]) -> Mark:
    verdicts = {mark.verdict for mark in hidden}
    worst = next(v for v in ("FAIL", "BROKEN", "SKIPPED", "PASS") if v in verdicts)
    what = "1 check that is not shown" if len(hidden) == 1 else f"{len(hidden)} that are not shown"
    first = replace(hidden[0], seen="", text="", id=HIDDEN_ID, title=what, verdict=worst)
    return replace(
        first,
        points=round(sum(mark.points for mark in hidden), 2),
        possible=round(sum(mark.possible for mark in hidden), 2),
        seconds=sum(mark.seconds for mark in hidden),
    )


def counts(mark: Mark) -> bool:
    """Whether the mark has points that were judged."""
    return mark.possible > 0


def why_not_judged(grade: Grade) -> str:
    """Say why the points of *grade* mean nothing: our fault, and not the program's."""
    why = line(grade.broken) or "its checks could not be looked at here"
    return f"This program was not judged, and that is not its fault: {why}"


def remarks(grade: Grade) -> list[str]:
    """Return what a reader must know beside the marks, a sentence each."""
    found = [] if grade.judged else [why_not_judged(grade)]
    found += [said for note in grade.notes if (said := line(note))]
    if grade.judged and (left := sum(not counts(mark) for mark in grade.marks)):
        one = "1 check does" if left == 1 else f"{left} checks do"
        found.append(f"{one} not count: not looked at, or worth nothing")
    return found


def sentence(grade: Grade) -> str:
    """Return the result on one line: `FAIL: 57 of 100 points`."""
    if not grade.judged:
        return f"{grade.verdict}: not judged"
    late = f", {points(grade.penalty)} taken off for lateness" if grade.penalty else ""
    return f"{grade.verdict}: {points(grade.points)} of {points(grade.possible)} points{late}"


def moment(grade: Grade) -> datetime:
    """Return when it was graded, in UTC; 1970 where nobody knows, so that a form can be filled."""
    try:
        found = datetime.fromisoformat(grade.began)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
