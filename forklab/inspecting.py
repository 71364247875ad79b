"""What was handed in, and what would be done with it, and why: looked at without an engine."""

from __future__ import annotations

import shlex
import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from forklab.errors import UsageError
from forklab.labs import LabInfo
from forklab.program.build import commands, started_by
from forklab.program.source import NoProgram, Source, find
from forklab.program.spec import Spec
from forklab.reports.text import WIDTH, columns, visible
from forklab.submissions import manifest, text
from forklab.submissions.collect import collect
from forklab.submissions.materialize import write
from forklab.submissions.submission import Submission

SCHEMA = "forklab-inspect/1"
NAMED = 8  # files that are named one by one
MADE = "(what make leaves)"
RUNS = Path("runs")  # where batches are kept, perhaps beside what is graded


@dataclass(frozen=True)
class Seen:
    """One submission, and what would be done with it.

    Attributes:
        submission: as it was collected.
        kind: `python`, `c`, `c++`, `script`, `executable`, `make`; "" if it is refused.
        builds: the commands that build it, as a shell takes them.
        starts: the command line that starts it; without a lab, before its arguments.
        why: the rule that chose what is built and started.
        worker: the file of its second executable.
        refused: why it cannot be graded, "" if it can.
    """

    submission: Submission
    kind: str = ""
    builds: tuple[str, ...] = ()
    starts: str = ""
    why: str = ""
    worker: str = ""
    refused: str = ""

    @property
    def encodings(self) -> dict[str, str]:
        """The encoding of each source, by path, as it is handed to the compiler."""
        sources = [f for f in self.submission.files if text.is_text(_name(f.path), f.data)]
        return {file.path: text.encoding_of(file.data) for file in sources}


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def inspect(paths: Sequence[Path], info: LabInfo | None = None) -> list[Seen]:
    """Return what was handed in, and what would be done with it.

    Args:
        paths: files, folders and archives.
        info: the lab that it is for; None: of none in particular.

    Raises:
        UsageError: one of *paths* is not there.
    """
    return [_looked_at(submission, info) for submission in collect(paths, without=RUNS)]


def _looked_at(submission: Submission, info: LabInfo | None) -> Seen:
    if submission.refused:
        return Seen(submission, refused=submission.refused)
    try:
        spec = manifest.applied(submission.manifest, info.spec if info else _any_lab(submission))
    except UsageError as error:
        return Seen(submission, refused=f"submission.toml does not go with the lab: {error}")
    with tempfile.TemporaryDirectory() as folder:
        path = write(submission, Path(folder))
        try:
            found = find(path, None, spec.worker, spec.main, spec.plays)
        except NoProgram as refused:
            words = refused.seen.replace(f"{folder}/", "").replace(folder, "it")
            return Seen(submission, refused=words)
    return _how(submission, spec, found, told=info is not None)


def _any_lab(submission: Submission) -> Spec:
    """Return a contract that goes with every manifest."""
    said = submission.manifest
    return Spec((), workers=said.workers or 1, worker=said.worker or "", fixed_port=said.port or 1)


def _how(submission: Submission, spec: Spec, found: Source, *, told: bool) -> Seen:
    """Say how *found* is built and started; *told*: the lab is known, and so are the arguments."""
    steps = commands(found)
    made = steps[0][1] if found.kind in ("c", "c++") else found.main
    argv = (MADE,) if not made else started_by(found, made)
    if told or spec.run:
        port = spec.fixed_port if spec.fixed_port and told else "PORT"
        argv = tuple(spec.argv(argv, port, spec.workers))
    return Seen(
        submission,
        found.kind,
        tuple(shlex.join(words) for words, _ in steps),
        " ".join(word if word == MADE else shlex.quote(word) for word in argv),
        found.why,
        found.worker,
    )


def document(seen: Sequence[Seen], info: LabInfo | None = None) -> dict[str, Any]:
    """Return it as a JSON document, schema forklab-inspect/1."""
    return {
        "schema": SCHEMA,
        "lab": info.name if info else None,
        "submissions": [_entry(one) for one in seen],
    }


def _entry(seen: Seen) -> dict[str, Any]:
    submission = seen.submission
    said = asdict(submission.manifest) | {"declares": sorted(submission.manifest.declares)}
    encodings = seen.encodings
    return {
        "name": submission.name,
        "origin": visible(submission.origin),
        "hash": submission.hash,
        "files": [
            {
                "path": file.path,
                "bytes": len(file.data),
                "executable": file.mode == 0o755,
                "encoding": encodings.get(file.path),
            }
            for file in submission.files
        ],
        "manifest": said,
        "kind": seen.kind,
        "builds": list(seen.builds),
        "starts": seen.starts,
        "why": seen.why,
        "worker": seen.worker,
        "notes": list(submission.notes),
        "refused": seen.refused,
    }


def report(seen: Sequence[Seen]) -> Iterator[str]:
    """Yield the lines that a person reads, 80 columns wide."""
    for one in seen:
        yield visible(one.submission.name)
        for label, words in _rows(one):
            yield from _row(label, visible(words))
        yield ""
    refused = sum(1 for one in seen if one.refused)
    yield (
        f"{len(seen)} submissions, {refused} refused"
        if len(seen) != 1
        else (f"1 submission, {refused} refused")
    )


def _rows(seen: Seen) -> Iterator[tuple[str, str]]:
    submission = seen.submission
    yield "from", submission.origin
    if submission.files:
        yield "files", _files([file.path for file in submission.files])
    yield from _said(submission)
    if not seen.refused:
        yield from _done(seen)
    for path, encoding in seen.encodings.items():
        if encoding not in ("ASCII", "UTF-8"):
            yield "text", f"{path} is {encoding}"
    for note in submission.notes:
        yield "note", note
    if seen.refused:
        yield "refused", seen.refused


def _said(submission: Submission) -> Iterator[tuple[str, str]]:
    for key, value in asdict(submission.manifest).items():
        if value:
            shown = ", ".join(sorted(value)) if isinstance(value, frozenset) else value
            yield "says", f"{key} = {shown}"


def _done(seen: Seen) -> Iterator[tuple[str, str]]:
    yield "kind", seen.kind
    for command in seen.builds:
        yield "builds", command
    yield "starts", seen.starts
    yield "because", seen.why
    if seen.worker:
        yield "worker", seen.worker


def _files(paths: Sequence[str]) -> str:
    more = len(paths) - NAMED
    shown = ", ".join(paths[:NAMED])
    return f"{len(paths)}: {shown}" + (f" and {more} more" if more > 0 else "")


def _row(label: str, words: str) -> list[str]:
    """Lay one row out; a letter that takes two columns counts as two."""
    width = WIDTH - 10
    wide = columns(words) - len(words)
    lines = textwrap.wrap(words, max(20, width - wide), break_on_hyphens=False) or [""]
    return [f"  {label if n == 0 else '':<8}{line}" for n, line in enumerate(lines)]
