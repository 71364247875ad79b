"""Hints by check: up to three of rising directness, none of them code.

A file has one key a check, a list of sentences: a question; where to read; the shape of the fix.
`labs/hints.toml` holds what all servers owe, `labs/<lab>/hints.toml` what is the lab's own; where
both speak of a check, the lab's own hints replace the common ones. Between them stand those of a
lab that this one extends, as its lab.toml says. `hints.ko.toml` beside each is the same in Korean;
what is missing there is told in English.
"""

from __future__ import annotations

import contextlib
import tomllib
from pathlib import Path

from forklab import tree
from forklab.errors import UsageError
from forklab.hints.language import language

FILE = "hints.toml"
TRANSLATED = "hints.{}.toml"
MOST = 3


def hints(lab: str, check_id: str, wanted: str | None = None) -> tuple[str, ...]:
    """Return the hints for a check of *lab* (its folder name); none if nothing is written.

    Args:
        lab: folder name of the lab.
        check_id: of the check.
        wanted: the language; None: the one that this person wants.

    Raises:
        UsageError: a file of hints cannot be used, or the language is none of ours.
    """
    labs = tree.root() / "labs"
    wanted = wanted or language()
    folders = [labs, *(labs / name for name in (extended(labs / lab), lab) if name)]
    found: dict[str, tuple[str, ...]] = {}
    for folder in folders:
        found |= _both(folder, wanted)
    return found.get(check_id, ())


def extended(folder: Path) -> str:
    """Return the lab that the one in *folder* extends, "" if there is none.

    A lab.toml that cannot be used is told of where the lab is read.
    """
    with contextlib.suppress(OSError, ValueError):
        return str(tomllib.loads((folder / "lab.toml").read_text("utf-8")).get("extends", ""))
    return ""


def _both(folder: Path, wanted: str) -> dict[str, tuple[str, ...]]:
    return read(folder / FILE) | read(folder / TRANSLATED.format(wanted))


def read(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the hints of one file by check id; empty if there is no such file.

    Raises:
        UsageError: the file cannot be read, is no TOML, or holds something else than hints.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be used: {error}") from error
    return {check_id: _ladder(path, check_id, value) for check_id, value in found.items()}


def _ladder(path: Path, check_id: str, value: object) -> tuple[str, ...]:
    sentences = value if isinstance(value, list) else []
    if 0 < len(sentences) <= MOST and all(isinstance(text, str) for text in sentences):
        return tuple(" ".join(text.split()) for text in sentences)
    raise UsageError(f"{path} cannot be used: {check_id} must be a list of 1 to {MOST} sentences")
