"""Find what a person handed in: a source file, an executable, or a folder with a Makefile."""

from __future__ import annotations

import os
import platform
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from forklab.errors import CheckFailure
from forklab.program.convention import (
    C_SUFFIXES,
    CXX_SUFFIXES,
    ELF,
    Unclear,
    choose,
    worker_among,
)

MAX_FILES = 500
MAX_BYTES = 32 << 20
MACHINES = {0x03: "i386", 0x28: "arm", 0x3E: "x86_64", 0xB7: "aarch64", 0xF3: "riscv64"}
RELOCATABLE = 1  # ET_REL
FOREIGN = {
    b"MZ": "Windows",
    b"\xcf\xfa\xed\xfe": "macOS",
    b"\xca\xfe\xba\xbe": "macOS",
}
# what text books call the program that their server executes
OTHER_WORKER = "client"
SKIPPED_FOLDERS = {".git", "__pycache__", ".venv", "node_modules"}


class NoProgram(CheckFailure):
    """What was handed in cannot be made into a running program."""

    def __init__(self, seen: str) -> None:
        super().__init__("a program that can be built and started", seen, breaks=("starts",))


@dataclass(frozen=True)
class File:
    """One file that goes into the sandbox: path relative to the program's folder."""

    path: str
    data: bytes
    mode: int


@dataclass(frozen=True)
class Source:
    """What was handed in.

    Attributes:
        path: as the person named it.
        kind: `python`, `c`, `c++`, `script`, `executable` or `make`.
        main: the file that is run or compiled; of `make` the executable that it leaves, if a
            person said which, else "".
        files: everything that goes into the sandbox.
        worker: the file of the program's second executable, or its source; "" if there is none,
            or if `make` is to make it.
        workers: names that the second executable may have, the lab's own first; none in a lab
            whose programs have one executable.
        why: the rule that chose it, one sentence without a full stop.
        apart: sources with a main() of their own, which are not linked to it.
        place: the folder in which the Makefile is, "" for the outermost.
        plays: the part that it plays: `server`, `client` or `alone`.
    """

    path: str
    kind: str
    main: str
    files: tuple[File, ...]
    worker: str = ""
    workers: tuple[str, ...] = ()
    why: str = ""
    apart: tuple[str, ...] = ()
    place: str = ""
    plays: str = "server"

    @property
    def interpreter(self) -> str:
        """What the first line of a script names, "" of anything else."""
        if self.kind != "script":
            return ""
        script = next(file.data for file in self.files if file.path == self.main)
        words = script[2:].split(b"\n", 1)[0].decode(errors="replace").split()
        return words[0] if words else ""


def find(
    path: Path,
    machine: str | None = None,
    worker: str = "",
    main: str = "",
    plays: str = "server",
) -> Source:
    """Return what *path* is.

    Args:
        path: file or folder.
        machine: machine type of the sandbox, as `uname -m` says it; None: this one's.
        worker: name of the second executable, in a lab whose programs have one. It may also have
            another suffix, or be called `client`; of a single file it lies beside it.
        main: which file of a folder is the program; "": what conventions say.
        plays: the part that it plays, for its usual name: `server`, `client` or `alone`.

    Raises:
        NoProgram: there is nothing that could be run, with one sentence why.
    """
    shown = str(path)
    mode = _mode(path)
    workers = _names(worker)
    if stat.S_ISDIR(mode):
        return _folder(path, machine or platform.machine(), workers, main, plays)
    if not stat.S_ISREG(mode):
        raise NoProgram(f"{shown} is neither a file nor a folder")
    data = _data(path)
    kind = _kind(path, data, machine or platform.machine())
    mode = 0o755 if kind in ("executable", "script") else 0o644
    beside = worker_among([file.name for file in path.parent.iterdir()] if workers else [], workers)
    has_c = kind in ("c", "c++") or Path(beside).suffix in C_SUFFIXES + CXX_SUFFIXES
    siblings = _headers(path) if has_c else []
    if beside:
        siblings.append(_file(path.parent / beside, beside))
    files = (File(path.name, data, mode), *siblings)
    why = f"it is one file, and {_told_by(kind)}"
    return Source(shown, kind, path.name, files, beside, workers, why, plays=plays)


def _told_by(kind: str) -> str:
    """Say what shows that a file is of a *kind*."""
    heads = {"executable": "has the head of a Linux executable", "script": "begins with #!"}
    return heads.get(kind, "its suffix says what it is")


