"""The work folder: a fresh one for each start, the program's own; the last one is removed.

The parent folder stays root's. The agent may not write into a folder that the program owns (it
has no CAP_DAC_OVERRIDE), but it may take the folder back (CAP_CHOWN) and then empty it.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import stat
from collections.abc import Iterator

# where a program may leave something outside of its work folder, in a container of its own
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

    Raises:
        OSError: ENAMETOOLONG, folders lie in one another deeper than a path may be long.
    """
    for path in _tree(folder):
        os.chown(path, uid, uid, follow_symlinks=False)


def give_up(folder: str) -> None:
    """Let everybody read and execute what its owner may, in *folder*, and only the owner write.

    To be called as the owner, before it is handed over: who may not change the mode of a
    set-user-id file may not give it away either (chown(2) takes that bit; CAP_FOWNER).

    Raises:
        OSError: ENAMETOOLONG, as in `hand_over`.
    """
    for path in _tree(folder):
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            continue
        # of a folder its owner can take any right, so what it has taken says nothing
        owner = 0o700 if stat.S_ISDIR(mode) else mode & 0o700
        os.chmod(path, owner | (owner & 0o500) >> 3 | (owner & 0o500) >> 6)


def _tree(folder: str) -> Iterator[str]:
    """Yield *folder* and the paths of all in it, each folder before what it holds."""
    todo = [folder]
    while todo:
        here = todo.pop()
        yield here
        for path, is_folder in _entries(here):
            if is_folder:
                todo.append(path)  # not by recursion: there may be thousands in one another
            else:
                yield path


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
