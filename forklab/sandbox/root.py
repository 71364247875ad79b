"""The lab's files as a folder, for a sandbox without an engine: made once for each content.

Knows: the cache folder, mmdebstrap, tar. The recipe is that of the image, and so is the name.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from forklab.errors import SandboxError
from forklab.sandbox import bootstrap, host, recipe
from forklab.sandbox.host import Say, keep_quiet
from forklab.sandbox.recipe import Recipe

MAKING = "making-root-"
# what a sandbox mounts; a folder of it must be there, since the root is read-only
MOUNT_POINTS = ("lab", "tmp", "small", "proc", "dev", "dev/shm")


def place(wanted: Recipe) -> Path:
    """Name the folder of *wanted*, whether it is there or not."""
    return host.cache_folder() / f"root-{wanted.version}"


def is_there() -> bool:
    """Say whether the root folder that this forklab needs is there."""
    return place(recipe.for_this_machine()).is_dir()


def ensure_root(*, say: Say = keep_quiet) -> Path:
    """Give the root folder, making it first if it is missing; that takes most of a minute.

    Two processes that need it at the same time make it once: the second waits. One that is killed
    meanwhile leaves nothing that could be taken for a whole folder.

    Raises:
        SandboxError: no apt sources here, mmdebstrap is missing or failed.
    """
    wanted = recipe.for_this_machine()
    folder = place(wanted)
    if folder.is_dir():
        return folder
    with host.only_one("root", "another forklab is making the root folder: waiting for it", say):
        if not folder.is_dir():  # another process may have made it while we waited
            _make(wanted, folder, say)
    return folder


def _make(wanted: Recipe, folder: Path, say: Say) -> None:
    if not host.this_host().has_apt:
        raise SandboxError(
            "the root folder is made from the apt sources of a Debian or Ubuntu host, and this is "
            "none: install a container engine instead."
        )
    if not host.command_path("mmdebstrap"):
        host.install(["mmdebstrap"], say)
    for left in folder.parent.glob(f"{MAKING}*"):  # whoever made it was killed: we have the lock
        shutil.rmtree(left, ignore_errors=True)
    say(f"making the root folder {folder} with mmdebstrap from this host's apt sources")
    say("(about a minute, once)")
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=folder.parent) as making:
        files = Path(making) / "root.tar"
        bootstrap.write_root(wanted.codename, files)
        made = Path(making) / "root"
        unpack(files, made)
        made.rename(folder)  # whole, or not there


def unpack(files: Path, folder: Path) -> None:
    """Unpack the tar *files* into a new *folder*, but for devices, which a sandbox has of its own.

    Owners are kept where we may give files away (tar(1), --same-owner), and ours elsewhere.

    Raises:
        SandboxError: tar failed, or is not there.
    """
    folder.mkdir()
    command = ["tar", "-xpf", str(files), "-C", str(folder), "--exclude=./dev/*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise SandboxError(f"tar cannot be started: {error}") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        raise SandboxError(f"the root folder cannot be unpacked ({last.rstrip('.')}).")
    folder.chmod(0o755)
    for name in MOUNT_POINTS:
        (folder / name).mkdir(exist_ok=True)
