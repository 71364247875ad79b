"""Which file of a folder is the program, by plain conventions; files are looked at, not run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from forklab.program.source import File

ELF = b"\x7fELF"
C_SUFFIXES = (".c",)
CXX_SUFFIXES = (".cc", ".cpp", ".cxx")
SUFFIXES = (".py", *C_SUFFIXES, *CXX_SUFFIXES)
MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # make(1) looks for them in this order
# folders that hold no program beside another one
ASIDE = {"test", "tests", "example", "examples", "doc", "docs"}
# by the part that a lab's program plays: what it is called, and what its name has in it
USUAL = {
    "server": (("server",), ("server", "serv", "srv")),
    "client": (("client",), ("client", "clnt")),
    "alone": (("conversation",), ("conversation", "pipe")),
}
ANYWHERE = ("main", "prefork", "program")
# A comment or a literal, as far as it goes: each ends at the end of the text at the latest, so that
# no source makes this slow.
NOISE = re.compile(
    rb"//[^\n]*|/\*.*?(?:\*/|\Z)|\"(?:\\.|[^\"\\\n])*\"?|'(?:\\.|[^'\\\n])*'?", re.DOTALL
)
MAIN = re.compile(rb"(?<![\w.>])main\s*\(")
IMPORT = re.compile(rb"^[ \t]*(?:from|import)[ \t]+([\w.]+(?:[ \t]*,[ \t]*[\w.]+)*)", re.MULTILINE)


class Unclear(Exception):
    """No convention says which file is the program; a sentence whose subject is the folder."""


@dataclass(frozen=True)
class Choice:
    """What a folder is.

    Attributes:
        kind: `python`, `c`, `c++`, `script`, `executable` or `make`.
        main: the file that is run or compiled; of `make` the executable that it leaves, "" if the
            names of what it leaves are to decide.
        why: the rule that chose it, one sentence without a full stop.
        worker: the file of the second executable, "" if there is none.
        apart: sources with a main() of their own, which are not linked to it.
        place: the folder in which the Makefile is, "" for the outermost.
    """

    kind: str
    main: str
    why: str
    worker: str = ""
    apart: tuple[str, ...] = ()
    place: str = ""


def has_main(data: bytes) -> bool:
    """Whether a C or C++ source has a function main."""
    return MAIN.search(NOISE.sub(b" ", data)) is not None


def usual(names: Iterable[str], plays: str = "server") -> str:
    """Return the one of *names* that is called as such programs are, "" if none or several are."""
    exact, within = USUAL[plays]
    stems = {name: PurePosixPath(name).stem.lower() for name in names}
    for fitting in (
        [name for name, stem in stems.items() if stem in exact],
        [name for name, stem in stems.items() if any(word in stem for word in within)],
        [name for name, stem in stems.items() if stem in ANYWHERE],
    ):
        if fitting:
            return fitting[0] if len(fitting) == 1 else ""
    return ""


def imported(files: Sequence[File]) -> set[str]:
    """Return the names of the modules that Python *files* import."""
    found: set[str] = set()
    for file in files:
        for names in IMPORT.findall(file.data):
            words = names.decode(errors="replace").split(",")
            found |= {word.strip().split(".")[0] for word in words}
    return found


def worker_among(names: Sequence[str], workers: tuple[str, ...]) -> str:
    """Return which of *names* is the second executable or its source, "" if none is."""
    for worker in workers:
        for name in (worker, *(PurePosixPath(worker).stem + suffix for suffix in SUFFIXES)):
            if name in names:
                return name
    return ""


def choose(
    files: Sequence[File], workers: tuple[str, ...] = (), main: str = "", plays: str = "server"
) -> Choice:
    """Return what a folder with *files* is.

    Args:
        files: everything in it, below it, too.
        workers: names that the second executable may have.
        main: the file that is the program, if somebody said so.
        plays: the part that it plays: `server`, `client` or `alone`.

    Raises:
        Unclear: there is nothing that could be run, or nothing says which of several.
    """
    if main:
        return _named(files, main, workers)
    place = _place(files)
    here = [file for file in files if folder_of(file.path) == place]
    where = f" in {place}" if place else ""
    if any(_name(file.path) in MAKEFILES for file in here):
        return Choice("make", "", f"there is a Makefile{where}", place=place)
    worker = _worker_in(here, place, workers)
    rest = [file for file in here if file.path != worker]
    chosen = _compiled(rest, plays) or _python(rest, plays) or _ready(rest, plays)
    if chosen is None:
        raise Unclear(
            "holds no Makefile, no C or C++ source, no .py file and no executable: nothing that "
            "could be built or started"
        )
    kind, found, why, apart = chosen
    return Choice(kind, found, why + where, worker, apart, place)


def folder_of(path: str) -> str:
    """Return the folder in which *path* is, "" for the outermost."""
    return path.rpartition("/")[0]


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _worker_in(here: Sequence[File], place: str, workers: tuple[str, ...]) -> str:
    name = worker_among([_name(file.path) for file in here], workers)
    return f"{place}/{name}" if name and place else name


def is_ready(file: File) -> bool:
    """Whether *file* can be started as it is: an executable, or a script with its interpreter."""
    if _suffix(file.path) in (*SUFFIXES, ".o", ".so", ".a"):
        return False
    return file.data.startswith((ELF, b"#!"))


def _place(files: Sequence[File]) -> str:
    """Return the folder that has the program: the outermost, or the only one with sources."""
    makes = {folder_of(file.path) for file in files if _name(file.path) in MAKEFILES}
    compiled, python = (
        {folder_of(file.path) for file in files if _suffix(file.path) in suffixes}
        for suffixes in (C_SUFFIXES + CXX_SUFFIXES, (".py",))
    )
    ready = {folder_of(file.path) for file in files if is_ready(file)}
    if "" in makes | compiled | python:
        return ""
    for places in (makes, compiled, python, ready):
        inner = {place for place in places if _name(place).lower() not in ASIDE} or places
        if inner:
            return _outermost(inner)
    return ""


def _outermost(places: set[str]) -> str:
    """Return the one of *places* that all the others are below.

    Raises:
        Unclear: there is none.
    """
    first = min(places, key=len)
    if all(place == first or not first or place.startswith(f"{first}/") for place in places):
        return first
    raise Unclear(
        f"has programs in several folders ({', '.join(sorted(places))}); {say_which('FILE')}"
    )


def say_which(name: str) -> str:
    """Say how a person names the file that is the program, such as *name*."""
    return f'say which in submission.toml: main = "{name}"'


def _compiled(files: Sequence[File], plays: str) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Choose among C and C++ sources: those of one language are one program."""
    found = []
    for suffixes, kind in ((C_SUFFIXES, "c"), (CXX_SUFFIXES, "c++")):
        units = [file for file in files if _suffix(file.path) in suffixes]
        mains = [file.path for file in units if has_main(file.data)]
        if units:
            found.append((kind, units, mains))
    if not found:
        return None
    # C without a main() beside C++ with one is a part that somebody left over
    kind, units, mains = next((row for row in found if row[2]), found[0])
    language = {"c": "C", "c++": "C++"}[kind]
    if len(units) == 1:
        return kind, units[0].path, f"it is the only {language} source", ()
    if len(mains) < 2:
        main = (mains or [units[0].path])[0]
        which = "has main()" if mains else "is the first"
        return kind, main, f"{main} {which}, and all {language} sources are linked", ()
    main = usual(mains, plays)
    if not main:
        raise Unclear(f"has several programs ({', '.join(mains)}); {say_which(mains[0])}")
    apart = tuple(name for name in mains if name != main)
    return kind, main, f"of {len(mains)} sources with main() it has the usual name", apart


