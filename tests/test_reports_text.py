"""Text of any origin becomes lines of a known width, with every cut said."""

from __future__ import annotations

import pytest

from forklab.reports.text import bounded, chop, columns, pad, shorten, visible, wrap


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \\ text", "plain \\ text"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\tb\r\n", "a\\tb\\r\\n"),
        ("\x00\x7f\x9b", "\\x00\\x7f\\x9b"),
        ("\u202eexe\u200b\u2028", "\\u202eexe\\u200b\\u2028"),
        ("\udcff\U000e0041", "\\udcff\\U000e0041"),
        ("한국어 é", "한국어 é"),
    ],
)
def test_what_does_not_show_becomes_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_wide_letters_take_two_columns_and_accents_none() -> None:
    assert columns("서버") == 4
    assert columns("e\u0301") == 1
    assert pad("서", 4) == "서  "


def test_wrap_keeps_line_ends_and_indentation() -> None:
    assert wrap("one two three\n   | ^~~", 8) == ["one two", "three", "   | ^~~"]


def test_wrap_cuts_a_word_that_is_too_long() -> None:
    assert wrap("ab " + "가" * 5, 6) == ["ab", "가가가", "가가"]


def test_wrap_of_nothing_is_one_empty_line() -> None:
    assert wrap("", 10) == [""]


def test_chop_keeps_every_space() -> None:
    assert chop("  a  b  ", 3) == ["  a", "  b", "  "]


def test_bounded_counts_what_it_leaves_out() -> None:
    assert bounded("a" * 25, 10) == "a" * 10 + " [15 characters left out]"
    assert bounded("a" * 10, 10) == "a" * 10


def test_bounded_holds_for_escapes_too() -> None:
    assert len(bounded("\x00" * 400, 100)) < 250


def test_shorten_says_that_it_cut() -> None:
    assert shorten("three old zombies are left", 20) == "three old [cut]"
    assert shorten("three old\nzombies", 20) == "three old zombies"
