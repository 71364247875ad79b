"""docs/matrix.md: rows are programs, columns are checks, a section a lab.

A section begins with the digest of the programs and the checks that it is about, so that a test can
tell when it is out of date.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from forklab.labs import LabInfo

HEAD = """# The matrix: every program against every check

Made by `make mutants WRITE=docs/matrix.md`; a test fails when it is out of date. The first row is
the reference program, a mutant is wrong on purpose, a right way must pass.

`.` pass, `F` fails as its head demands, `f` fails as a consequence, `-` skipped, `!` unexpected
"""
PASS, MUST_FAIL, FAILS_TOO, SKIPPED, WRONG = ".", "F", "f", "-", "!"
NAME = 52


def digest(info: LabInfo, checks: Sequence[str]) -> str:
    """Return what identifies the programs of a lab and the ids of its checks."""
    found = hashlib.sha256("\n".join(checks).encode())
    files = [info.program, info.folder / info.spec.worker]
    files += [p for d in ("mutants", "right") for p in (info.folder / d).rglob("*")]
    for path in sorted(
        path for path in files if path.is_file() and "__pycache__" not in path.parts
    ):
        found.update(f"\0{path.relative_to(info.folder)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def section(info: LabInfo, checks: Sequence[str], rows: Mapping[str, Mapping[str, str]]) -> str:
    """Return the section of a lab.

    Args:
        info: the lab.
        checks: ids of its checks, in order.
        rows: name of each program to what its cells say, by check.
    """
    numbers = [f"{number:>2}" for number in range(1, len(checks) + 1)]
    lines = [f"## {info.dashed}", "", f"<!-- {info.name} {digest(info, checks)} -->", ""]
    lines += [f"{len(rows)} programs, {len(checks)} checks.", "", "```"]
    lines += [" " * NAME + " ".join(numbers)]
    for name, cells in rows.items():
        lines.append(f"{name:<{NAME}}" + " ".join(f" {cells.get(c, WRONG)}" for c in checks))
    lines += ["```", ""]
    lines += [f"{number}. `{check}`" for number, check in enumerate(checks, 1)]
    return "\n".join(lines) + "\n"


def write(path: Path, sections: Mapping[str, str]) -> None:
    """Put the sections (by dashed name of the lab) into the page at *path*; others stay."""
    text = path.read_text() if path.exists() else HEAD
    found = {part.split("\n", 1)[0]: f"## {part}" for part in text.split("\n## ")[1:]}
    merged = {name: part.rstrip() + "\n" for name, part in (found | dict(sections)).items()}
    path.write_text(HEAD + "".join(f"\n{part}" for part in merged.values()))


def digests(text: str) -> dict[str, str]:
    """Return the digest in each section of a page, by folder name of the lab."""
    return dict(re.findall(r"^<!-- (\w+) ([0-9a-f]{16}) -->$", text, re.MULTILINE))
