"""What decides a verdict beside the submission: a hash, so that a change of it is noticed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from forklab import tree
from forklab.grading.job import Settings
from forklab.submissions.submission import Submission

PACKAGE = Path(tree.__file__).parent


@cache
def of_forklab(lab: str) -> str:
    """Return the hash of the harness, the checks and the contract of *lab*, in hex."""
    found = hashlib.sha256()
    files = [*PACKAGE.rglob("*.py"), *(tree.root() / "scenarios").glob("*.py")]
    for path in [*sorted(files), tree.root() / "labs" / lab / "lab.toml"]:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def key(submission: Submission, settings: Settings, image: str) -> str:
    """Return the hash of all that decides the verdicts of *submission*, in hex."""
    words = (submission.hash, settings.lab, settings.sandbox, settings.only, image)
    return hashlib.sha256(repr((*words, of_forklab(settings.lab))).encode()).hexdigest()
