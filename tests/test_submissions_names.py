"""Names of submissions: fit for a file name, one for each, whatever people are called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forklab.submissions.names import HIDDEN, LONGEST, TAKEN, UNFIT, fit, unique


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("kim", "kim"),
        ("김 민수_12345", "김 민수_12345"),
        (unicodedata.normalize("NFD", "김민수"), "김민수"),
        ("../etc/passwd", "_etc_passwd"),
        (".hidden", "hidden"),
        ("a\nb\x1b[31m", "a_b_[31m"),
        ("right\u202eto left", "right_to left"),
        ("C:\\me", "C__me"),
        ("  a   b. ", "a b"),
        ("", "unnamed"),
        ("...", "unnamed"),
        ("\udcff", "_"),
        ("가" * 100, "가" * 40),
    ],
)
def test_a_name_is_made_fit(name: str, expected: str) -> None:
    assert fit(name) == expected


@given(st.text())
def test_whatever_a_name_is_it_is_made_fit_once_and_for_all(name: str) -> None:
    found = fit(name)

    assert found
    assert found == fit(found)
    assert not found.startswith((".", " "))
    assert not found.endswith((".", " "))
    assert not set(found) & UNFIT
    assert not {unicodedata.category(char) for char in found} & HIDDEN
    assert len(found.encode()) <= LONGEST


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["a", "b"], ["a", "b"]),
        (["a", "a", "a"], ["a", "a-2", "a-3"]),
        (["a", "a", "a-2"], ["a", "a-3", "a-2"]),
        (["A", "a"], ["A", "a-2"]),
        (["index.html"], ["index.html-2"]),
    ],
)
def test_two_of_one_name_are_numbered(names: list[str], expected: list[str]) -> None:
    assert unique(names) == expected


@given(st.lists(st.sampled_from(["a", "A", "a-2", "a-3", "b", "index.html", "가"]), max_size=12))
def test_no_two_have_one_name(names: list[str]) -> None:
    found = unique(names)

    assert len(found) == len(names)
    folded = [name.casefold() for name in found]
    assert len(set(folded)) == len(folded)
    assert not set(folded) & set(TAKEN)
    assert all(
        one == name or one.startswith(f"{name}-") for one, name in zip(found, names, strict=True)
    )
