"""The evidence of one check as plain text, from the record of a run: pure, bounded, cuts said.

What a program printed is in it as it was; whoever shows it makes it harmless for that place.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

MOST_CHARACTERS = 8000
MOST_ROWS = 24
OUTPUT_LINES = 12
LONGEST_CELL = 120
LABEL = 10
WIDTH = 88  # of a sentence beside its label
PROCESS = ("who", "pid", "ppid", "state", "waits_in", "command")
DESCRIPTOR = ("who", "number", "what")
HEADS = {"state": "stat", "waits_in": "waits in", "number": "fd"}


def text_of(check: Mapping[str, Any], most: int = MOST_CHARACTERS) -> str:
    """Return what was done, expected and seen, the tables, the output and the hint.

    Args:
        check: one of `checks` of a document of schema forklab-results/1.
        most: characters at most; more are cut, and a sentence says how many.

    Returns:
        lines that end with a newline but for the last; "" of a PASS.
    """
    if check["verdict"] == "PASS":
        return ""
    parts = [_told(check), *_evidence(check.get("evidence")), _output(check)]
    if check.get("hint"):
        parts.append(_labelled("Hint", check["hint"]))
    return cut("\n\n".join(part for part in parts if part), most)


def cut(text: str, most: int) -> str:
    """Return *text*, or its first *most* characters and a sentence that says how many were cut."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n[{len(text) - most} more characters are left out here]"


def _told(check: Mapping[str, Any]) -> str:
    reason = f"because of {check['because']}" if check.get("because") else check.get("reason", "")
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(check.get("done", ()), 1))
    rows = [
        ("Done", steps),
        ("Broken" if check["verdict"] == "BROKEN" else "Reason", reason),
        ("Expected", check.get("expected", "")),
        ("Seen", check.get("seen", "")),
        ("How long", check.get("waited", "")),
        *(("Note", note) for note in check.get("notes", ())),
    ]
    return "\n".join(_labelled(label, text) for label, text in rows if text)


def _labelled(label: str, text: str) -> str:
    rows = [row for line in text.rstrip("\n").split("\n") for row in _wrapped(line)]
    return f"{label:<{LABEL}}" + ("\n" + " " * LABEL).join(rows)


def _wrapped(line: str) -> list[str]:
    """Break a sentence; what begins with spaces was laid out by somebody, a compiler perhaps."""
    if line.startswith(" "):
        return [line]
    return textwrap.wrap(line, WIDTH, break_long_words=False, break_on_hyphens=False) or [line]


def _evidence(evidence: Mapping[str, Any] | None) -> list[str]:
    if not evidence:
        return []
    processes, descriptors = evidence["processes"], evidence["descriptors"]
    culprits = {row["pid"] for row in [*processes, *descriptors] if row.get("mark")}
    that_matter = [row for row in descriptors if row["pid"] in culprits]
    ended = [row for row in evidence.get("ends", ()) if not row.get("plain")]
    parts = ["Processes at that instant\n" + _table(PROCESS, processes)]
    if ended:
        parts.append("Ended before that\n" + "\n".join(map(_end, ended[-MOST_ROWS:])))
    if that_matter:
        parts.append("Descriptors at that instant\n" + _table(DESCRIPTOR, that_matter))
    return parts


def _end(row: Mapping[str, Any]) -> str:
    who = f"{row['who']} (pid {row['pid']})" if row["who"] else f"pid {row['pid']}"
    return f"  {who} {row['how']}, reaped by {row['reaped_by']}"


def _table(keys: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows in columns, marked ones first if they are too many, and how many are cut."""
    if not rows:
        return "  none"
    ranked = sorted(range(len(rows)), key=lambda at: (not rows[at].get("mark"), at))
    kept = [rows[at] for at in sorted(ranked[:MOST_ROWS])]
    cells = [
        [HEADS.get(key, key) for key in keys],
        *([_cell(row, k) for k in keys] for row in kept),
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    ]
    for at, row in enumerate(kept, 1):
        lines[at] = lines[at].rstrip() + (f"  <-- {row['mark']}" if row.get("mark") else "")
    if len(kept) < len(rows):
        lines.append(f"  ({len(rows) - len(kept)} more rows are left out here)")
    return "\n".join(line.rstrip() for line in lines)


def _cell(row: Mapping[str, Any], key: str) -> str:
    value = str(row[key]).replace("\n", " ")
    if key == "who" and not value:
        return "-" if "state" in row else f"pid {row['pid']}"
    return value if len(value) <= LONGEST_CELL else f"{value[:LONGEST_CELL]} [cut]"


def _output(check: Mapping[str, Any]) -> str:
    """Quote the last lines that the program printed, so that none can pass for one of ours."""
    rows = [row for row in check.get("output", "").split("\n") if row.strip()]
    if not rows:
        return ""
    count = f"the last {OUTPUT_LINES} of {len(rows)} lines" if len(rows) > OUTPUT_LINES else "all"
    quoted = "\n".join("  | " + row for row in rows[-OUTPUT_LINES:])
    return f"What the program had printed ({count})\n{quoted}"
