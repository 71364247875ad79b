"""What is one submission and what is many: folders, files, archives, exports of platforms."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forklab.errors import UsageError
from forklab.program.source import MAX_FILES, File, find
from forklab.submissions.collect import collect
from forklab.submissions.materialize import write
from forklab.submissions.submission import Submission
from tests.handed_in import ELF, SERVER, entry, lay, tarred, zipped

PY = b"import os\n"
PART = b"int x;\n"
TOML = b'main = "two.c"\n'
CANVAS = {
    "kimminsu_12345_678901_server.c": SERVER,
    "kimminsu_12345_678902_util.h": PART,
    "leeyuna_LATE_12346_678903_echo_server.c": SERVER,
    "parkjisu_12347_678904_lab1.zip": zipped({"lab1/server.c": SERVER, "lab1/Makefile": b"all:\n"}),
    "choi_12348_text.html": b"<p>here it is",
    "jung_12349_link.html": b"<a>",
    "한소희_12350_678906_서버.py": PY,
    "ohsehun_12351_678907_server-1.c": SERVER,
    "ohsehun_12351_678908_Makefile-2": b"all:\n",
}
MOODLE = {
    "Kim Minsu_4711_assignsubmission_file_/server.c": SERVER,
    "Kim Minsu_4711_assignsubmission_file_/src/util.c": PART,
    "Lee Yu-na_4712_assignsubmission_file/lab.zip": zipped({"server.c": SERVER}),
    "Park_4713_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    "김 민수_4714_assignsubmission_file_/서버.c": SERVER,
    "김 민수_4714_assignsubmission_onlinetext_/onlinetext.html": b"<p>",
    "Default group_assignsubmission_file/a.py": PY,
}
MOODLE_FLAT = {
    "Kim Minsu_4711_assignsubmission_file_server.c": SERVER,
    "Kim Minsu_4711_assignsubmission_file_util.h": PART,
    "Lee Yu-na_4712_assignsubmission_onlinetext_onlinetext.html": b"<p>",
}
METADATA = b"""---
submission_1001:
  :submitters:
  - :name: Kim Minsu
    :sid: '20231234'
    :email: kim@example.org
  :created_at: 2026-11-01 12:00:00 Z
submission_1002:
  :submitters:
  - :name: Lee Yuna
    :sid:
  - :name: Park Jisu
    :sid: '20231236'
submission_1003:
  :submitters:
  - :name: Choi
