"""Which file of a folder is the program: the rule that chose it, or a sentence that asks."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from forklab.errors import UsageError
from forklab.program.build import C_FLAGS, _main_and_worker, commands
from forklab.program.convention import Unclear, choose, has_main, usual
from forklab.program.source import File, NoProgram, Source, find
from forklab.program.spec import Spec

MAIN = "int main(void)\n{ return 0; }\n"
ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x02\x00\x3e\x00" + bytes(44)


def files(**contents: str | bytes) -> list[File]:
    """Files by name: server_c is server.c, src__a_c is src/a.c."""
    found = []
    for name, data in contents.items():
        path = name.replace("__", "/")[::-1].replace("_", ".", 1)[::-1]
        found.append(File(path, data.encode() if isinstance(data, str) else data, 0o644))
    return sorted(found, key=lambda file: file.path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"int main(void) {}", True),
        (b"main(argc, argv) int argc; char **argv; {", True),
        (b"int main (int argc, char *argv[])\r\n{", True),
        (b"/* main() */ int f(void) {}", False),
        (b"// main()\nint f(void);", False),
        (b'char *s = "main()";', False),
        (b"int main_loop(void) {} int domain(void) {}", False),
        (b"int f(void) { s->main(); }", False),
        (b"#define main of_the_lab\n", False),
        (b"/* never ended main()", False),
    ],
)
def test_a_main_is_a_function_and_no_word_in_a_comment(text: bytes, found: bool) -> None:
    assert has_main(text) is found


@pytest.mark.parametrize("piece", [b"/*/", b'\\"', b"'", b'"', b"/", b"main (", b"//"])
def test_no_source_makes_the_search_slow(piece: bytes) -> None:
    began = time.monotonic()
    has_main(piece * 1_000_000)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("names", "plays", "expected"),
    [
        (["server.c", "client.c"], "server", "server.c"),
        (["server.c", "client.c"], "client", "client.c"),
        (["echo_server", "echo_client"], "server", "echo_server"),
        (["echo_mpserv.c", "echo_mpclient.c"], "client", "echo_mpclient.c"),
        (["tcpserv04.c", "tcpcli04.c"], "server", "tcpserv04.c"),
        (["server.c", "echoserver.c"], "server", "server.c"),
        (["echoserver.c", "myserver.c"], "server", ""),
        (["main.c", "tool.c"], "server", "main.c"),
        (["a.c", "b.c"], "server", ""),
        (["pipe.c", "main.c"], "alone", "pipe.c"),
    ],
)
def test_a_usual_name(names: list[str], plays: str, expected: str) -> None:
    assert usual(names, plays) == expected


@pytest.mark.parametrize(
    ("found", "kind", "main", "apart"),
    [
        (files(server_c=MAIN, client_c=MAIN, util_c=""), "c", "server.c", ("client.c",)),
        (files(b_c="", z_c=MAIN), "c", "z.c", ()),
        (files(left_c="", server_cpp=MAIN), "c++", "server.cpp", ()),
        (files(run_py="import tool, os\n", tool_py=""), "python", "run.py", ()),
        (
            files(a_py="from b import x\n", b_py="import a\n", server_py=""),
            "python",
            "server.py",
            (),
        ),
        ([File("__main__.py", b"", 0), File("x.py", b"", 0)], "python", "__main__.py", ()),
        (files(a_out=ELF, notes_txt=""), "executable", "a.out", ()),
        (files(run_sh="#!/bin/sh\n"), "script", "run.sh", ()),
        (files(run_sh="#!/bin/sh\n", prog_bin=ELF), "executable", "prog.bin", ()),
        (files(src__server_c=MAIN, src__lib__x_c="", include__x_h=""), "c", "src/server.c", ()),
        (files(src__server_c=MAIN, tests__t_c=MAIN), "c", "src/server.c", ()),
        (files(tests__a_c=MAIN), "c", "tests/a.c", ()),
        (files(src__server_py="", doc__x_txt=""), "python", "src/server.py", ()),
    ],
)
def test_one_rule_says_which(
    found: list[File], kind: str, main: str, apart: tuple[str, ...]
) -> None:
    choice = choose(found)

    assert (choice.kind, choice.main, choice.apart) == (kind, main, apart)
    assert choice.why


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (files(one_c=MAIN, two_c=MAIN), r"several programs \(one.c, two.c\); say which in"),
        (files(one_py="", two_py=""), r"several programs \(one.py, two.py\)"),
        (files(one_bin=ELF, two_bin=ELF), r"several executables \(one.bin, two.bin\)"),
        (files(a__x_c=MAIN, b__y_c=MAIN), r"in several folders \(a, b\)"),
        (files(notes_txt=""), "holds no Makefile"),
        ([], "holds no Makefile"),
    ],
)
def test_what_no_rule_decides_is_asked(found: list[File], words: str) -> None:
    with pytest.raises(Unclear, match=words):
        choose(found)


@pytest.mark.parametrize(
    ("found", "main", "kind"),
    [
        (files(one_c=MAIN, two_c=MAIN), "two.c", "c"),
        (files(one_py="", two_py=""), "./two.py", "python"),
        (files(one_bin=ELF, two_bin=ELF), "two.bin", "executable"),
        (files(a__x_c=MAIN, b__y_c=MAIN), "b/y.c", "c"),
        (files(a__x_cpp=MAIN, b__y_c=MAIN), "a/x.cpp", "c++"),
    ],
)
def test_what_a_person_says_is_the_program(found: list[File], main: str, kind: str) -> None:
    choice = choose(found, main=main)

    assert (choice.kind, choice.main) == (kind, main.removeprefix("./"))


@pytest.mark.parametrize(
    ("main", "words"), [("three.c", "has no file three.c"), ("notes.txt", "cannot be built")]
)
def test_a_main_that_cannot_be_is_refused(main: str, words: str) -> None:
    with pytest.raises(Unclear, match=words):
        choose(files(one_c=MAIN, notes_txt=""), main=main)


def on_disk(folder: Path, found: list[File], **wanted: str) -> Source:
    """Write *found* below *folder* and look at it."""
    for file in found:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
    return find(folder, "x86_64", **wanted)


def test_a_second_program_is_not_linked_to_the_first(tmp_path: Path) -> None:
    found = on_disk(tmp_path, files(server_c=MAIN, client_c=MAIN, util_c=""))

    assert commands(found) == [
        (["gcc", *C_FLAGS, "-o", "server", "./server.c", "./util.c", "-lm"], "server")
    ]


def test_sources_below_are_compiled_where_they_are(tmp_path: Path) -> None:
    found = on_disk(tmp_path, files(src__a_c=MAIN, src__b_c="", include__a_h="", src__b_h=""))

    assert commands(found) == [
        (
            ["gcc", *C_FLAGS, "-I./include", "-o", "src/a", "./src/a.c", "./src/b.c", "-lm"],
            "src/a",
        )
    ]


def test_a_folder_does_not_stand_in_the_way_of_an_executable(tmp_path: Path) -> None:
    found = on_disk(tmp_path, files(server_c=MAIN, server__notes_txt=""))

    assert commands(found)[0][1] == "server.out"


def test_a_suffix_in_capitals_is_no_other_language(tmp_path: Path) -> None:
    (tmp_path / "SERVER.C").write_text(MAIN)

    command, name = commands(find(tmp_path / "SERVER.C", "x86_64"))[0]

    assert (command[-4:], name) == (["-o", "SERVER", "./SERVER.C", "-lm"], "SERVER")
    assert command[-6:-4] == ["-x", "c"]


def test_a_makefile_below_is_made_there(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/Makefile").write_text("all:\n")

    found = find(tmp_path, "x86_64")

    assert commands(found) == [(["make", "-C", "project"], "")]


def test_a_script_in_a_folder_can_be_started(tmp_path: Path) -> None:
    found = on_disk(tmp_path, files(a_txt="", run_sh="#!/bin/dash -e\n"))

    assert [(file.path, file.mode) for file in found.files] == [("a.txt", 0o644), ("run.sh", 0o755)]
    assert found.interpreter == "/bin/dash"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"MZ", "executable for Windows"),
        (b"#!/bin/sh\r\n", "CR LF"),
        (b"hi", "holds no Makefile"),
    ],
)
def test_what_is_wrong_with_the_only_file_is_said(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "prog").write_bytes(data)

    with pytest.raises(NoProgram, match=words):
        find(tmp_path, "x86_64")


def makefile(folder: Path, main: str) -> Source:
    (folder / "Makefile").write_text("all:\n")
    return find(folder, "x86_64", main=main)


def test_of_what_make_leaves_the_named_one_is_taken(tmp_path: Path) -> None:
    assert _main_and_worker(makefile(tmp_path, "two"), ["one", "two"]) == ("two", "")
    assert _main_and_worker(makefile(tmp_path, "bin/two"), ["one", "bin/two"]) == ("bin/two", "")
    assert _main_and_worker(makefile(tmp_path, ""), ["my_client", "my_server"])[0] == "my_server"
    with pytest.raises(NoProgram, match="make left no executable three"):
        _main_and_worker(makefile(tmp_path, "three"), ["one", "two"])


def test_the_file_that_is_the_program_is_a_part_of_how_it_is_started() -> None:
    assert Spec(("{port}",)).main == ""
    assert Spec(("{port}",)).choosing("two.c").changed(None, None).main == "two.c"
    with pytest.raises(UsageError):
        Spec(("{port}",)).choosing("two.c").changed(None, 0)