def _names(worker: str) -> tuple[str, ...]:
    """Names of the second executable: as the lab has it, without a suffix, and `client`."""
    return (worker, Path(worker).stem, OTHER_WORKER) if worker else ()


def _file(path: Path, name: str) -> File:
    mode = 0o755 if _mode(path) & stat.S_IXUSR else 0o644
    return File(name, _data(path), mode)


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        raise NoProgram(f"there is no file or folder {path}") from None
    except OSError as error:
        raise NoProgram(f"{path} cannot be read: {error.strerror}") from error


def _data(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise NoProgram(f"{path} has {size} bytes; at most {MAX_BYTES} are taken")
        return path.read_bytes()
    except OSError as error:
        raise NoProgram(f"{path} cannot be read: {error.strerror}") from error


def _kind(path: Path, data: bytes, machine: str) -> str:
    suffix = path.suffix.lower()
    if suffix == ".py":
        return "python"
    if suffix in C_SUFFIXES:
        return "c"
    if suffix in CXX_SUFFIXES:
        return "c++"
    if data.startswith(ELF):
        return _executable(path, data, machine)
    if data.startswith(b"#!"):
        return _script(path, data)
    for magic, system in FOREIGN.items():
        if data.startswith(magic):
            raise NoProgram(f"{path} is an executable for {system}; the sandbox runs Linux")
    raise NoProgram(
        f"{path} is no program that can be started: expected .c, .cpp, .py, an executable, "
        "or a folder with a Makefile"
    )


def _script(path: Path, data: bytes) -> str:
    first = data.split(b"\n", 1)[0]
    if first.endswith(b"\r"):
        raise NoProgram(
            f"{path} has lines that end in CR LF, as Windows writes them: the kernel looks for "
            f"an interpreter whose name ends in CR; save it with LF"
        )
    return "script"


def _executable(path: Path, data: bytes, machine: str) -> str:
    """Check the type and the machine in the ELF header (elf(5), e_type, e_machine)."""
    order: Literal["little", "big"] = "little" if data[5:6] == b"\x01" else "big"
    if int.from_bytes(data[16:18], order) == RELOCATABLE:
        raise NoProgram(f"{path} is an object file, not an executable: it was not linked")
    number = int.from_bytes(data[18:20], order)
    found = MACHINES.get(number, f"machine {number}")
    alike = {"arm64": "aarch64", "amd64": "x86_64"}
    if found != alike.get(machine, machine):
        raise NoProgram(f"{path} is an executable for {found}; the sandbox runs {machine}")
    return "executable"


def _headers(path: Path) -> list[File]:
    """Headers beside a single source file, which it may include."""
    found: list[File] = []
    for header in sorted(path.parent.glob("*.h")) + sorted(path.parent.glob("*.hpp")):
        if header.is_file() and len(found) < MAX_FILES:
            found.append(File(header.name, _data(header), 0o644))
    return found


def _folder(path: Path, machine: str, workers: tuple[str, ...], main: str, plays: str) -> Source:
    files = tuple(_files(path))
    try:
        found = choose(files, workers, main, plays)
    except Unclear as unclear:
        # what is wrong with an only executable says more than that there is nothing else
        if len(files) == 1 and files[0].data.startswith((ELF, *FOREIGN)):
            _kind(path / files[0].path, files[0].data, machine)
        raise NoProgram(f"{path} {unclear}") from None
    if found.kind in ("executable", "script"):
        files = tuple(_startable(path, file, found.main, machine) for file in files)
    return Source(
        str(path),
        found.kind,
        found.main,
        files,
        found.worker,
        workers,
        found.why,
        found.apart,
        found.place,
        plays,
    )


def _startable(folder: Path, file: File, main: str, machine: str) -> File:
    """Return *file*, executable if it is *main*.

    Raises:
        NoProgram: it is for another machine, or its first line ends in CR.
    """
    if file.path != main:
        return file
    _kind(folder / file.path, file.data, machine)
    return replace(file, mode=0o755)


def _files(path: Path) -> list[File]:
    found: list[File] = []
    size = 0
    for here, folders, names in os.walk(path):
        folders[:] = sorted(set(folders) - SKIPPED_FOLDERS)
        for name in sorted(names):
            file = Path(here) / name
            info = file.lstat()
            if not stat.S_ISREG(info.st_mode):
                continue
            size += info.st_size
            if len(found) >= MAX_FILES or size > MAX_BYTES:
                raise NoProgram(f"{path} holds too much: at most {MAX_FILES} files, 32 MiB")
            found.append(_file(file, str(file.relative_to(path))))
    return found