def _python(files: Sequence[File], plays: str) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Choose among Python files: the one that no other imports, or that has a usual name."""
    units = [file for file in files if _suffix(file.path) == ".py"]
    if not units:
        return None
    if len(units) == 1:
        return "python", units[0].path, "it is the only .py file", ()
    used = imported(units)
    free = [file.path for file in units if PurePosixPath(file.path).stem not in used]
    if len(free) == 1:
        return "python", free[0], "it is the only .py file that no other one imports", ()
    names = free or [file.path for file in units]
    main = next((name for name in names if _name(name) == "__main__.py"), "")
    main = main or usual(names, plays) or usual(names)
    if not main:
        raise Unclear(f"has several programs ({', '.join(names)}); {say_which(names[0])}")
    return "python", main, f"of {len(names)} .py files it has the usual name", ()


def _ready(files: Sequence[File], plays: str) -> tuple[str, str, str, tuple[str, ...]] | None:
    """Choose among executables and scripts: the only one, or the one with a usual name."""
    units = {file.path: file.data.startswith(ELF) for file in files if is_ready(file)}
    if not units:
        return None
    compiled = [name for name, is_elf in units.items() if is_elf]
    names = compiled or list(units)
    main = names[0] if len(names) == 1 else usual(names, plays)
    if not main:
        raise Unclear(f"has several executables ({', '.join(names)}); {say_which(names[0])}")
    kind = "executable" if units[main] else "script"
    return kind, main, f"it is the {'only' if len(names) == 1 else 'usually named'} {kind}", ()


def _named(files: Sequence[File], main: str, workers: tuple[str, ...]) -> Choice:
    """Return the choice that a person made."""
    by_path = {file.path: file for file in files}
    main = str(PurePosixPath(main))
    place = folder_of(main)
    why = "submission.toml names it"
    suffix = _suffix(main)
    makes = [folder_of(path) for path in by_path if _name(path) in MAKEFILES]
    if makes and suffix not in SUFFIXES:
        return Choice("make", main, why, place=_outermost(set(makes)))
    if main not in by_path:
        raise Unclear(f"has no file {main}, which submission.toml names as main")
    here = [file for file in files if folder_of(file.path) == place]
    worker = _worker_in([file for file in here if file.path != main], place, workers)
    if suffix == ".py":
        return Choice("python", main, why, worker, place=place)
    for suffixes, kind in ((C_SUFFIXES, "c"), (CXX_SUFFIXES, "c++")):
        if suffix in suffixes:
            units = [file for file in here if _suffix(file.path) in suffixes]
            others = [file.path for file in units if file.path != main and has_main(file.data)]
            apart = tuple(name for name in others if name != worker)
            return Choice(kind, main, why, worker, apart, place)
    if not is_ready(by_path[main]):
        raise Unclear(f"names {main} as main in submission.toml, which cannot be built or started")
    kind = "executable" if by_path[main].data.startswith(ELF) else "script"
    return Choice(kind, main, why, worker, place=place)
