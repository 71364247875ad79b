"""The work folder: a fresh one for each start, the program's own; the last one is removed.

The parent folder stays root's. The agent may not write into a folder that the program owns (it
has no CAP_DAC_OVERRIDE), but it may take the folder back (CAP_CHOWN) and then empty it.
"""

from __future__ import annotations

import contextlib
import os
import stat


def make(folder: str, uid: int | None, files: str | None) -> None:
    """Make *folder*, with a link to each entry of *files*, and give it to *uid*."""
    os.mkdir(folder, 0o755)
    if files is not None:
        for name in os.listdir(files):
            os.symlink(f"{files}/{name}", f"{folder}/{name}")
    if uid is not None:
        os.chown(folder, uid, uid)


def take_back(folder: str, *, own: bool) -> None:
    """Make *folder* and all in it ours again, so that the program can change nothing in it."""
    for here, folders, files in os.walk(folder):
        if own:
            os.chown(here, 0, 0)
            for name in folders + files:
                os.chown(f"{here}/{name}", 0, 0, follow_symlinks=False)


def remove(folder: str) -> None:
    """Remove *folder* with everything in it, whoever owns it and whatever its modes are."""
    with contextlib.suppress(FileNotFoundError):
        _remove(folder)


def _remove(folder: str) -> None:
    if os.geteuid() == 0:
        os.chown(folder, 0, 0)
    os.chmod(folder, 0o700)
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if stat.S_ISDIR(entry.stat(follow_symlinks=False).st_mode):
                _remove(entry.path)
            else:
                os.unlink(entry.path)
    os.rmdir(folder)
