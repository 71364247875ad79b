"""What lies in a folder or an archive: names and sizes first, bytes when they are asked for."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from forklab.program.convention import ELF, MAKEFILES, SUFFIXES
from forklab.program.source import MAX_BYTES
from forklab.submissions.names import decoded

CHUNK = 64 << 10
LONGEST_PATH = 1000
LONGEST_NAME = 255
MANIFEST = "submission.toml"
JUNK_FOLDERS = {
    "__MACOSX", ".git", ".svn", ".hg", "__pycache__", "node_modules", ".venv", "venv", ".idea",
    ".vscode", ".vs", ".pytest_cache", ".mypy_cache", ".ruff_cache", ".Trash", "$RECYCLE.BIN",
}  # fmt: skip
JUNK_FILES = {".ds_store", "thumbs.db", "desktop.ini", ".gitignore", ".gitattributes"}
JUNK_ENDINGS = ("~", ".swp", ".swo", ".bak", ".orig", ".pyc", ".class", ".gch")


class Refused(Exception):
    """It cannot be graded; the message says in one sentence what and where."""


@dataclass(frozen=True)
class Item:
    """One file of a folder or an archive.

    Attributes:
        path: relative, "/" between its parts, never leading out.
        size: bytes, as declared.
        read: returns its bytes, at most as many as are asked for and one more; may raise Refused.
        order: where it stands in its archive; reading in this order goes through it once.
        left_out: why it is not taken, the end of a sentence; "" if it is.
        refused: why nothing can be taken of what it is part of; "" if it can.
    """

    path: str
    size: int
    read: Callable[[int], bytes]
    order: int = 0
    left_out: str = ""
    refused: str = ""

    @property
    def top(self) -> str:
        """The first part of its path."""
        return self.path.partition("/")[0]

    @property
    def suffix(self) -> str:
        """Its suffix in small letters."""
        return PurePosixPath(self.path).suffix.lower()

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    def below(self, folder: str) -> Item:
        """Return it with its path relative to *folder*, which it is in."""
        return replace(self, path=self.path.removeprefix(f"{folder}/"))


def is_junk(path: str) -> bool:
    """Whether *path* is left by a tool or an editor, and by nobody handed in."""
    *folders, name = path.split("/")
    if any(folder in JUNK_FOLDERS for folder in folders):
        return True
    small = name.lower()
    if small in JUNK_FILES or small.endswith(JUNK_ENDINGS):
        return True
    return name.startswith(("._", ".#", "~$")) or (name.startswith("#") and name.endswith("#"))


def without_junk(items: Iterable[Item]) -> list[Item]:
    """Return *items* without what tools and editors leave."""
    return [item for item in items if not is_junk(item.path)]


def safe_path(raw: str) -> str:
    """Return *raw*, a path that an archive has, if it stays below where it is put.

    Raises:
        Refused: it is absolute, leads out, or is no path that a file can have.
    """
    shown = ascii(raw[:60])
    if len(raw.encode("utf-8", "surrogateescape")) > LONGEST_PATH:
        raise Refused(f"a path in it is longer than {LONGEST_PATH} bytes: {shown}...")
    if raw.startswith("/") or raw[1:2] == ":":
        raise Refused(f"{shown} in it is an absolute path")
    parts = [part for part in raw.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise Refused(f"{shown} in it leads out of its folder")
    if any(ord(char) < 32 or ord(char) == 127 for char in raw):
        raise Refused(f"{shown} in it has control characters")
    if any(len(part.encode("utf-8", "surrogateescape")) > LONGEST_NAME for part in parts):
        raise Refused(f"a name in it is longer than {LONGEST_NAME} bytes: {shown}...")
    return "/".join(parts)


def is_program_name(item: Item) -> bool:
    """Whether the name alone says that it can be built or started."""
    return item.suffix in SUFFIXES or item.name in (*MAKEFILES, MANIFEST)


def is_program(name: str, head: bytes) -> bool:
    """Whether a file can be built or started, by its name or by its first bytes."""
    named = PurePosixPath(name).suffix.lower() in SUFFIXES or name in MAKEFILES
    return named or (head.startswith((ELF, b"#!")) and not name.endswith((".o", ".so", ".a")))


def of_folder(folder: Path, without: Path | None = None) -> list[Item]:
    """Return what lies in *folder*; links and what is no file are left out, and said so.

    A folder further down that cannot be read refuses what it is part of, and nothing else.

    Args:
        folder: where to look.
        without: a folder that is passed over.

    Raises:
        Refused: it cannot be read.
    """
    found: list[Item] = []
    waiting = [folder]
    passed_over = without.resolve() if without is not None else None
    while waiting:
        here = waiting.pop()
        try:
            files, folders = _listed(here)
            items = [
                _on_disk(path, _below(path, folder), order)
                for order, path in enumerate(files, len(found))
            ]
        except OSError as error:
            why = f"the folder {here.name} cannot be read: {error.strerror}"
            if here == folder:
                raise Refused(why) from None
            path = f"{_below(here, folder)}/unreadable"
            items, folders = [Item(path, 0, lambda most: b"", refused=why)], []
        found += items
        waiting += [
            path
            for path in folders
            if path.resolve() != passed_over and not is_junk(f"{_below(path, folder)}/x")
        ]
    return sorted(found, key=lambda item: item.path)


def _listed(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return what lies in *folder*: files and all else, and folders."""
    paths = sorted(folder.iterdir())
    folders = {path for path in paths if path.is_dir() and not path.is_symlink()}
    return [path for path in paths if path not in folders], sorted(folders)


def _below(path: Path, folder: Path) -> str:
    return decoded(bytes(path.relative_to(folder)))


def of_file(path: Path) -> Item:
    """Return one file that a person named."""
    return _on_disk(path.resolve(), decoded(bytes(Path(path.name))), 0)


def _on_disk(path: Path, relative: str, order: int) -> Item:
    info = path.lstat()
    left_out = ""
    if stat.S_ISLNK(info.st_mode):
        left_out = "is a link, and links are not followed"
    elif not stat.S_ISREG(info.st_mode):
        left_out = "is no file"
    return Item(relative, info.st_size, lambda most: _bytes(path, most), order, left_out)


def _bytes(path: Path, most: int) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise Refused(f"{path.name} cannot be read: {error.strerror}") from None


class Budget:
    """How many bytes may still be read of what was handed in together."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._left = most

    def take(self, size: int) -> None:
        """Count *size* bytes.

        Raises:
            Refused: they are too many.
        """
        if self._most is None or self._left is None:
            return
        self._left -= size
        if self._left < 0:
            raise Refused(
                f"the archive that it lies in unpacks to more than {self._most >> 20} MiB"
            )


def bodies(items: Sequence[Item], budget: Budget) -> dict[str, bytes]:
    """Read the *items* of one submission, in the order of their archive.

    Returns:
        The bytes of each, by path.

    Raises:
        Refused: one cannot be read, or they are more than is taken.
    """
    found: dict[str, bytes] = {}
    left = MAX_BYTES
    for item in sorted(items, key=lambda item: item.order):
        data = item.read(left)
        budget.take(len(data))
        left -= len(data)
        if left < 0:
            raise Refused(f"it holds more than {MAX_BYTES >> 20} MiB")
        found[item.path] = data
    return found
