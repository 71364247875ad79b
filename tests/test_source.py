"""What a person handed in, and what is refused, with one sentence why."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from forklab.program import source
from forklab.program.build import C_FLAGS, _main_and_worker, _tail, commands
from forklab.program.source import NoProgram, Source, find


def elf(machine: int, *, big: bool = False) -> bytes:
    """The head of an executable for *machine* (elf(5))."""
    order = ">" if big else "<"
    ident = b"\x7fELF" + bytes([2, 2 if big else 1, 1]) + bytes(9)
    return ident + struct.pack(order + "HH", 2, machine) + bytes(44)


def put(folder: Path, **files: str | bytes) -> Path:
    """Write *files* into *folder*: server_py is server.py, sub__x_c is sub/x.c."""
    for name, data in files.items():
        path = folder / name.replace("__", "/")[::-1].replace("_", ".", 1)[::-1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    return folder


def paths(found: Source) -> list[str]:
    """What goes into the sandbox."""
    return [file.path for file in found.files]


@pytest.mark.parametrize(
    ("name", "data", "kind", "mode"),
    [
        ("a.py", b"", "python", 0o644),
        ("A.PY", b"", "python", 0o644),
        ("a.c", b"", "c", 0o644),
        ("a.cc", b"", "c++", 0o644),
        ("a.cpp", b"", "c++", 0o644),
        ("a.cxx", b"", "c++", 0o644),
        ("a.sh", b"#!/bin/sh\n", "script", 0o755),
        ("a", b"#!/usr/bin/perl\n", "script", 0o755),
        ("a", elf(0x3E), "executable", 0o755),
        ("a.out", elf(0x3E), "executable", 0o755),
    ],
)
def test_a_file_by_its_name_or_its_head(
    tmp_path: Path, name: str, data: bytes, kind: str, mode: int
) -> None:
    path = tmp_path / name
    path.write_bytes(data)

    found = find(path, "x86_64")

    assert (found.kind, found.main, found.path) == (kind, name, str(path))
    assert [(file.path, file.data, file.mode) for file in found.files] == [(name, data, mode)]


def test_headers_beside_a_source_file_come_with_it(tmp_path: Path) -> None:
    put(tmp_path, a_c="", b_c="", util_h="", more_hpp="", notes_txt="")

    assert paths(find(tmp_path / "a.c")) == ["a.c", "util.h", "more.hpp"]


@pytest.mark.parametrize(
    ("machine", "good"),
    [("x86_64", elf(0x3E)), ("aarch64", elf(0xB7)), ("arm64", elf(0xB7)), ("amd64", elf(0x3E))],
)
def test_an_executable_for_the_machine_of_the_sandbox(
    tmp_path: Path, machine: str, good: bytes
) -> None:
    path = tmp_path / "server"
    path.write_bytes(good)

    assert find(path, machine).kind == "executable"


def makefile(folder: Path) -> Path:
    return put(folder, Makefile="all:\n", a_c="", sub__b_c="")


def c_sources(folder: Path) -> Path:
    return put(folder, b_c="", a_c="", a_h="", sub__c_c="", tool_py="")


def cpp_sources(folder: Path) -> Path:
    return put(folder, main_cpp="", util_cc="")


def one_python_file(folder: Path) -> Path:
    return put(folder, mine_py="", notes_txt="")


def server_py_among_others(folder: Path) -> Path:
    return put(folder, server_py="", util_py="")


@pytest.mark.parametrize(
    ("make", "kind", "main"),
    [
        (makefile, "make", ""),
        (c_sources, "c", "a.c"),
        (cpp_sources, "c++", "main.cpp"),
        (one_python_file, "python", "mine.py"),
        (server_py_among_others, "python", "server.py"),
    ],
)
def test_a_folder_by_what_is_in_it(
    tmp_path: Path, make: Callable[[Path], Path], kind: str, main: str
) -> None:
    found = find(make(tmp_path))

    assert (found.kind, found.main) == (kind, main)


def test_a_folder_comes_whole_but_for_what_tools_leave(tmp_path: Path) -> None:
    makefile(tmp_path)
    put(tmp_path, **{"git__x_c": ""})
    (tmp_path / "git").rename(tmp_path / ".git")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/x.pyc").touch()
    (tmp_path / "run").write_text("#!/bin/sh\n")
    (tmp_path / "run").chmod(0o700)
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "fifo")

    found = find(tmp_path)

    assert paths(found) == ["Makefile", "a.c", "run", "sub/b.c"]
    assert [file.mode for file in found.files] == [0o644, 0o644, 0o755, 0o644]


def nothing(folder: Path) -> Path:
    return folder / "missing.c"


def empty_folder(folder: Path) -> Path:
    return folder


def two_python_files(folder: Path) -> Path:
    return put(folder, a_py="", b_py="")


def sources_in_two_folders(folder: Path) -> Path:
    return put(folder, one__a_c="", two__b_c="")


def text(folder: Path) -> Path:
    return put(folder, essay_txt="dear teacher") / "essay.txt"


def an_empty_file(folder: Path) -> Path:
    return put(folder, a_out=b"") / "a.out"


def a_fifo(folder: Path) -> Path:
    os.mkfifo(folder / "server.c")
    return folder / "server.c"


def another_machine(folder: Path) -> Path:
    return put(folder, a_out=elf(0xB7)) / "a.out"


def a_big_endian_machine(folder: Path) -> Path:
    return put(folder, a_out=elf(0x16, big=True)) / "a.out"


def a_cut_executable(folder: Path) -> Path:
    return put(folder, a_out=b"\x7fELF\x02") / "a.out"


def too_many_files(folder: Path) -> Path:
    for number in range(source.MAX_FILES + 1):
        (folder / f"{number}.c").touch()
    return folder


def too_large(folder: Path) -> Path:
    with open(folder / "server.py", "wb") as file:
        file.truncate(source.MAX_BYTES + 1)
    return folder / "server.py"


def too_large_together(folder: Path) -> Path:
    for name in ("a.c", "b.bin"):
        with open(folder / name, "wb") as file:
            file.truncate(source.MAX_BYTES // 2 + 1)
    return folder


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (nothing, "there is no file or folder"),
        (empty_folder, "holds no Makefile, no C or C++ source, no .py file and no executable"),
        (two_python_files, "has several programs (a.py, b.py); say which in submission.toml"),
        (sources_in_two_folders, "has programs in several folders (one, two)"),
        (text, "is no program that can be started"),
        (an_empty_file, "is no program that can be started"),
        (a_fifo, "is neither a file nor a folder"),
        (another_machine, "is an executable for aarch64; the sandbox runs x86_64"),
        (a_big_endian_machine, "is an executable for machine 22; the sandbox runs x86_64"),
        (a_cut_executable, "is an executable for machine 0"),
        (too_many_files, "holds too much: at most 500 files, 32 MiB"),
        (too_large, "bytes; at most 33554432 are taken"),
        (too_large_together, "holds too much"),
    ],
)
def test_what_cannot_be_run_is_refused(
    tmp_path: Path, make: Callable[[Path], Path], words: str
) -> None:
    with pytest.raises(NoProgram) as told:
        find(make(tmp_path), "x86_64")

    assert words in told.value.seen
    assert "\n" not in told.value.seen
    assert told.value.breaks == ("starts",)


def test_what_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, a_c="") / "a.c"
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("root reads everything")

    with pytest.raises(NoProgram, match="cannot be read: Permission denied"):
        find(path)


def test_all_sources_of_a_folder_are_compiled_together(tmp_path: Path) -> None:
    steps = commands(find(c_sources(tmp_path)))

    assert steps == [(["gcc", *C_FLAGS, "-o", "a", "./a.c", "./b.c", "-lm"], "a")]


def test_a_makefile_makes_what_it_likes(tmp_path: Path) -> None:
    assert commands(find(makefile(tmp_path))) == [(["make"], "")]


def test_what_is_not_compiled_takes_no_step(tmp_path: Path) -> None:
    put(tmp_path, server_py="", worker_py="")

    assert commands(find(tmp_path, worker="worker.py")) == []


def server_and_worker_in_c(folder: Path) -> Path:
    return put(folder, server_c="", send_c="", worker_c="", a_h="")


def two_python_programs(folder: Path) -> Path:
    return put(folder, mine_py="", worker_py="", notes_txt="")


def worker_in_another_language(folder: Path) -> Path:
    return put(folder, server_py="", tool_py="", worker_c="")


def client_of_a_text_book(folder: Path) -> Path:
    return put(folder, socketmain_c="", client_c="")


def worker_in_cpp(folder: Path) -> Path:
    return put(folder, server_c="", worker_cc="")


def no_worker(folder: Path) -> Path:
    return put(folder, server_py="", tool_py="")


@pytest.mark.parametrize(
    ("make", "kind", "main", "worker"),
    [
        (server_and_worker_in_c, "c", "send.c", "worker.c"),
        (two_python_programs, "python", "mine.py", "worker.py"),
        (worker_in_another_language, "python", "server.py", "worker.c"),
        (client_of_a_text_book, "c", "socketmain.c", "client.c"),
        (worker_in_cpp, "c", "server.c", "worker.cc"),
        (no_worker, "python", "server.py", ""),
        (makefile, "make", "", ""),
    ],
)
def test_a_folder_holds_a_second_executable(
    tmp_path: Path, make: Callable[[Path], Path], kind: str, main: str, worker: str
) -> None:
    found = find(make(tmp_path), worker="worker.py")

    assert (found.kind, found.main, found.worker) == (kind, main, worker)


def test_a_worker_is_compiled_apart(tmp_path: Path) -> None:
    put(tmp_path, server_c="", send_c="", worker_c="")

    assert commands(find(tmp_path, worker="worker.py")) == [
        (["gcc", *C_FLAGS, "-o", "send", "./send.c", "./server.c", "-lm"], "send"),
        (["gcc", *C_FLAGS, "-o", "worker", "./worker.c", "-lm"], "worker"),
    ]


def test_a_single_file_takes_the_worker_beside_it(tmp_path: Path) -> None:
    put(tmp_path, server_py="", other_py="", worker_py="#!/usr/bin/env python3\n", a_h="")
    (tmp_path / "worker.py").chmod(0o755)

    found = find(tmp_path / "server.py", worker="worker.py")

    assert [(file.path, file.mode) for file in found.files] == [
        ("server.py", 0o644),
        ("worker.py", 0o755),
    ]
    assert found.worker == "worker.py"


def test_a_worker_in_c_beside_a_single_file_comes_with_its_headers(tmp_path: Path) -> None:
    put(tmp_path, server_py="", client_c="", a_h="")

    found = find(tmp_path / "server.py", worker="worker.py")

    assert (paths(found), found.worker) == (["server.py", "a.h", "client.c"], "client.c")
    assert commands(found) == [(["gcc", *C_FLAGS, "-o", "client", "./client.c", "-lm"], "client")]


def test_where_no_lab_asks_for_a_worker_there_is_none(tmp_path: Path) -> None:
    put(tmp_path, server_c="", worker_c="")

    assert find(tmp_path).worker == ""
    assert paths(find(tmp_path / "server.c")) == ["server.c"]
    assert "./worker.c" in commands(find(tmp_path))[0][0]


@pytest.mark.parametrize(
    ("worker", "names", "expected"),
    [
        ("", ["prog"], ("prog", "")),
        ("", ["client", "server"], ("server", "")),
        ("", ["client"], ("client", "")),
        ("worker.py", ["client", "socketmain"], ("socketmain", "client")),
        ("worker.py", ["bin/worker", "bin/main"], ("bin/main", "bin/worker")),
        ("worker.py", ["client", "server", "worker"], ("server", "worker")),
        ("worker.py", ["prog"], ("prog", "")),
        ("mine", ["mine", "prog"], ("prog", "mine")),
    ],
)
def test_what_make_made_is_told_apart(
    tmp_path: Path, worker: str, names: list[str], expected: tuple[str, str]
) -> None:
    assert _main_and_worker(find(makefile(tmp_path), worker=worker), names) == expected


def test_a_worker_that_make_need_not_make(tmp_path: Path) -> None:
    put(makefile(tmp_path), worker_py="")

    assert _main_and_worker(find(tmp_path, worker="worker.py"), ["a"]) == ("a", "worker.py")


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["worker", "client"], "left no executable"),
        (["worker", "one", "two"], r"left several executables \(one, two\)"),
    ],
)
def test_a_worker_is_never_the_program(tmp_path: Path, names: list[str], words: str) -> None:
    with pytest.raises(NoProgram, match=words):
        _main_and_worker(find(makefile(tmp_path), worker="worker.py"), names)


def test_of_what_a_compiler_says_the_first_error_is_shown() -> None:
    said = "".join(f"a.c:{n}: warning: w\n" for n in range(30)) + "a.c:7: error: e\nnote\n"

    assert _tail(said) == "a.c:7: error: e\nnote"
    assert _tail("one\ntwo\n") == "one\ntwo"
    assert _tail("") == ""
    assert len(_tail("line\n" * 40).splitlines()) == 12
