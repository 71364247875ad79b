"""The plain text of evidence, cut into parts: labels and the mark of the culprit stand out.

It is the text of `forklab/reports/failure.py`, with what a program printed behind a bar; nothing
depends on its form but what is set off.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from forklab.reports.text import bounded

MOST_LINES = 600
LONGEST_LINE = 1000
QUOTED = re.compile(r"^ *\| ")  # what the program printed: never one of our words
LABEL = re.compile(
    r"^(  )(Done|Expected|Seen|How long|Note|Broken|Hint"
    r"|Processes at that instant|Descriptors at that instant|Ended before that"
    r"|What the program had printed|The program had printed nothing\.)"
)
CULPRIT = "<--"


class Part(NamedTuple):
    """A piece of text, and how it is shown: "" plain, `label`, `culprit`, `quoted`."""

    text: str
    kind: str = ""


def parts(text: str) -> tuple[list[list[Part]], int]:
    """Return the lines of *text*, each as its parts, and how many more were left out."""
    # a compiler quotes source with its tabs
    lines = text.strip("\n").expandtabs().split("\n") if text.strip() else []
    shown = [_line(bounded(line, LONGEST_LINE)) for line in lines[:MOST_LINES]]
    return shown, max(0, len(lines) - MOST_LINES)


def _line(line: str) -> list[Part]:
    if QUOTED.match(line):
        return [Part(line, "quoted")]
    if found := LABEL.match(line):
        return [Part(found[1]), Part(found[2], "label"), Part(line[found.end() :])]
    before, mark, after = line.partition(CULPRIT)
    return [Part(before), Part(mark + after, "culprit")] if mark else [Part(line)]


def without(text: str, requirement: str) -> str:
    """Return *text* without a first paragraph that begins with *requirement*: it stands above."""
    first, blank, rest = text.strip("\n").partition("\n\n")
    said = " ".join(first.split()).startswith(" ".join(requirement.rstrip(".").split()))
    return rest if blank and requirement and said else text
