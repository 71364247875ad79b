"""How late submissions were: what is read, and that nothing wrong is taken for nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from forklab.batch import late
from forklab.errors import UsageError


def read(tmp_path: Path, text: str) -> dict[str, float]:
    path = tmp_path / "late.csv"
    path.write_bytes(text.encode())
    return late.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "kim,2.5\nlee,0\n",
        "submission,hours\nkim,2.5\nlee,0\n",
        "\ufeffsubmission,hours\r\nkim,2.5\r\n\r\nlee,0,\r\n",
        '"kim", 2.5\nlee ,0',
    ],
)
def test_hours_are_read_with_and_without_a_heading(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == {"kim": 2.5, "lee": 0.0}


def test_a_name_that_a_mac_has_taken_apart_is_the_name_of_the_submission(tmp_path: Path) -> None:
    assert read(tmp_path, "\u1100\u1175\u11b7,1\n") == {"\uae40": 1.0}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kim;2.5\n", "line 1: expected a name and hours"),
        ("kim,2h\n", "line 1: expected"),
        ("kim,-1\n", "line 1: expected"),
        ("kim,2,5\n", "line 1: expected"),
        ("submission,hours\nkim\n", "line 2: expected"),
        ("submission,hours\nkim,nan\n", "line 2: expected"),
        ("kim,1\nkim,2\n", "line 2: kim is there twice"),
    ],
)
def test_a_mistake_is_told_with_its_line_also_in_the_first(
    tmp_path: Path, text: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        read(tmp_path, text)
