"""How late each submission was: hours, given from outside in a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from forklab.errors import UsageError


def read(path: Path) -> dict[str, float]:
    """Return hours by submission, from lines `name,hours`; a first line of words is a heading.

    Raises:
        UsageError: a line is not of this shape, with its number.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    found: dict[str, float] = {}
    for number, row in enumerate(rows, 1):
        if not any(word.strip() for word in row):
            continue
        hours = _hours(row)
        if hours is None and number == 1:
            continue
        if hours is None:
            raise UsageError(
                f"{path}, line {number}: expected a name and hours, 0 or more, such as kim,2.5"
            )
        found[row[0].strip()] = hours
    return found


def _hours(row: list[str]) -> float | None:
    try:
        hours = float(row[1])
    except (IndexError, ValueError):
        return None
    return hours if math.isfinite(hours) and hours >= 0 and row[0].strip() else None
