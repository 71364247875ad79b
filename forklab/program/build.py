"""Bring a program into the sandbox and build it there, without network and as its own user."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from pathlib import Path

from forklab.errors import SandboxError
from forklab.facts import describe_status
from forklab.program.convention import (
    C_SUFFIXES,
    CXX_SUFFIXES,
    ELF,
    folder_of,
    say_which,
    usual,
)
from forklab.program.source import File, NoProgram, Source
from forklab.sandbox.link import AgentRefused, Link

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
# Old C++ sources forget headers that a compiler's own headers brought along. No flag makes that a
# warning, so what does not build for this reason is given them.
FORGOTTEN = (
    "cstring", "cstdlib", "cstdio", "cerrno", "csignal", "unistd.h", "sys/types.h", "sys/wait.h",
    "sys/socket.h", "arpa/inet.h",
)  # fmt: skip
UNDECLARED = ("was not declared", "has not been declared", "is not a member of")
BUILD_S = 60.0
BUILD_PROCESSES = 200
GUARD = 40
FOLDER = "program"
SHOWN, LONGEST = 8, 300  # of what a build said or left: names, and letters of a line
CAUSES = ("error", "undefined reference", "multiple definition", "***", "No such file")


@dataclass(frozen=True)
class Built:
    """A program that can be started.

    Attributes:
        folder: where its files are in the sandbox.
        argv: how it is started, before its arguments.
        command: the build's command line, "" when nothing was built.
        warnings: what the compiler said.
        interpreter: what a script's first line names.
        worker: the file of its second executable, below the folder; "" if none was found.
    """

    folder: str
    argv: tuple[str, ...]
    command: str = ""
    warnings: str = ""
    interpreter: str = ""
    worker: str = ""


def build(link: Link, source: Source) -> Built:
    """Copy *source* into the sandbox and build it.

    Raises:
        NoProgram: it does not compile, or the build leaves no executable.
        SandboxError: the sandbox has no compiler.
    """
    link.call("folder", path=FOLDER)
    for file in source.files:
        _write(link, file)
    folder = f"{link.hello['folder']}/{FOLDER}"
    steps = commands(source)
    said = _compile(link, [argv for argv, _ in steps], folder) if steps else ""
    if source.kind == "make":
        main, worker = _made(link, source, folder)
    else:
        made = {unit: name for unit, (_, name) in zip(_built(source), steps, strict=True)}
        main, worker = (made.get(name, name) for name in (source.main, source.worker))
    argv = started_by(source, main)
    command = " && ".join(shlex.join(argv) for argv, _ in steps)
    return Built(folder, argv, command, said, source.interpreter, worker)


def started_by(source: Source, main: str) -> tuple[str, ...]:
    """Return how *main*, which was built or needs no build, is started, before its arguments."""
    return ("python3", _no_option(main)) if source.kind == "python" else (_in_folder(main),)


def _write(link: Link, file: File) -> None:
    try:
        link.call("write", file.data, path=f"{FOLDER}/{file.path}", mode=file.mode)
    except AgentRefused as refused:
        raise NoProgram(f"{file.path} cannot be put into the sandbox: {refused}") from None


def _no_option(name: str) -> str:
    """Return *name* so that no command takes it for an option."""
    return f"./{name}" if name.startswith("-") else name


def _in_folder(name: str) -> str:
    return name if name.startswith("./") else f"./{name}"


def _built(source: Source) -> list[str]:
    """Sources that are compiled, each into an executable of its own: the program, its worker."""
    suffixes = C_SUFFIXES + CXX_SUFFIXES
    return [name for name in (source.main, source.worker) if Path(name).suffix.lower() in suffixes]


def commands(source: Source) -> list[tuple[list[str], str]]:
    """Return the commands that build *source*, each with the executable that it makes."""
    if source.kind == "make":
        return [(["make", "-C", source.place] if source.place else ["make"], "")]
    return [_command(source, name) for name in _built(source)]


def _command(source: Source, main: str) -> tuple[list[str], str]:
    """Return how *main* is compiled, and into what.

    The worker is one source by itself; the program has all others of its language.
    """
    suffixes = C_SUFFIXES if Path(main).suffix.lower() in C_SUFFIXES else CXX_SUFFIXES
    compiler = ["gcc", *C_FLAGS] if suffixes == C_SUFFIXES else ["g++", *CXX_FLAGS]
    name = _no_option(str(Path(main).with_suffix("")))
    if any(file.path.startswith(f"{name}/") for file in source.files):
        name += ".out"  # there is a folder of that name
    units = [main]
    if main != source.worker:
        others = {source.worker, *source.apart}
        units = [unit for unit in _beside(source, main, suffixes) if unit not in others]
    options = _header_folders(source, main)
    if any(Path(unit).suffix.isupper() for unit in units):
        # .C is C++ to gcc(1), and plain C to whoever has a file system without small letters
        options += ["-x", "c" if suffixes == C_SUFFIXES else "c++"]
    return [*compiler, *options, "-o", name, *(f"./{unit}" for unit in units), "-lm"], name


def _beside(source: Source, main: str, suffixes: tuple[str, ...]) -> list[str]:
    """Sources of one language in the folder of *main*."""
    names = [file.path for file in source.files if Path(file.path).suffix.lower() in suffixes]
    return [name for name in names if folder_of(name) == folder_of(main)]


def _header_folders(source: Source, main: str) -> list[str]:
    """Where else headers are: the compiler looks beside the source by itself."""
    names = [file.path for file in source.files if Path(file.path).suffix in (".h", ".hpp")]
    return [
        f"-I./{folder}".rstrip("/")
        for folder in sorted({folder_of(name) for name in names} - {folder_of(main)})
    ]


def _compile(link: Link, steps: list[list[str]], folder: str) -> str:
    """Build as the program's own user; nothing of the build is left running or writable.

    Returns:
        What compiler and make said.
    """
    _give(link, "program")
    heard = []
    for argv in steps:
        status, said = _run(link, argv, folder)
        if status and argv[0] == "g++" and any(word in said for word in UNDECLARED):
            argv[1:1] = [word for header in FORGOTTEN for word in ("-include", header)]
            status, said = _run(link, argv, folder)
        link.call("reset", keep_listeners=True, wait_s=30.0)
        if status != 0:
            late = f"did not end within {BUILD_S:.0f} s"
            how = late if status is None else describe_status(status)
            raise NoProgram(
                f"it does not build: `{shlex.join(argv)}` {how}\n{_tail(said)}".rstrip()
            )
        heard.append(said)
    _give(link, "agent")
    return "".join(heard)


def _give(link: Link, owner: str) -> None:
    """Hand the program's folder over, to the program for its build or back to the agent."""
    try:
        link.call("folder", path=FOLDER, owner=owner, wait_s=30.0)
    except AgentRefused as refused:
        if refused.kind != "deep":
            raise
        raise NoProgram("its folders lie in one another too deep") from None


