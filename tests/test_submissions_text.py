"""Encodings: what breaks a build or a run is converted and said, nothing else is touched."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forklab.submissions.text import converted, encoding_of, is_text
from tests.handed_in import ELF, SERVER

BOM = b"\xef\xbb\xbf"
KOREAN_C = '/* 서버 */\n#include <stdio.h>\nint main(void) { puts("연결"); return 0; }\n'
KOREAN_PY = "# 서버\nprint('연결')\n"
COOKIE = "# -*- coding: cp949 -*-\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.c", SERVER),
        ("a.c", SERVER.rstrip()),
        ("a.c", SERVER.replace(b"\n", b"\r\n")),
        ("a.c", BOM + SERVER),
        ("a.c", KOREAN_C.encode("cp949")),
        ("a.py", BOM + KOREAN_PY.encode()),
        ("a.py", KOREAN_PY.replace("\n", "\r\n").encode()),
        ("a.py", (COOKIE + KOREAN_PY).encode("cp949")),
        ("a.py", b"\x80\xff\xfe\x81"),
        ("a.py", b""),
        ("Makefile", BOM + b"all:\r\n\tcc\r\n"),
        ("a.out", ELF + b"\r\n"),
        ("notes.txt", "메모\r\n".encode("utf-16")),
        ("a.bin", b"\x00a" * 300),
    ],
)
def test_what_builds_and_runs_as_it_is_stays_byte_for_byte(name: str, data: bytes) -> None:
    assert converted(name, data) == (data, [])


@pytest.mark.parametrize(
    ("name", "data", "expected", "words"),
    [
        ("a.c", KOREAN_C.encode("utf-16"), KOREAN_C.encode(), ["was UTF-16"]),
        ("a.c", KOREAN_C.encode("utf-16-le"), KOREAN_C.encode(), ["was UTF-16"]),
        ("a.h", b"\xfe\xff" + "int x;\n".encode("utf-16-be"), b"int x;\n", ["was UTF-16"]),
        ("run.sh", b"#!/bin/sh\r\necho\r\n", b"#!/bin/sh\necho\n", ["CR LF"]),
        ("run", BOM + b"#!/bin/sh\n", b"#!/bin/sh\n", ["byte order mark"]),
        ("a.py", BOM + b"#!/usr/bin/python3\n", b"#!/usr/bin/python3\n", ["byte order mark"]),
        ("a.py", b"#!/usr/bin/python3\r\nx\r\n", b"#!/usr/bin/python3\nx\n", ["CR LF"]),
        ("run.sh", b"echo\r\n", b"echo\n", ["CR LF"]),
        ("a.py", KOREAN_PY.encode("cp949"), KOREAN_PY.encode(), ["was CP949"]),
        (
            "a.py",
            b"# coding: utf-8\n" + KOREAN_PY.encode("cp949"),
            b"# coding: utf-8\n" + KOREAN_PY.encode(),
            ["was CP949"],
        ),
        ("submission.toml", BOM + b"port = 1\n", b"port = 1\n", ["byte order mark"]),
        ("run", "#!/bin/sh\r\n".encode("utf-16"), b"#!/bin/sh\n", ["UTF-16", "CR LF"]),
    ],
)
def test_what_would_break_is_converted_and_said(
    name: str, data: bytes, expected: bytes, words: list[str]
) -> None:
    found, notes = converted(name, data)

    assert found == expected
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"int x;", "ASCII"),
        ("서버".encode(), "UTF-8"),
        ("서버\r\n".encode("cp949"), "CP949, CRLF"),
        (BOM + b"int x;\r\n", "UTF-8 with BOM, CRLF"),
        ("int x;\n".encode("utf-16"), "UTF-16"),
        (b"\x80\xff", "bytes"),
    ],
)
def test_an_encoding_is_named(data: bytes, expected: str) -> None:
    assert encoding_of(data) == expected


def test_a_source_is_known_by_its_name_or_its_first_line() -> None:
    assert is_text("a.c", b"")
    assert is_text("x", BOM + b"#!/bin/sh\n")
    assert not is_text("x", b"hello")
    assert not is_text("x.sh", ELF)


needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="no compiler here")


@needs_gcc
@pytest.mark.parametrize(
    ("data", "builds"),
    [
        (KOREAN_C.encode("cp949"), True),
        (BOM + KOREAN_C.encode(), True),
        (KOREAN_C.replace("\n", "\r\n").encode().rstrip(), True),
        (KOREAN_C.encode("utf-16"), False),
    ],
)
def test_gcc_takes_what_is_kept_and_not_what_is_converted(
    tmp_path: Path, data: bytes, builds: bool
) -> None:
    (tmp_path / "a.c").write_bytes(data)
    done = subprocess.run(["gcc", "-o", "a", "a.c"], cwd=tmp_path, capture_output=True, check=False)

    assert (done.returncode == 0) is builds
    assert (converted("a.c", data)[0] == data) is builds


@pytest.mark.parametrize(
    ("data", "runs"),
    [
        (KOREAN_PY.encode("cp949"), False),
        ((COOKIE + KOREAN_PY).encode("cp949"), True),
        (BOM + KOREAN_PY.replace("\n", "\r\n").encode(), True),
        (KOREAN_PY.encode("utf-16"), False),
    ],
)
def test_python_takes_what_is_kept_and_not_what_is_converted(
    tmp_path: Path, data: bytes, runs: bool
) -> None:
    (tmp_path / "a.py").write_bytes(data)
    done = subprocess.run([sys.executable, "a.py"], cwd=tmp_path, capture_output=True, check=False)

    assert (done.returncode == 0) is runs
    assert (converted("a.py", data)[0] == data) is runs


@pytest.mark.skipif(shutil.which("make") is None, reason="no make here")
def test_make_takes_a_makefile_from_windows(tmp_path: Path) -> None:
    lines = b"all:", b"\tcp Makefile \\", b"\t  made"
    (tmp_path / "Makefile").write_bytes(BOM + b"\r\n".join(lines) + b"\r\n")
    subprocess.run(["make"], cwd=tmp_path, capture_output=True, check=True)

    assert (tmp_path / "made").exists()


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_shell_takes_a_carriage_return_for_a_letter(tmp_path: Path, ends: bytes) -> None:
    (tmp_path / "run.sh").write_bytes(b"test -n '' || touch made" + ends)
    subprocess.run(["sh", "run.sh"], cwd=tmp_path, capture_output=True, check=False)

    assert (tmp_path / "made").exists() is (ends == b"\n")
