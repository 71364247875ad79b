"""A submission on the disk, as forklab takes a program."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from forklab.errors import UsageError
from forklab.program.convention import MAKEFILES
from forklab.submissions.submission import Submission


def write(submission: Submission, folder: Path) -> Path:
    """Write the files of *submission* below *folder*, which is made if it is not there.

    Returns:
        What to hand to forklab: the file, where there is only one and it is no Makefile, else
        *folder*.

    Raises:
        UsageError: a path leads out of *folder*; what `collect` returns has none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in submission.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise UsageError(f"{file.path!a} of {submission.name} leads out of its folder")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.data)
        target.chmod(file.mode)
    paths = [PurePosixPath(file.path) for file in submission.files]
    if len(paths) == 1 and paths[0].name not in MAKEFILES:
        return folder / paths[0]
    return folder
