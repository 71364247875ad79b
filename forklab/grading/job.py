"""What is to be graded, as plain data and as one line of text between processes."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from typing import Any

from forklab.program.source import File
from forklab.submissions.submission import Manifest, Submission


@dataclass(frozen=True)
class Settings:
    """How a submission is graded.

    Attributes:
        lab: its folder name.
        sandbox: a kind of sandbox, or "" for the one that this machine has.
        only: ids of the checks to run, sorted; empty: all.
        folder: where the files of the run are kept; "": nowhere.
    """

    lab: str
    sandbox: str = "docker"
    only: tuple[str, ...] = ()
    folder: str = ""


def packed(submission: Submission, settings: Settings) -> str:
    """Return a job as one line of JSON."""
    said = {**asdict(submission), "files": [_packed(file) for file in submission.files]}
    said["manifest"]["declares"] = sorted(submission.manifest.declares)
    return json.dumps({"submission": said, "settings": asdict(settings)})


def unpacked(line: str) -> tuple[Submission, Settings]:
    """Return what `packed` was given."""
    job: dict[str, Any] = json.loads(line)
    said, settings = job["submission"], job["settings"]
    manifest = {**said["manifest"], "declares": frozenset(said["manifest"]["declares"])}
    submission = Submission(
        **{
            **said,
            "files": tuple(_unpacked(file) for file in said["files"]),
            "manifest": Manifest(**manifest),
            "notes": tuple(said["notes"]),
        }
    )
    return submission, Settings(**{**settings, "only": tuple(settings["only"])})


def _packed(file: File) -> dict[str, Any]:
    return {**asdict(file), "data": base64.b64encode(file.data).decode()}


def _unpacked(said: dict[str, Any]) -> File:
    return File(**{**said, "data": base64.b64decode(said["data"])})
