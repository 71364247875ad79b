"""docs/submissions.md holds: its transcripts are run, its tables are the code's.

FORKLAB_RECORD=1 writes the transcripts into the page anew instead of comparing them.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from forklab.cli import main
from forklab.program.source import MAX_BYTES, MAX_FILES
from forklab.submissions import archive, items, manifest, streams
from forklab.submissions.manifest import parse
from tests import documents
from tests.handed_in import SERVER, lay, zipped

PAGE = documents.HERE / "docs/submissions.md"
KOREAN = "# 서버\nprint('연결')\n".encode("cp949")
HANDED_IN = {
    "handed-in/kim/server.c": SERVER,
    "handed-in/kim/client.c": SERVER,
    "handed-in/kim/util.h": b"int x;\n",
    "handed-in/lee.py": KOREAN,
    "handed-in/park.zip": zipped({"lab1/Makefile": b"all:\n", "lab1/src/a.c": SERVER}),
    "handed-in/choi/report.pdf": b"%PDF-1.7\n",
    "handed-in/grades.csv": b"name,points\n",
}


def shown() -> list[documents.Block]:
    """The transcripts of the page."""
    return [block for block in documents.blocks(PAGE.read_text()) if block.language == "console"]


@pytest.mark.parametrize("number", range(len(shown())))
def test_a_transcript_is_what_is_printed_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    block = shown()[number]
    command, _, expected = block.text.partition("\n")
    monkeypatch.chdir(lay(tmp_path, HANDED_IN))

    printed = CliRunner().invoke(main, shlex.split(command)[2:]).output

    if os.environ.get("FORKLAB_RECORD"):
        PAGE.write_text(PAGE.read_text().replace(block.text, f"{command}\n{printed}"))
    else:
        assert printed == expected


def test_the_manifest_that_is_shown_can_be_read_and_has_every_key() -> None:
    (block,) = [each for each in documents.blocks(PAGE.read_text()) if each.language == "toml"]

    said = parse(block.text.encode(), ["server.c"])

    assert (said.main, said.port, said.workers) == ("server.c", 8083, 4)
    rows = documents.table(PAGE.read_text(), "key")
    assert [row[0].strip("`") for row in rows] == list(manifest.KEYS)
    assert all(f"{key} = " in block.text for key in manifest.KEYS)


def test_the_limits_are_those_of_the_code() -> None:
    text = " ".join(PAGE.read_text().split())

    assert f"{MAX_FILES} files or {MAX_BYTES >> 20} MiB" in text
    assert f"{streams.UNPACKED >> 20} MiB" in text
    assert f"{streams.MAX_ENTRIES} entries" in text
    assert f"{items.LONGEST_NAME} bytes" in text


def test_every_ending_of_an_archive_and_every_kind_that_is_not_read_is_named() -> None:
    text = PAGE.read_text()

    assert all(f"`{ending}`" in text for ending in archive.ENDINGS)
    assert all(kind in text for kind in archive.FOREIGN.values())
