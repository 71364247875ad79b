"""The autograder of a lab for Gradescope: one zip that an instructor uploads.

    setup.sh, run_autograder    what Gradescope calls
    settings.json               the lab, the deadline
    rubric.toml                 if there is one
    requirements.txt            what forklab needs
    forklab/ scenarios/ labs/ docker/packages.txt    forklab itself, without the mutants

The same input is the same bytes: names in order, one date, modes of our own.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from forklab import tree
from forklab.errors import UsageError
from forklab.grades import rubric
from forklab.labs import LabInfo
from forklab.session import checks_of

PACKAGE = Path(__file__).resolve().parent
CALLED = PACKAGE / "platforms" / "gradescope"
LEFT_OUT = {"__pycache__", "_tree", "mutants", "right"}
DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
DEADLINE_S = 480.0  # Gradescope's own limit is 600 s unless it is changed


@dataclass(frozen=True)
class Settings:
    """What an instructor chose.

    Attributes:
        rubric: a file, or None for the default points.
        deadline_s: when grading is given up; less than Gradescope's own limit.
        total_visible: hidden checks are shown as one, so that students see their total.
    """

    rubric: Path | None = None
    deadline_s: float = DEADLINE_S
    total_visible: bool = False


def write(info: LabInfo, path: Path, settings: Settings) -> None:
    """Write the zip of lab *info* to *path*.

    Raises:
        UsageError: the rubric cannot be used, or the file not be written.
    """
    data = content(info, settings)
    fresh = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        fresh.write_bytes(data)
        fresh.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            fresh.unlink()
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


def content(info: LabInfo, settings: Settings) -> bytes:
    """Return the bytes of the zip.

    Raises:
        UsageError: the rubric cannot be used.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, (data, mode) in sorted(_files(info, settings).items()):
            member = zipfile.ZipInfo(name, DATE)
            member.create_system = 3  # Unix: only then the mode counts
            member.external_attr = (0o100000 | mode) << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return out.getvalue()


def _files(info: LabInfo, settings: Settings) -> dict[str, tuple[bytes, int]]:
    """Return the name of each file in the zip with its bytes and its mode."""
    root = tree.root()
    found = {name: (path.read_bytes(), 0o644) for name, path in _ours(root)}
    found |= {path.name: (path.read_bytes(), 0o755) for path in CALLED.iterdir() if path.is_file()}
    chosen = {
        "lab": info.name,
        "deadline_s": settings.deadline_s,
        "total_visible": settings.total_visible,
    }
    found["settings.json"] = (json.dumps(chosen, indent=1).encode() + b"\n", 0o644)
    found["requirements.txt"] = ("\n".join([*requirements(root), ""]).encode(), 0o644)
    if settings.rubric is not None:
        found["rubric.toml"] = (_rubric(settings.rubric, info.name), 0o644)
    return found


def _ours(root: Path) -> Iterator[tuple[str, Path]]:
    yield "docker/packages.txt", root / "docker" / "packages.txt"
    for folder in (PACKAGE, root / "labs", root / "scenarios"):
        for path in folder.rglob("*"):
            inner = path.relative_to(folder)
            if path.is_file() and not LEFT_OUT & set(inner.parts):
                yield f"{folder.name}/{inner.as_posix()}", path


def requirements(root: Path) -> list[str]:
    """Return what forklab needs, as pip takes it: of the checkout, else of what is installed."""
    project = root / "pyproject.toml"
    if project.is_file():
        return list(tomllib.loads(project.read_text())["project"]["dependencies"])
    return [word for word in metadata.requires("forklab") or [] if "extra ==" not in word]


def _rubric(path: Path, lab: str) -> bytes:
    """Return the file's bytes, after it was read as grading will read it."""
    try:
        rubric.read(path, lab, checks_of(lab))
    except rubric.RubricError as error:
        raise UsageError(str(error)) from error
    return path.read_bytes()
