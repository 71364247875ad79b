"""Put the files of a submission into a folder."""

from __future__ import annotations

from pathlib import Path

from forklab.submissions.submission import Submission


def write(submission: Submission, folder: Path) -> Path:
    """Write the files below *folder*, and return what is to be examined: the file, if it is one."""
    for file in submission.files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(file.mode)
    return folder / submission.files[0].path if len(submission.files) == 1 else folder
