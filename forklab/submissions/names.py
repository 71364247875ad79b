"""Names of submissions: unique in a batch, and fit for a file name on every system."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

LONGEST = 120  # bytes of UTF-8: a suffix and an ending still fit into the 255 of a file name
UNFIT = frozenset('/\\:*?"<>|')
HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
# what the folder of a batch has beside the submissions
TAKEN = ("index.html", "results.sqlite")


def decoded(raw: bytes) -> str:
    """Return a file name that an archive or a folder has as bytes.

    UTF-8 is tried first, since text in another encoding hardly ever is valid UTF-8; then CP949, in
    which Korean systems write names; what is neither keeps its bytes as surrogates.
    """
    for encoding in ("utf-8", "cp949"):
        try:
            return unicodedata.normalize("NFC", raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace").replace("\ufffd", "_")


def fit(name: str) -> str:
    """Return *name* as a file name: no separator, nothing that hides, no dot in front.

    Hangul that a Mac has taken apart is put together again (NFC).
    """
    name = unicodedata.normalize("NFC", name)
    kept = "".join("_" if _is_unfit(char) else char for char in name)
    kept = " ".join(kept.split()).strip(". ")
    while len(kept.encode()) > LONGEST:
        kept = kept[:-1].rstrip(". ")
    return kept or "unnamed"


def _is_unfit(char: str) -> bool:
    return char in UNFIT or unicodedata.category(char) in HIDDEN


def unique(names: Sequence[str], taken: Iterable[str] = TAKEN) -> list[str]:
    """Return *names* with a number behind each that was there before, in the same order.

    Two names that differ in capitals only are one to some file systems, and so to us.
    """
    used = {name.casefold() for name in taken} | {name.casefold() for name in names}
    seen = {name.casefold() for name in taken}
    found = []
    for name in names:
        one, number = name, 1
        if one.casefold() in seen:
            while one.casefold() in used:
                number += 1
                one = f"{name}-{number}"
        used.add(one.casefold())
        seen.add(one.casefold())
        found.append(one)
    return found
