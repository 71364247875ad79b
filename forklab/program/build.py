"""Bring a program into the sandbox and build it there, without network and as its own user."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from forklab.facts import describe_status
from forklab.program.source import NoProgram, Source
from forklab.sandbox.link import Link

# Old sources call functions that they never declared: newer compilers make that an error, older
# ones a warning. It is a warning here, everywhere.
LENIENT = (
    "-Wno-error=implicit-function-declaration",
    "-Wno-error=implicit-int",
    "-Wno-error=int-conversion",
    "-Wno-error=incompatible-pointer-types",
)
C_FLAGS = ("-O1", "-g", "-Wall", *LENIENT, "-pthread")
CXX_FLAGS = ("-O1", "-g", "-Wall", "-pthread")
BUILD_S = 60.0
FOLDER = "program"


@dataclass(frozen=True)
class Built:
    """A program that can be started.

    Attributes:
        folder: where its files are in the sandbox.
        argv: how it is started, before its arguments.
        command: the build's command line, "" when nothing was built.
        warnings: what the compiler said.
    """

    folder: str
    argv: tuple[str, ...]
    command: str = ""
    warnings: str = ""


def build(link: Link, source: Source) -> Built:
    """Copy *source* into the sandbox and build it.

    Raises:
        NoProgram: it does not compile, or the build leaves no executable.
    """
    folder = f"{link.hello['folder']}/{FOLDER}"
    link.call("folder", path=FOLDER, own=True)
    link.call("folder", path=FOLDER, own=False)
    for file in source.files:
        link.call("write", file.data, path=f"{FOLDER}/{file.path}", mode=file.mode)
    if source.kind == "python":
        return Built(folder, ("python3", source.main))
    if source.kind in ("executable", "script"):
        return Built(folder, (f"./{source.main}",))
    return _compile(link, source, folder)


def _command(source: Source) -> tuple[list[str], str]:
    """Return the command that builds *source*, and the executable it makes ("" if unknown)."""
    if source.kind == "make":
        return ["make"], ""
    name = Path(source.main).stem
    suffixes = (".c",) if source.kind == "c" else (".cc", ".cpp", ".cxx")
    units = [f.path for f in source.files if Path(f.path).suffix in suffixes and "/" not in f.path]
    compiler = ["gcc", *C_FLAGS] if source.kind == "c" else ["g++", *CXX_FLAGS]
    return [*compiler, "-o", name, *(f"./{unit}" for unit in units), "-lm"], name


def _compile(link: Link, source: Source, folder: str) -> Built:
    argv, name = _command(source)
    command = " ".join(argv)
    # it is built in a copy that belongs to the program's user, and taken back afterwards
    link.call("folder", path="build", own=True)
    copy = ["cp", "-r", f"{folder}/.", "."]
    _run(link, copy, "cp")
    status, said = _run(link, argv, command)
    if status != 0:
        raise NoProgram(
            f"it does not build: `{command}` {describe_status(status)}\n{_tail(said)}".rstrip()
        )
    link.call("folder", path="build", own=False)
    built = f"{link.hello['folder']}/build"
    if not name:
        name = _only_executable(link, source, built)
    return Built(built, (f"./{name}",), command, said)


def _run(link: Link, argv: list[str], what: str) -> tuple[int | None, str]:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/tmp"}
    reply = link.call(
        "run",
        argv=argv,
        env=env,
        cwd=f"{link.hello['folder']}/build",
        as_program=True,
        within=BUILD_S,
        wait_s=BUILD_S,
    )
    return reply.value["status"], reply.blob.decode(errors="replace")


def _only_executable(link: Link, source: Source, folder: str) -> str:
    """Name the executable that `make` made: the only new one, or one with a usual name."""
    script = "find . -type f -perm -u+x | sort"
    reply = link.call(
        "run", argv=["sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, cwd=folder, wait_s=30.0
    )
    given = {file.path for file in source.files if not file.data.startswith(b"\x7fELF")}
    names = [name.removeprefix("./") for name in reply.blob.decode().splitlines()]
    made = [name for name in names if name not in given] or names
    usual = [name for name in made if os.path.basename(name) in ("server", "prefork", "program")]
    if len(made) == 1 or len(usual) == 1:
        return (usual or made)[0]
    if not made:
        raise NoProgram("make ended well but left no executable")
    raise NoProgram(
        f'make left several executables ({", ".join(made)}); say which with RUN="./{made[0]} ..."'
    )


def _tail(text: str, lines: int = 12) -> str:
    rows = text.rstrip().splitlines()
    errors = [i for i, row in enumerate(rows) if "error" in row]
    start = max(0, min(errors[0] if errors else len(rows) - lines, len(rows) - 1))
    return "\n".join(rows[start : start + lines])
