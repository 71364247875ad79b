"""`forklab inspect`: what was handed in and what would be done with it, without an engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from forklab import labs
from forklab.check import _with_manifest
from forklab.cli import main
from forklab.errors import UsageError
from forklab.inspecting import document, inspect, report
from forklab.order import Order
from forklab.reports.text import columns
from tests.handed_in import ELF, SERVER, lay, zipped


def rows(folder: Path, files: Mapping[str, bytes], lab: str | None = None) -> dict[str, str]:
    """Return the rows of the report on one submission, by label."""
    info = labs.read(lab) if lab else None
    lines = list(report(inspect([lay(folder / "kim", files)], info)))
    found: dict[str, str] = {}
    label = ""
    for line in lines[1:-2]:
        label = line[2:10].strip() or label
        found[label] = f"{found.get(label, '')} {line[10:]}".strip()
    return found


CP949 = "/* 서버 */\r\nint main(void){}".encode("cp949")
MADE = "(what make leaves) 4 PORT"
ONE_FILE = "it is one file, and its suffix says what it is"
TOML = "submission.toml"


@pytest.mark.parametrize(
    ("files", "lab", "expected"),
    [
        (
            {"server.c": SERVER, "util.h": b""},
            "fork-echo",
            {
                "kind": "c",
                "starts": "./server PORT",
                "because": "it is the only C source",
                "files": "2: server.c, util.h",
            },
        ),
        (
            {"Makefile": b"all:\n"},
            "prefork",
            {"builds": "make", "starts": MADE, "because": "there is a Makefile"},
        ),
        (
            {"Makefile": b"all:\n", TOML: b'main = "bin/x"\nworkers = 3\n'},
            "prefork",
            {"starts": "./bin/x 3 PORT", "says": "main = bin/x workers = 3"},
        ),
        ({"a.py": b""}, None, {"starts": "python3 a.py", "because": ONE_FILE}),
        (
            {"a.py": b"", TOML: b'run = "python3 a.py -p {port}"\nport = 8083\n'},
            "fork-echo",
            {"starts": "python3 a.py -p 8083"},
        ),
        (
            {"server.py": b"", "worker.c": SERVER},
            "exec-worker",
            {"worker": "worker.c", "kind": "python", "starts": "python3 server.py 4 PORT"},
        ),
        ({"server.c": CP949}, None, {"text": "server.c is CP949, CRLF"}),
        ({"a.py": CP949}, None, {"text": "a.py is UTF-8, CRLF"}),
    ],
)
def test_it_says_what_would_be_done_and_why(
    tmp_path: Path, files: Mapping[str, bytes], lab: str | None, expected: dict[str, str]
) -> None:
    found = rows(tmp_path, files, lab)

    assert {label: found.get(label) for label in expected} == expected
    assert "refused" not in found
    assert str(tmp_path / "kim") in "".join(found["from"].split())


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"echo.c": SERVER, "pipe.c": SERVER}, "it has several programs (echo.c, pipe.c); say"),
        ({"a.txt": b""}, "it holds nothing that can be built or started, only a.txt"),
        (
            {"a.c": SERVER, TOML: b"workers = 3"},
            "submission.toml does not go with the lab: WORKERS",
        ),
        ({"a": ELF[:18] + b"\x08\x00" + ELF[20:]}, "a is an executable for machine 8"),
    ],
)
def test_it_says_why_one_is_refused(tmp_path: Path, files: Mapping[str, bytes], words: str) -> None:
    found = rows(tmp_path, files, "fork-echo")

    assert words in found["refused"]
    assert "because" not in found


def test_it_names_no_folder_that_is_gone(tmp_path: Path) -> None:
    (seen,) = inspect([lay(tmp_path / "kim", {"prog": b"#!/bin/sh\r\n", "x": b"MZ"})])
    assert seen.refused == ""  # CR LF of a script is mended
    lay(tmp_path / "lee", {"a": ELF[:16] + b"\x01\x00\x3e\x00"})
    (seen,) = inspect([tmp_path / "lee"])
    assert seen.refused == "a is an object file, not an executable: it was not linked"


def test_the_report_fits_eighty_columns_and_harms_no_terminal(tmp_path: Path) -> None:
    name = "가나다라마바사 " * 5
    files = {f"{name}{n}.txt": b"" for n in range(20)} | {"a\u202eb.c": SERVER, "Makefile": b""}
    lines = list(report(inspect([lay(tmp_path / "kim\x1b[31m", files)])))

    assert max(map(columns, lines)) <= 80
    assert all(line.isprintable() for line in lines)
    assert "and 14 more" in "\n".join(lines)


def test_the_document_says_all_of_it(tmp_path: Path) -> None:
    info = labs.read("fork-echo")
    path = lay(tmp_path / "kim", {"server.c": SERVER, "run": b"#!/bin/sh\n"})

    found = document(inspect([path], info), info)

    assert (found["schema"], found["lab"]) == ("forklab-inspect/1", "fork_echo")
    (entry,) = found["submissions"]
    assert entry["files"] == [
        {"path": "run", "bytes": 10, "executable": True, "encoding": "ASCII"},
        {"path": "server.c", "bytes": len(SERVER), "executable": False, "encoding": "ASCII"},
    ]
    assert (entry["kind"], entry["starts"], entry["refused"]) == ("c", "./server PORT", "")
    assert entry["builds"][0].startswith("gcc ")
    assert len(entry["hash"]) == 64
    json.dumps(found)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["inspect", *map(str, arguments)])


def test_the_exit_status_says_whether_one_is_refused(tmp_path: Path) -> None:
    good = lay(tmp_path / "kim", {"server.c": SERVER})
    bad = lay(tmp_path / "lee", {"notes.txt": b""})

    assert run(good).exit_code == 0
    assert run(good, bad).exit_code == 1
    assert "2 submissions, 1 refused" in run(good, bad).output
    assert run(tmp_path / "missing").exit_code == 2
    assert run(good, "--lab", "nothing").exit_code == 2
    assert run().exit_code == 2


def test_json_is_one_document_on_standard_output(tmp_path: Path) -> None:
    path = tmp_path / "서버.zip"
    path.write_bytes(zipped({"server.c": SERVER}))

    found = json.loads(run(path, "--json", "--lab", "fork-echo").stdout)

    assert [entry["name"] for entry in found["submissions"]] == ["서버"]


def test_check_reads_the_manifest_of_a_folder_and_what_is_typed_wins(tmp_path: Path) -> None:
    text = b'main = "b.c"\nport = 8083\nworkers = 3\ndeclares = ["of-it"]\n'
    path = lay(tmp_path / "kim", {"a.c": SERVER, "b.c": SERVER, "submission.toml": text})

    found = _with_manifest(Order("prefork", path, port=9000))

    assert (found.main, found.port, found.workers) == ("b.c", 9000, 3)
    assert found.declared == {"of_it"}
    assert _with_manifest(Order("prefork", path / "a.c")) == Order("prefork", path / "a.c")
    assert _with_manifest(Order("prefork")) == Order("prefork")
    lay(path, {"submission.toml": b"ports = 1"})
    with pytest.raises(UsageError, match="has the key 'ports'"):
        _with_manifest(Order("prefork", path))
