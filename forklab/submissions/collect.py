"""From the paths that a person names to submissions: what is one, whose it is, what is in it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from forklab.errors import UsageError
from forklab.program.convention import C_SUFFIXES, CXX_SUFFIXES, ELF
from forklab.program.source import MAX_BYTES, MAX_FILES, File
from forklab.submissions import archive, manifest, text
from forklab.submissions.items import (
    MANIFEST,
    Budget,
    Item,
    Refused,
    bodies,
    is_program,
    of_file,
    of_folder,
    without_junk,
)
from forklab.submissions.names import decoded, fit, unique
from forklab.submissions.platforms import Group
from forklab.submissions.split import HEADERS, peeled, split
from forklab.submissions.streams import UNPACKED
from forklab.submissions.submission import Manifest, Submission

DEEPEST = 2  # an archive in an archive, and no further
SHOWN = 3  # files that are named one by one in a note


def collect(
    paths: Sequence[Path], *, one: bool = False, without: Path | None = None
) -> list[Submission]:
    """Return what people handed in.

    Args:
        paths: files, folders and archives, each one submission or many.
        one: each of them is one, whatever is in it.
        without: a folder of ours that may lie in one of them.

    Returns:
        In the order of their names, which does not depend on the order of *paths* nor on that of
        the file system. What cannot be graded is among them, refused with a sentence.

    Raises:
        UsageError: one of *paths* is not there or cannot be read.
    """
    found: dict[Path, list[Submission]] = {}
    alone = len({path.resolve() for path in paths}) == 1
    for path in paths:
        _demand(path)
        found.setdefault(path.resolve(), [])
        if not found[path.resolve()]:
            found[path.resolve()] = _of_path(path, alone=alone, one=one, without=without)
    every = [submission for several in found.values() for submission in several]
    every.sort(key=lambda one: (one.name.casefold(), one.name, one.origin, one.hash))
    names = unique([one.name for one in every])
    return [replace(one, name=name) for one, name in zip(every, names, strict=True)]


def _demand(path: Path) -> None:
    try:
        path.stat()
        if path.is_file():
            path.open("rb").close()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _of_path(path: Path, *, alone: bool, one: bool, without: Path | None) -> list[Submission]:
    name = decoded(bytes(Path(path.resolve().name)))
    if path.is_dir():
        try:
            items = without_junk(of_folder(path, without))
        except Refused as refused:
            return [Submission(fit(name), (), str(path), str(refused))]
        groups = [] if one else split(items, by_folders=True)
        return _of_items(items, groups, name, str(path), Budget(None))
    if not path.is_file():
        return [Submission(fit(name), (), str(path), f"{name} is neither a file nor a folder")]
    with ExitStack() as stack:
        file = stack.enter_context(open(path, "rb"))
        head = file.read(512)
        if not archive.kind_of(name, head):
            return [_of_source(path, name)]
        try:
            items = without_junk(archive.listing(file, name))
        except Refused as refused:
            return [Submission(fit(archive.stem(name)), (), str(path), str(refused))]
        budget = Budget(UNPACKED)
        groups = [] if one else split(items, by_folders=alone)
        return _of_items(items, groups, archive.stem(name), str(path), budget)


def _of_source(path: Path, name: str) -> Submission:
    """Return a single file, with the headers that lie beside it."""
    items = [replace(of_file(path), path=name)]
    if items[0].suffix in C_SUFFIXES + CXX_SUFFIXES:
        beside = sorted(path.resolve().parent.iterdir())
        headers = [one for one in beside if one.suffix in HEADERS and one.is_file()]
        items += [of_file(one) for one in headers if one.name != name]
    group = Group(PurePosixPath(name).stem, tuple(items))
    return _submission(group, str(path), Budget(None))


def _of_items(
    items: Sequence[Item], groups: Sequence[Group], name: str, origin: str, budget: Budget
) -> list[Submission]:
    """Return *groups* as submissions; none: all *items* are one."""
    if not groups:
        return [_submission(Group(name, tuple(items)), origin, budget)]
    return [_submission(group, f"{origin}/{group.where or group.name}", budget) for group in groups]


@dataclass(frozen=True)
class _Content:
    """What a submission consists of.

    Attributes:
        files: bytes by path, not yet converted.
        notes: in which archive it was found, and what was left out of that.
    """

    files: dict[str, bytes]
    notes: tuple[str, ...]


def _submission(group: Group, origin: str, budget: Budget) -> Submission:
    name, only = group.name, [item for item in group.items if not item.left_out]
    if len(only) == 1 and only[0].path == name:  # a file among submissions is named after its stem
        name = archive.stem(name)
    if group.refused:
        return Submission(fit(name), (), origin, group.refused, notes=group.notes)
    notes = (*group.notes, *_left_out(group.items))
    try:
        content = _content(group.items, budget)
        notes += content.notes
        files, changes = _converted(content.files)
        notes += changes
        said = _manifest(files)
    except Refused as refused:
        return Submission(fit(name), (), origin, str(refused), notes=notes)
    return Submission(fit(name), files, origin, manifest=said, notes=notes)


def _content(items: Sequence[Item], budget: Budget, depth: int = 0) -> _Content:
    """Read a submission; where it is nothing but an archive, what is in that.

    Raises:
        Refused: it is too much, cannot be read, or holds nothing that can be graded.
    """
    taken = [item for item in items if not item.left_out]
    for item in taken:
        if item.refused:
            raise Refused(item.refused)
    if len(taken) > MAX_FILES:
        raise Refused(f"it holds {len(taken)} files; at most {MAX_FILES} are taken")
    size = sum(item.size for item in taken)
    if size > MAX_BYTES:
        raise Refused(f"it holds {size} bytes; at most {MAX_BYTES >> 20} MiB are taken")
    peel, top = peeled(taken)
    while top:
        taken = peel
        peel, top = peeled(taken)
    files = bodies(taken, budget)
    if not any(is_program(path.rpartition("/")[2], data[:512]) for path, data in files.items()):
        return _inner(files, budget, depth)
    _demand_no_clash(files)
    return _Content(files, ())


def _inner(files: dict[str, bytes], budget: Budget, depth: int) -> _Content:
    """Return what is in the only archive among *files*.

    Raises:
        Refused: there is none, or more than one, or it lies too deep.
    """
    archives = [path for path in files if archive.kind_of(path, files[path][:512])]
    if len(archives) != 1:
        raise Refused(_nothing(files))
    if depth == DEEPEST:
        raise Refused(f"{archives[0]} lies in an archive in an archive; it is not looked at")
    name = archives[0].rpartition("/")[2]
    items = without_junk(archive.listing(io.BytesIO(files[archives[0]]), name))
    found = _content(items, budget, depth + 1)
    notes = (f"its files are those in {name}", *_left_out(items), *found.notes)
    return replace(found, notes=notes)


def _nothing(files: dict[str, bytes]) -> str:
    """Say that there is nothing to grade, and what there is."""
    if not files:
        return "it is empty: there is no file in it"
    names = sorted(files)
    shown = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" * (len(names) > SHOWN))
    return (
        f"it holds nothing that can be built or started, only {shown}; taken are C, C++ and Python "
        "sources, a folder with a Makefile, executables for Linux, and scripts that begin with #!"
    )


def _demand_no_clash(paths: dict[str, bytes]) -> None:
    folders = {str(parent) for path in paths for parent in PurePosixPath(path).parents}
    for path in sorted(paths):
        if path in folders:
            raise Refused(f"{path} is a file and a folder in it")


def _left_out(items: Sequence[Item]) -> tuple[str, ...]:
    """Return a note for what was left out, file by file as long as they are few."""
    notes = [f"{item.path} {item.left_out}" for item in items if item.left_out]
    more = len(notes) - SHOWN
    return (*notes[:SHOWN], *([f"{more} more are left out like these"] if more > 0 else ()))


def _converted(files: dict[str, bytes]) -> tuple[tuple[File, ...], tuple[str, ...]]:
    """Return the files as they go into the sandbox, in the order of their paths, and notes.

    What may be executed is told by what is in it: archives made on Windows have no permissions, and
    the same submission must be the same on every machine.
    """
    found, notes = [], []
    for path in sorted(files):
        data, said = text.converted(path.rpartition("/")[2], files[path])
        notes += [f"{path} {words}" for words in said]
        found.append(File(path, data, 0o755 if data.startswith((ELF, b"#!")) else 0o644))
    return tuple(found), tuple(notes)


def _manifest(files: Sequence[File]) -> Manifest:
    """Return what the manifest among *files* says, nothing if there is none."""
    said: Iterator[File] = (file for file in files if file.path == MANIFEST)
    file = next(said, None)
    paths = [file.path for file in files]
    return manifest.parse(file.data, paths) if file else Manifest()
