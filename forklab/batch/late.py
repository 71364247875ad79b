"""How late each submission was: hours, given from outside in a CSV file."""

from __future__ import annotations

import csv
import math
import unicodedata
from pathlib import Path

from forklab.errors import UsageError


def read(path: Path) -> dict[str, float]:
    """Return hours by submission, from lines `name,hours`; a first line of words is a heading.

    Raises:
        UsageError: a line is not of this shape, or a name is there twice, with its number.
    """
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    found: dict[str, float] = {}
    for number, row in enumerate(rows, 1):
        cells = [word.strip() for word in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells or (number == 1 and _is_heading(cells)):
            continue
        hours = _hours(cells)
        if hours is None:
            raise UsageError(
                f"{path}, line {number}: expected a name and hours, 0 or more, such as kim,2.5"
            )
        name = unicodedata.normalize("NFC", cells[0])  # as submissions are named
        if name in found:
            raise UsageError(f"{path}, line {number}: {name} is there twice")
        found[name] = hours
    return found


def _is_heading(cells: list[str]) -> bool:
    """Whether these are words for columns: hours, also wrong ones, have a digit."""
    return len(cells) > 1 and not any(char.isdigit() for char in cells[1])


def _hours(cells: list[str]) -> float | None:
    """Return the hours of a line, None if it is not of the shape: 2,5 would be taken for 2."""
    try:
        name, said = cells
        hours = float(said)
    except ValueError:
        return None
    return hours if math.isfinite(hours) and hours >= 0 and name else None
