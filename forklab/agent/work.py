"""The work folder: a fresh one for each start, the program's own; the last one is removed.

The parent folder stays root's. The agent may not write into a folder that the program owns (it
has no CAP_DAC_OVERRIDE), but it may take the folder back (CAP_CHOWN) and then empty it.
"""

from __future__ import annotations

import itertools
import os

PATH_BYTES = 4096 - 256  # PATH_MAX, less the longest name


def make(folder: str, uid: int | None, files: str | None) -> None:
    """Make *folder*, with a link to each entry of *files*, and give it to *uid*."""
    os.mkdir(folder, 0o755)
    if files is not None:
        for name in os.listdir(files):
            os.symlink(f"{files}/{name}", f"{folder}/{name}")
    if uid is not None:
        os.chown(folder, uid, uid)


def take_back(folder: str, *, own: bool) -> None:
    """Make *folder* and all in it ours again, so that the program can change nothing in it.

    What lies deeper than a path may be long stays as it is: no path leads there.
    """
    todo = [folder] if own else []
    while todo:
        here = todo.pop()
        os.chown(here, 0, 0)
        with os.scandir(here) as entries:
            for entry in entries:
                if len(entry.path) < PATH_BYTES:
                    os.chown(entry.path, 0, 0, follow_symlinks=False)
                    if entry.is_dir(follow_symlinks=False):
                        todo.append(entry.path)


def remove(folder: str) -> None:
    """Remove *folder* with everything in it, whoever owns it and whatever its modes are.

    A program can nest folders deeper than a path may be long, or we could call ourselves: each is
    moved up, beside *folder*, before it is emptied.
    """
    numbers = itertools.count()
    todo = [folder] if os.path.isdir(folder) else []
    while todo:
        here = todo.pop()
        _open_up(here)
        with os.scandir(here) as entries:
            for entry in list(entries):
                if entry.is_dir(follow_symlinks=False):
                    _open_up(entry.path)
                    todo.append(f"{folder}.{next(numbers)}")
                    os.rename(entry.path, todo[-1])
                else:
                    os.unlink(entry.path)
        os.rmdir(here)


def _open_up(folder: str) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 0, 0)
    os.chmod(folder, 0o700)
