"""One submission or many? Decided by what lies in a folder or an archive, never by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from forklab.program.convention import (
    C_SUFFIXES,
    CXX_SUFFIXES,
    MAKEFILES,
    SUFFIXES,
    has_main,
    imported,
)
from forklab.program.source import File
from forklab.submissions import platforms
from forklab.submissions.archive import DOCUMENTS, ENDINGS, kind_of
from forklab.submissions.items import MANIFEST, Item, Refused, is_program
from forklab.submissions.platforms import Group

# folders that are parts of one program
PARTS = {
    "src", "source", "sources", "lib", "libs", "include", "inc", "bin", "build", "obj", "out",
    "test", "tests", "doc", "docs", "server", "client", "worker", "common", "util", "utils",
    "debug", "release", "scripts", "data", "example", "examples",
}  # fmt: skip
# words in the name of a file that say what it does, and not whose it is
WORDS = re.compile(
    "server|serv|client|clnt|worker|main|prefork|echo|pipe|conversation|program|util|common|test"
)
EXACT = {"server", "client", "worker", "main", "prefork", "program", "conversation"}
# what an instructor keeps beside submissions
LISTS = (".csv", ".xlsx", ".xls", ".json", ".yml", ".yaml", ".toml", ".md", ".log")
A_CLASS, FOR_ONE = 8, 4  # so many mains are no parts of one program, and so many to one without
LOOKED_AT = 1 << 20  # bytes of a source that is asked for its main()
HEADERS = (".h", ".hh", ".hpp", ".hxx")


def peeled(items: Sequence[Item]) -> tuple[list[Item], str]:
    """Return *items* without the one folder that all of them are in, and that folder's name."""
    tops = {item.top for item in items}
    if len(tops) != 1 or any("/" not in item.path for item in items):
        return list(items), ""
    (top,) = tops
    return [item.below(top) for item in items], top


def split(items: Sequence[Item], *, by_folders: bool) -> list[Group]:
    """Return the submissions among *items*; none: all of them are one.

    Args:
        items: without what tools leave.
        by_folders: whether sub-folders and files may be submissions of their own; else only an
            export of a platform is many.
    """
    left, top = list(items), ""
    while left:
        found = platforms.groups(left)
        if found:
            return found
        inner, name = peeled(left)
        if not name:
            break
        left, top = inner, name
    return _plain(left, top) if by_folders else []


def _plain(items: Sequence[Item], top: str) -> list[Group]:
    """Tell submissions apart where no platform has named them."""
    files = [item for item in items if "/" not in item.path]
    folders = sorted({item.top for item in items if "/" in item.path})
    if any(item.name in (*MAKEFILES, MANIFEST) for item in files):
        return []
    archives = [item for item in files if item.name.lower().endswith(ENDINGS)]
    programs = [item for item in files if item not in archives and _is_program(item)]
    parts = any(folder.lower() in PARTS for folder in folders)
    if len(programs) + len(archives) + len(folders) < 2 or (parts and not archives):
        return []
    if programs and not _apart(programs):
        return []
    headers = [item for item in files if item.suffix in HEADERS]
    found = [
        Group(
            folder,
            tuple(item.below(folder) for item in items if item.path.startswith(f"{folder}/")),
        )
        for folder in folders
    ]
    for item in files:
        if item in programs:
            stem = PurePosixPath(item.name).stem
            found.append(Group(stem, (item, *_with(item, headers)), where=item.name))
        elif item not in headers and not _is_list(item):
            found.append(Group(item.name, (item,)))
    return found


def _is_program(item: Item) -> bool:
    if item.suffix in SUFFIXES:
        return True
    if item.left_out or item.refused or item.suffix in (*HEADERS, *DOCUMENTS):
        return False
    head = _head(item, 512)
    return not kind_of(item.name, head) and is_program(item.name, head)


def _head(item: Item, size: int) -> bytes:
    try:
        return b"" if item.left_out or item.refused else item.read(size)[:size]
    except Refused:  # it is said when the whole of it is read
        return b""


def _with(item: Item, headers: list[Item]) -> list[Item]:
    """Headers beside a C or C++ file come with it, as they do in `forklab check`."""
    return headers if item.suffix in C_SUFFIXES + CXX_SUFFIXES else []


def _is_list(item: Item) -> bool:
    return item.suffix in LISTS or item.name.lower().startswith(("readme", "index.html"))


def _apart(programs: Sequence[Item]) -> bool:
    """Whether each of *programs* stands for itself: a program of its own, named after somebody.

    Parts of one program are named for what they do: server.c and client.c. The same word in each
    name, as in kim_server.c and lee_server.c, tells nothing; nor does one word among many mains.
    """
    stems = [PurePosixPath(item.name).stem.lower() for item in programs]
    if any(stem in EXACT for stem in stems):
        return False
    # one that is empty, a link, or not to be read is a mistake and makes no parts of all others
    compiled = [item for item in programs if item.suffix in C_SUFFIXES + CXX_SUFFIXES]
    filled = [item for item in compiled if _head(item, 1)]
    mains = sum(has_main(_head(item, LOOKED_AT)) for item in filled)
    without = len(filled) - mains if mains else len(compiled)
    if without and (mains < A_CLASS or mains < FOR_ONE * without):
        return False
    words = [tuple(sorted(set(WORDS.findall(stem)))) for stem in stems]
    if mains < A_CLASS and (len(set(words)) > 1 or (len(words) == 1 and words[0])):
        return False
    scripts = [item for item in programs if item.suffix == ".py"]
    modules = imported([File(item.path, _head(item, LOOKED_AT), 0) for item in scripts])
    return all(PurePosixPath(item.path).stem not in modules for item in scripts)
