"""Text that fits 80 columns and cannot harm a terminal: control bytes visible, cuts said.

What a student's program printed, named or was called is untrusted. Everything that reaches a
reader goes through `visible`, once when it is laid out and once more when it is written.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

WIDTH = 80
HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\x1b": "\\x1b"}
LONGEST = 400
LONG = 8  # times a width: no line of it has more characters that matter


class Line(NamedTuple):
    """One line of a report.

    Attributes:
        tone: what its colour would say, `good`, `bad`, `odd` or `quiet`; the words say it too.
        part: which part of the text has that tone, "" for all of it.
    """

    text: str
    tone: str = ""
    part: str = ""


def visible(text: str) -> str:
    r"""Write everything that does not show, or that moves a cursor, as an escape such as ``\x1b``.

    That is: control and format characters (bidirectional marks too), lone surrogates, private
    and unassigned characters, and every line end.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(char) if _is_hidden(char) else char for char in text)


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in HIDDEN


def _escape(char: str) -> str:
    code = ord(char)
    if char in SHORT:
        return SHORT[char]
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def columns(text: str) -> int:
    """Return how many columns of a terminal *text* takes (Unicode TR 11: wide letters take 2)."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def pad(text: str, width: int) -> str:
    """Fill *text* with spaces to *width* columns."""
    return text + " " * max(0, width - columns(text))


def bounded(text: str, limit: int = LONGEST) -> str:
    """Return *text*, visible, with at most *limit* characters; what is left out is counted."""
    shown = visible(text[: limit + 1])
    if len(text) <= limit and len(shown) <= 2 * limit:
        return shown
    kept = visible(text[:limit])[: 2 * limit]
    left_out = max(len(text) - limit, 0)
    rest = f"{left_out} characters" if left_out else "the rest"
    return f"{kept} [{rest} left out]"


def wrap(text: str, width: int) -> list[str]:
    """Cut *text* into lines of at most *width* columns, at spaces, or in a word that is too long.

    Line ends in *text* and the indentation of its lines are kept. Never empty.
    """
    lines = [line for part in text.split("\n") for line in _wrap_line(visible(part), width)]
    return lines or [""]


def _wrap_line(text: str, width: int) -> list[str]:
    words = text.lstrip(" ")
    indent = " " * min(len(text) - len(words), width // 2)
    lines: list[str] = [""]
    for word in words.split(" "):
        for piece in _pieces(word, width - len(indent)):
            if not lines[-1]:
                lines[-1] = piece
            elif columns(lines[-1]) + 1 + columns(piece) <= width - len(indent):
                lines[-1] += " " + piece
            else:
                lines.append(piece)
    return [(indent + line).rstrip() for line in lines]


def chop(text: str, width: int) -> list[str]:
    """Cut one line of quoted text every *width* columns, with every space kept. Never empty."""
    return list(_pieces(visible(text), width))


def _pieces(word: str, width: int) -> Iterator[str]:
    """Yield *word*, or pieces of *width* columns of it if it is longer."""
    while columns(word) > width:
        end = _fitting(word, width)
        yield word[:end]
        word = word[end:]
    yield word


def _fitting(text: str, width: int) -> int:
    """Return how many characters of *text* fit into *width* columns, at least 1."""
    used = 0
    for count, char in enumerate(text):
        used += _columns(char)
        if used > width:
            return max(count, 1)
    return len(text)


def shorten(text: str, width: int, mark: str = " [cut]") -> str:
    """Return *text* on one line of at most *width* columns; a cut is at a word, and is said."""
    # what a program chose may have no end, and to wrap all of it for one line takes as long
    whole = len(text) <= LONG * width
    line = visible(text[: LONG * width].replace("\n", " "))
    if whole and columns(line) <= width:
        return line
    kept = wrap(line[: LONG * width], width - columns(mark))[0]
    return kept + mark
