"""The work folder: a fresh one for each start, the program's own; the last one is removed.

The parent folder stays root's. The agent may not write into a folder that the program owns (it
has no CAP_DAC_OVERRIDE), but it may take the folder back (CAP_CHOWN) and then empty it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
from collections.abc import Iterator

# where a program may leave something outside of its work folder, in a container of its own
PATH_BYTES = 4096  # PATH_MAX of limits.h, with the NUL
SHARED_FOLDERS = ("/tmp", "/dev/shm", "/dev/mqueue")


def make(folder: str, uid: int | None, files: str | None) -> None:
    """Make *folder*, with a link to each entry of *files*, and give it to *uid*."""
    os.mkdir(folder, 0o755)
    if files is not None:
        for name in os.listdir(files):
            os.symlink(f"{files}/{name}", f"{folder}/{name}")
    if uid is not None:
        os.chown(folder, uid, uid)


def hand_over(folder: str, uid: int) -> None:
    """Make *folder* and all in it the property of *uid*.

    What lies deeper than a path may be long stays as it is: no path leads there.
    """
    for here, folders, files in os.walk(folder):
        for path in (here, *(f"{here}/{name}" for name in folders + files)):
            if len(os.fsencode(path)) < PATH_BYTES:
                os.chown(path, uid, uid, follow_symlinks=False)


def remove(folder: str) -> None:
    """Remove *folder* with everything in it, whoever owns it and whatever its modes are.

    A tree may be deeper than a path may be long, so no path ever grows: subfolders are moved up
    to *folder* before they are emptied.
    """
    with contextlib.suppress(FileNotFoundError):
        _own(folder)
        empty(folder)
        os.rmdir(folder)


def empty(folder: str) -> None:
    """Remove everything in *folder*, which is ours."""
    mark = os.urandom(8).hex()  # nobody can have taken these names
    names = (f"{folder}/{mark}-{number}" for number in itertools.count())
    while entries := _entries(folder):
        for path, is_folder in entries:
            if not is_folder:
                os.unlink(path)
            elif not _is_gone(path):
                _own(path)
                _lift(path, names)
                os.rmdir(path)


def _is_gone(folder: str) -> bool:
    """Remove *folder* if it is empty, as most are; whether it was."""
    try:
        os.rmdir(folder)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise
        return False
    return True


def _lift(folder: str, names: Iterator[str]) -> None:
    """Empty *folder*: move its subfolders to *names*, remove the rest."""
    for path, is_folder in _entries(folder):
        if not is_folder:
            os.unlink(path)
        elif not _is_gone(path):
            _own(path)  # its own ".." changes, so it must be ours
            os.rename(path, next(names))


def _entries(folder: str) -> list[tuple[str, bool]]:
    with os.scandir(folder) as entries:
        return [(entry.path, entry.is_dir(follow_symlinks=False)) for entry in entries]


def _own(folder: str) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 0, 0)
    os.chmod(folder, 0o700)