def _run(link: Link, argv: list[str], folder: str) -> tuple[int | None, str]:
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TMPDIR": "/tmp"}
    try:
        reply = link.call(
            "run",
            argv=argv,
            env=env,
            cwd=folder,
            as_program=True,
            limits={"nproc": BUILD_PROCESSES},
            max_processes=BUILD_PROCESSES - GUARD,
            within=BUILD_S,
            wait_s=BUILD_S,
        )
    except AgentRefused as refused:
        if refused.kind == "overrun":
            raise NoProgram(
                f"it does not build: `{shlex.join(argv)}` forked without end "
                f"({refused} processes were there; all were killed)"
            ) from None
        if refused.kind == "excess":
            raise NoProgram(
                f"it does not build: `{shlex.join(argv)}`: {refused} (all were killed)"
            ) from None
        if refused.kind == "exec":
            raise SandboxError(f"{argv[0]} cannot be run in this sandbox: {refused}") from None
        raise
    return reply.value["status"], reply.blob.decode(errors="replace")


def _made(link: Link, source: Source, folder: str) -> tuple[str, str]:
    """Return which executable that `make` made is the program, and which its worker."""
    script = "find . -type f -perm -u+x -print0 | sort -z"
    reply = link.call(
        "run", argv=["sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, cwd=folder, wait_s=30.0
    )
    # a name need not be text, nor one line
    said = reply.blob.decode(errors="replace")
    names = [name.removeprefix("./") for name in said.split("\0") if name]
    return _main_and_worker(source, names)


def _main_and_worker(source: Source, names: list[str]) -> tuple[str, str]:
    """Tell program and worker among the executable files *names*.

    The program is the only new one that is not the worker, or has a usual name.
    """
    workers = [n for worker in source.workers for n in names if os.path.basename(n) == worker]
    # what was handed in and is no program may be marked executable, too: a Makefile from Windows
    given = {file.path: file.data[:4] for file in source.files}
    rest = [name for name in names if name not in workers]
    made = [name for name in rest if given.get(name, ELF) == ELF]
    made = made or [name for name in rest if given[name].startswith(b"#!")]
    main = _asked_for(source, names) or (made[0] if len(made) == 1 else usual(made, source.plays))
    if main:
        workers += [name for name in source.workers if name in given]  # for an interpreter
        return main, next((name for name in workers if name != main), "")
    if not made:
        raise NoProgram("make ended well but left no executable")
    raise NoProgram(
        f"make left several executables ({_some(made)}); "
        f'say which with RUN="./{made[0][:LONGEST]} ...", or {say_which(made[0][:LONGEST])}'
    )


def _asked_for(source: Source, names: list[str]) -> str:
    """Return the executable that a person named as the program, "" if nobody did.

    Raises:
        NoProgram: make has not left it.
    """
    fitting = [name for name in names if source.main in (name, os.path.basename(name))]
    if source.main and not fitting:
        raise NoProgram(f"make left no executable {source.main}, which submission.toml names")
    return fitting[0] if fitting else ""


def _some(names: list[str]) -> str:
    """Return the first of *names*, and how many more there are."""
    shown = ", ".join(name[:LONGEST] for name in names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def _tail(text: str, lines: int = 12) -> str:
    """Return the lines from the first on that says what is wrong, else the last."""
    rows = text.rstrip().splitlines()
    causes = [i for i, row in enumerate(rows) if any(cause in row for cause in CAUSES)]
    start = max(0, causes[0] if causes else len(rows) - lines)
    return "\n".join(row[:LONGEST] for row in rows[start : start + lines])
