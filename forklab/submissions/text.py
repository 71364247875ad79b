"""Encodings of sources: what would break the build or the run is converted, nothing else is.

What is harmless stays byte for byte, so that a program is judged as it was handed in. To gcc(1) a
byte order mark at the beginning, lines that end in CR LF and a last line that does not end are all
the same as text without them, and so they are to Python and to GNU make. CP949 in comments and
literals of C goes through gcc as bytes: no second byte of a letter is a backslash or a quote.
"""

from __future__ import annotations

import codecs
import io
import tokenize
from pathlib import PurePosixPath

from forklab.program.convention import C_SUFFIXES, CXX_SUFFIXES, ELF, MAKEFILES
from forklab.submissions.items import MANIFEST

C_LIKE = (*C_SUFFIXES, *CXX_SUFFIXES, ".h", ".hh", ".hpp", ".hxx")
SCRIPTS = (".sh", ".bash", ".pl", ".rb")
HEAD = 400  # bytes that show whether a text without a mark is UTF-16
UTF16 = {codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}


def is_text(name: str, data: bytes) -> bool:
    """Whether a file is a source, by its name or its first line."""
    if data.startswith(ELF):
        return False
    suffix = PurePosixPath(name).suffix.lower()
    known = suffix in (*C_LIKE, *SCRIPTS, ".py", ".mk") or name in (*MAKEFILES, MANIFEST)
    return known or b"#!" in _plain(data)[0][:6]


def encoding_of(data: bytes) -> str:
    """Return the encoding of a text, with its mark and its line ends, for a person.

    Returns:
        Such as `ASCII`, `UTF-8 with BOM, CRLF`, `UTF-16`, `CP949`; `bytes` if it is no text.
    """
    plain, utf16 = _plain(data)
    words = "UTF-16" if utf16 else _encoding(plain)
    if data.startswith(codecs.BOM_UTF8):
        words = "UTF-8 with BOM"
    return words + (", CRLF" if b"\r\n" in plain else "")


def _encoding(data: bytes) -> str:
    for encoding in ("ascii", "utf-8", "cp949"):
        try:
            data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding.upper()
    return "bytes"


def _plain(data: bytes) -> tuple[bytes, bool]:
    """Return *data* without a mark and as UTF-8 if it was UTF-16; and whether it was."""
    encoding = next((name for mark, name in UTF16.items() if data.startswith(mark)), "")
    encoding = encoding or _unmarked_utf16(data[:HEAD])
    if encoding:
        text = data.decode(encoding, "replace").removeprefix("\ufeff")
        return text.encode("utf-8", "replace"), True
    return data.removeprefix(codecs.BOM_UTF8), False


def _unmarked_utf16(head: bytes) -> str:
    """Return which UTF-16 *head* is, "" if none: most letters are ASCII, so every other byte is 0.

    Editors for Windows write a mark; what strips marks leaves such a file.
    """
    if len(head) < 4 or len(head) % 2:
        head = head[:-1]
    half = len(head) // 2
    for zeros, others, name in (
        (head[1::2], head[::2], "utf-16-le"),
        (head[::2], head[1::2], "utf-16-be"),
    ):
        if half and zeros.count(0) > half * 3 // 4 and others.count(0) == 0:
            return name
    return ""


def converted(name: str, data: bytes) -> tuple[bytes, list[str]]:
    """Return a source so that it builds and runs, and a note for each thing that was changed.

    Args:
        name: of the file, without its folder.
        data: its bytes.
    """
    if not is_text(name, data):
        return data, []
    notes = []
    plain, utf16 = _plain(data)
    if utf16:  # no compiler and no interpreter reads it
        notes.append("was UTF-16 and is read as UTF-8")
        data = plain
    is_script = plain.startswith(b"#!")
    # the kernel looks for #! in the first two bytes, and for a letter the TOML reader
    if data != plain and (is_script or name == MANIFEST):
        notes.append("began with a byte order mark, which was left out")
        data = plain
    # the kernel takes CR for a letter of the interpreter's name, a shell for one of a word
    if b"\r\n" in data and (is_script or name.lower().endswith(SCRIPTS)):
        notes.append("had lines that end in CR LF; they end in LF now")
        data = data.replace(b"\r\n", b"\n")
    if name.lower().endswith(".py") and _breaks_python(data):
        notes.append("was CP949 without saying so, which Python does not read; it is UTF-8 now")
        data = data.decode("cp949").encode()
    return data, notes


def _breaks_python(data: bytes) -> bool:
    """Whether Python would not read *data* as the encoding that it names, but could as CP949.

    Source: PEP 263; without a line that names an encoding it is UTF-8.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:  # the first lines already are not as they say, or it is unknown
        encoding = "utf-8"
    if not encoding.startswith("utf-8"):
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return _encoding(data) == "CP949"
    return False