"""
GRADESCOPE = {
    "assignment_77_export/submission_metadata.yml": METADATA,
    "assignment_77_export/submission_1001/server.c": SERVER,
    "assignment_77_export/submission_1002/project/server.c": SERVER,
}
# a batch as a platform gives it; then name, files, words in the refusal, words in the notes
EXPORTS: dict[str, tuple[Mapping[str, bytes], list[tuple[str, list[str], str, str]]]] = {
    "Canvas": (
        CANVAS,
        [
            ("choi_12348", [], "a text was typed into Canvas, and no file", ""),
            ("jung_12349", [], "a text was typed into Canvas, and no file", ""),
            ("kimminsu_12345", ["server.c", "util.h"], "", ""),
            ("leeyuna_12346", ["echo_server.c"], "", "Canvas marks it late"),
            ("ohsehun_12351", ["Makefile", "server.c"], "", "handed in again"),
            ("parkjisu_12347", ["Makefile", "server.c"], "", "are those in lab1.zip"),
            ("한소희_12350", ["서버.py"], "", ""),
        ],
    ),
    "Canvas without names": (
        {"anon_AbC1x_11_server.c": SERVER, "LATE_anon_Zz9_12_a.py": PY, "anon_Zz9_13_b.py": PY},
        [
            ("anon_AbC1x", ["server.c"], "", ""),
            ("anon_Zz9", ["a.py", "b.py"], "", "Canvas marks it late"),
        ],
    ),
    "Canvas, twice": (
        {
            "kim_1_11_a-1.c": SERVER,
            "kim_1_12_a.c": PART,
            "lee_2_13_..": PART,
            "lee_2_14_b.c": SERVER,
        },
        [("kim_1", ["a-1.c", "a.c"], "", ""), ("lee_2", ["b.c", "lee_2_13_.."], "", "")],
    ),
    "Moodle": (
        MOODLE,
        [
            ("Default group", ["a.py"], "", ""),
            ("Kim Minsu_4711", ["server.c", "src/util.c"], "", ""),
            ("Lee Yu-na_4712", ["server.c"], "", "are those in lab.zip"),
            ("Park_4713", [], "a text was typed into Moodle, and no file", ""),
            ("김 민수_4714", ["서버.c"], "", "and it is not looked at"),
        ],
    ),
    "Moodle, one folder": (
        MOODLE_FLAT,
        [
            ("Kim Minsu_4711", ["server.c", "util.h"], "", ""),
            ("Lee Yu-na_4712", [], "a text was typed into Moodle", ""),
        ],
    ),
    "Moodle, one student": (
        {"Kim_4711_assignsubmission_file_/server.c": SERVER},
        [("Kim_4711", ["server.c"], "", "")],
    ),
    "Gradescope": (
        GRADESCOPE,
        [
            ("submission_1001", ["server.c"], "", "handed in by Kim Minsu (20231234)"),
            ("submission_1002", ["server.c"], "", "by Lee Yuna, Park Jisu (20231236)"),
            ("submission_1003", [], "the export of Gradescope has no files of it", "by Choi"),
        ],
    ),
    "Gradescope without metadata": (
        {"submission_1/a.c": SERVER, "submission_2/README": b""},
        [
            ("submission_1", ["a.c"], "", ""),
            ("submission_2", [], "holds nothing that can be built or started, only README", ""),
        ],
    ),
    "folders": (
        {
            "kim/server.c": SERVER,
            "lee/Makefile": b"all:\n",
            "lee/__pycache__/x.pyc": b"",
            "park/report.pdf": b"%PDF",
            "README.md": b"",
            "grades.csv": b"",
        },
        [
            ("kim", ["server.c"], "", ""),
            ("lee", ["Makefile"], "", ""),
            ("park", [], "holds nothing that can be built or started, only report.pdf", ""),
        ],
    ),
    "files, folders and archives": (
        {
            "kim.c": SERVER,
            "lee.py": PY,
            "park.zip": zipped({"server.c": SERVER}),
            "choi/server.c": SERVER,
            "jung.rar": b"Rar!\x1a\x07",
            "oh.hwp": b"\xd0\xcf\x11\xe0",
            "han": ELF,
        },
        [
            ("choi", ["server.c"], "", ""),
            ("han", ["han"], "", ""),
            ("jung", [], "jung.rar is a RAR archive", ""),
            ("kim", ["kim.c"], "", ""),
            ("lee", ["lee.py"], "", ""),
            ("oh", [], "only oh.hwp", ""),
            ("park", ["server.c"], "", "are those in park.zip"),
        ],
    ),
    "one program each, the same word in each name": (
        {"kim_server.c": SERVER, "lee_server.c": SERVER, "echo.h": PART},
        [
            ("kim_server", ["echo.h", "kim_server.c"], "", ""),
            ("lee_server", ["echo.h", "lee_server.c"], "", ""),
        ],
    ),
}
# what is one submission, whatever it is in
ONES: dict[str, tuple[Mapping[str, bytes], list[str]]] = {
    "sources": ({"server.c": SERVER, "util.c": PART}, ["server.c", "util.c"]),
    "server and client": ({"server.c": SERVER, "client.c": SERVER}, ["client.c", "server.c"]),
    "a part without main": ({"kim.c": SERVER, "lee.c": PART}, ["kim.c", "lee.c"]),
    "one imports the other": ({"kim.py": b"import lee\n", "lee.py": PY}, ["kim.py", "lee.py"]),
    "Makefile": ({"Makefile": b"", "a/x.c": SERVER, "b/y.c": SERVER}, []),
    "manifest": ({"submission.toml": TOML, "one.c": SERVER, "two.c": SERVER}, []),
    "words that differ": ({"echo.c": SERVER, "pipe.c": SERVER}, ["echo.c", "pipe.c"]),
    "one name": ({"server.c": SERVER, "server.py": PY}, ["server.c", "server.py"]),
    "a word and a folder": ({"tcp_server.c": SERVER, "kim/x.c": PART}, ["kim/x.c", "tcp_server.c"]),
    "parts": ({"src/server.c": SERVER, "include/a.h": PART}, ["include/a.h", "src/server.c"]),
    "a copy beside it": ({"server.c": SERVER, "old.zip": zipped({"a.c": SERVER})}, []),
    "junk beside it": (
        {"server.c": SERVER, "__MACOSX/._server.c": b"", ".DS_Store": b"", "server.c~": b"",
         ".git/config": b"", "node_modules/x/a.js": b"", ".venv/bin/python": ELF},
        ["server.c"],
    ),
}  # fmt: skip


def names(found: list[Submission]) -> list[str]:
    return [each.name for each in found]


def paths(found: Submission) -> list[str]:
    return [file.path for file in found.files]


@pytest.mark.parametrize("form", ["folder", "zip"])
@pytest.mark.parametrize("case", EXPORTS)
def test_a_batch_as_it_comes_from_a_platform(tmp_path: Path, case: str, form: str) -> None:
    files, expected = EXPORTS[case]
    path = lay(tmp_path / "batch", files)
    if form == "zip":
        path = tmp_path / "batch.zip"
        path.write_bytes(zipped(files))

    found = collect([path])

    assert names(found) == [name for name, _, _, _ in expected]
    for each, (_, files_there, refused, notes) in zip(found, expected, strict=True):
        assert paths(each) == files_there, each
        assert refused.replace(" of it", "") in each.refused
        assert bool(refused) is bool(each.refused), each
        assert notes in " ".join(each.notes)
        assert each.origin.startswith(f"{path}/")


@pytest.mark.parametrize("form", ["folder", "zip", "in one folder"])
@pytest.mark.parametrize("case", ONES)
def test_one_submission_is_one(tmp_path: Path, case: str, form: str) -> None:
    files, expected = ONES[case]
    path = lay(tmp_path / "kim", files)
    if form != "folder":
        path = tmp_path / "kim.zip"
        inner = {f"lab 1/{name}": data for name, data in files.items()}
        path.write_bytes(zipped(files if form == "zip" else inner))

    (found,) = collect([path])

    assert (found.name, found.refused) == ("kim", "")
    assert paths(found) == (expected or sorted(files))


def test_of_several_archives_each_is_one(tmp_path: Path) -> None:
    for name in ("kim.zip", "lee.zip"):
        (tmp_path / name).write_bytes(zipped({"a/server.c": SERVER, "b/client.c": SERVER}))

    assert len(collect([tmp_path / "kim.zip"])) == 2
    assert names(collect([tmp_path / "kim.zip", tmp_path / "lee.zip"])) == ["kim", "lee"]


def test_a_tar_of_many_is_read_in_one_walk(tmp_path: Path) -> None:
    files = [entry(f"hw/{who}/{what}", SERVER) for who in ("b", "a") for what in ("y.c", "x.c")]
    (tmp_path / "hw.tar.gz").write_bytes(tarred(*files, mode="w:gz"))

    found = collect([tmp_path / "hw.tar.gz"])

    assert names(found) == ["a", "b"]
    assert [file.data for each in found for file in each.files] == [SERVER] * 4


def test_a_single_file_comes_with_the_headers_beside_it(tmp_path: Path) -> None:
    lay(tmp_path, {"kim.c": SERVER, "util.h": PART, "lee.c": SERVER, "tool.py": PY})

    found = collect([tmp_path / "kim.c", tmp_path / "tool.py"])

    assert [(each.name, paths(each)) for each in found] == [
        ("kim", ["kim.c", "util.h"]),
        ("tool", ["tool.py"]),
    ]


def test_what_is_named_twice_is_taken_once(tmp_path: Path) -> None:
    path = lay(tmp_path, {"kim.c": SERVER}) / "kim.c"

    assert len(collect([path, path, tmp_path / "." / "kim.c"])) == 1


def test_two_of_one_name_are_told_apart_in_one_order(tmp_path: Path) -> None:
    lay(tmp_path, {"b/kim.c": SERVER, "a/kim.c": SERVER + b"\n", "c/KIM.c": SERVER})
    given_paths = [tmp_path / "b/kim.c", tmp_path / "a/kim.c", tmp_path / "c/KIM.c"]

    found = collect(given_paths)
    again = collect(list(reversed(given_paths)))

    assert names(found) == ["KIM", "kim-2", "kim-3"]
    assert [each.origin for each in found] == [each.origin for each in again]


def test_what_is_not_there_is_no_submission(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"missing\.c cannot be read: No such file"):
        collect([tmp_path / "missing.c"])


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"kim/": b""}, "it is empty: there is no file in it"),
        ({"kim/.DS_Store": b""}, "it is empty"),
        ({"kim/a.txt": b"", "kim/b.txt": b"", "kim/c.d": b"", "kim/e": b""}, "c.d and 1 more;"),
        ({"kim/submission.toml": b"ports = 1", "kim/a.c": SERVER}, "has the key 'ports'"),
        ({"kim/submission.toml": TOML, "kim/a.c": SERVER}, "there are: a.c"),
        ({f"kim/{n}.c": b"" for n in range(MAX_FILES + 1)}, "holds 501 files; at most 500"),
        ({"kim/a.c": bytes(33 << 20)}, "at most 32 MiB"),
    ],
)
def test_what_cannot_be_graded_is_refused_and_not_dropped(
    tmp_path: Path, files: Mapping[str, bytes], words: str
) -> None:
    (found,) = collect([lay(tmp_path, files) / "kim"])

    assert found.name == "kim"
    assert words in found.refused
    assert found.files == ()
    assert str(tmp_path) not in found.refused  # the same on every machine, and so is the hash


def test_a_link_is_followed_only_if_a_person_names_it(tmp_path: Path) -> None:
    lay(tmp_path, {"secret.c": SERVER, "kim/server.c": SERVER, "lab/": b""})
    (tmp_path / "kim/more.c").symlink_to("../secret.c")
    (tmp_path / "kim/all").symlink_to("..")
    os.mkfifo(tmp_path / "kim/pipe")
    (tmp_path / "mine").symlink_to("kim")

    (found,) = collect([tmp_path / "mine"])

    assert (found.name, paths(found)) == ("kim", ["server.c"])
    assert found.notes == (
        "all is a link, and links are not followed",
        "more.c is a link, and links are not followed",
        "pipe is no file",
    )


def test_a_link_among_submissions_is_refused(tmp_path: Path) -> None:
    lay(tmp_path, {"all/kim/a.c": SERVER, "all/lee/a.c": SERVER, "elsewhere/a.c": SERVER})
    (tmp_path / "all/park").symlink_to("../elsewhere")

    found = collect([tmp_path / "all"])

    assert names(found) == ["kim", "lee", "park"]
    assert "it is empty" in found[2].refused
    assert found[2].notes == ("park is a link, and links are not followed",)


def test_what_may_be_executed_is_told_by_what_is_in_it(tmp_path: Path) -> None:
    lay(tmp_path, {"run": b"#!/bin/sh\n", "a.out": ELF, "server.c": SERVER, "Makefile": b""})
    (tmp_path / "server.c").chmod(0o777)

    (found,) = collect([tmp_path])
    modes = {file.path: file.mode for file in found.files}

    assert modes == {"run": 0o755, "a.out": 0o755, "server.c": 0o644, "Makefile": 0o644}


def test_the_hash_is_of_what_matters_and_of_nothing_else(tmp_path: Path) -> None:
    files = {"server.c": SERVER, "a/b.h": PART}
    (folder,) = collect([lay(tmp_path / "kim", files)])
    (tmp_path / "lee.zip").write_bytes(zipped({f"x/{name}": data for name, data in files.items()}))
    (archived,) = collect([tmp_path / "lee.zip"])
    (other,) = collect([lay(tmp_path / "park", files | {"server.c": SERVER + b"\n"})])

    assert folder.hash == archived.hash
    assert folder.hash != other.hash
    assert folder.hash == "f907d885eb59738c022fd50b80a61c8014a7331ecf81f084d6eb7cb4d7627506"


def test_it_is_written_as_forklab_takes_it(tmp_path: Path) -> None:
    lay(tmp_path / "kim", {"server.c": SERVER, "lib/b.h": PART})
    lay(tmp_path / "lee", {"run": b"#!/bin/sh\n"})
    kim, lee = collect([tmp_path / "kim", tmp_path / "lee"])

    folder = write(kim, tmp_path / "out/kim")
    file = write(lee, tmp_path / "out/lee")

    assert folder == tmp_path / "out/kim"
    assert (folder / "lib/b.h").read_bytes() == PART
    assert find(folder, "x86_64").main == "server.c"
    assert (file, file.stat().st_mode & 0o777) == (tmp_path / "out/lee/run", 0o755)
    assert find(file, "x86_64").kind == "script"


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x", ""])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(UsageError, match="leads out of its folder"):
        write(Submission("kim", (File(path, b"", 0o644),)), tmp_path / "in")

    assert list(tmp_path.rglob("x")) == []


PIECES = st.sampled_from(
    ["kim", "lee", "server.c", "a.py", "src", "Makefile", "kim_1_2_server.c", "submission_1",
     "Kim_1_assignsubmission_file_", "Kim_1_assignsubmission_file_..", "kim_1_2_..", ".DS_Store",
     "submission_metadata.yml", "submission.toml", "x.zip", "서버.c", "report.pdf"]
)  # fmt: skip
TREES = st.dictionaries(
    st.lists(PIECES, min_size=1, max_size=3).map("/".join),
    st.sampled_from([SERVER, PY, b"", METADATA, b"main = 1", zipped({"x/server.c": SERVER})]),
    max_size=8,
)


@settings(deadline=None)
@given(TREES)
def test_whatever_lies_in_an_archive_each_submission_can_be_written_or_is_refused(
    tree: Mapping[str, bytes],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder).resolve()
        (here / "batch.zip").write_bytes(zipped(tree))

        found = collect([here / "batch.zip"])

        assert found
        assert len({each.name.casefold() for each in found}) == len(found)
        for each in found:
            assert bool(each.files) is not bool(each.refused)
            there = write(each, here / "out" / each.name)
            assert there.resolve().is_relative_to(here / "out" / each.name)
        assert {path.name for path in here.iterdir()} <= {"batch.zip", "out"}


@pytest.mark.parametrize(
    "odd",
    [{"park.c": b""}, {"park.c": PART}, {"park_server.c": SERVER}, {"park/notes.txt": PY}],
)
def test_one_odd_file_of_a_class_makes_no_single_program_of_all_others(
    tmp_path: Path, odd: dict[str, bytes]
) -> None:
    others = {
        f"{name}.c": SERVER for name in ("ahn", "bae", "choi", "kim", "lee", "moon", "oh", "yi")
    }
    found = collect([lay(tmp_path / "class", others | odd)])
    assert len(found) == 9
    assert sum(not one.refused for one in found) >= 8


def test_a_link_among_programs_is_refused_alone(tmp_path: Path) -> None:
    folder = lay(tmp_path / "class", {"ahn.c": SERVER, "bae.c": SERVER})
    (folder / "choi.c").symlink_to("/etc/hostname")
    assert [(one.name, bool(one.refused)) for one in collect([folder])] == [
        ("ahn", False), ("bae", False), ("choi", True),
    ]  # fmt: skip


def test_a_folder_that_cannot_be_read_is_refused_and_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = lay(tmp_path / "class", {"ahn/server.c": SERVER, "bae/server.c": SERVER})
    listed = Path.iterdir

    def denied(path: Path) -> Iterator[Path]:
        if path.name == "bae":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", denied)
    assert [(one.name, one.refused) for one in collect([folder])] == [
        ("ahn", ""), ("bae", "the folder bae cannot be read: Permission denied"),
    ]  # fmt: skip


def test_the_folder_of_our_own_results_is_no_submission(tmp_path: Path) -> None:
    folder = lay(tmp_path / "class", {"ahn.c": SERVER, "bae.c": SERVER, "runs/grade/x.json": b"{}"})
    assert [one.name for one in collect([folder], without=folder / "runs")] == ["ahn", "bae"]
    assert len(collect([folder])) == 3


def test_an_archive_that_is_named_twice_is_read_as_if_named_once(tmp_path: Path) -> None:
    path = tmp_path / "class.zip"
    path.write_bytes(zipped({"ahn.c": SERVER, "bae.c": SERVER}))
    assert collect([path, tmp_path / "." / path.name]) == collect([path])
    assert len(collect([path])) == 2


def test_a_path_that_may_not_be_read_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path, mode: str) -> None:
        raise PermissionError(13, "Permission denied")

    lay(tmp_path, {"ahn.c": SERVER})
    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(UsageError, match=r"ahn\.c cannot be read: Permission denied"):
        collect([tmp_path / "ahn.c"])
