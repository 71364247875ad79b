"""Which file of which run a person means."""

from __future__ import annotations

from pathlib import Path

from forklab import labs
from forklab.errors import UsageError
from forklab.reports.last import last_run


def find(source: str, runs: Path, name: str, otherwise: str) -> Path:
    """Return what *source* means: a file itself, or *name* of a run's folder or a lab's last run.

    Args:
        source: path of a file or of the folder of a run, or the name of a lab.
        runs: where runs are kept.
        name: of the file that is wanted.
        otherwise: why a run may not have it, or what to do then; the end of a sentence.

    Raises:
        UsageError: there is no such run, or it has no such file.
    """
    path = Path(source)
    if path.is_file():
        return path
    if (path / name).is_file():
        return path / name
    info = labs.read(source)
    last = last_run(runs, info.name)
    if last is None:
        raise UsageError(f"there is no run of {info.dashed} in {runs}: forklab check {info.dashed}")
    if not (last.folder / name).is_file():
        raise UsageError(f"{last.folder} has no {name}: {otherwise}")
    return last.folder / name
