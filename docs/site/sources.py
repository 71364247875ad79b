"""Files of the project that its pages link to and that are no pages: shown as text.

A browser shows text and saves a `.py`; and of a folder, such as a program of two files, there is
nothing to show. So each is written into the site as one text file, at the same place below SHOWN.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

SHOWN = "sources"
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
# a link, but no picture, whose target has no scheme and is more than an anchor
LINK = re.compile(r"(?<!!)\[((?:[^][]|\[[^][]*\])*)\]\(([^)\s#:]+)\)")


class Sources:
    """What the pages that were read link to.

    Args of the constructor: the root of the project; whether a page has this name, without suffix.
    """

    def __init__(self, root: Path, is_page: Callable[[str], bool]) -> None:
        self._root, self._is_page = root, is_page
        self.wanted: set[str] = set()

    def linked(self, page: str, text: str) -> str:
        """Return the Markdown *text* of *page* with links to files as links to their text."""
        parts, at = [], 0
        for fenced in FENCED.finditer(text):
            parts += [self._replaced(page, text[at : fenced.start()]), fenced[0]]
            at = fenced.end()
        return "".join([*parts, self._replaced(page, text[at:])])

    def _replaced(self, page: str, prose: str) -> str:
        def link(found: re.Match[str]) -> str:
            path = os.path.normpath(os.path.join(os.path.dirname(page), found[2]))
            if self._is_page(path.removesuffix(".md")) or not (self._root / path).exists():
                return found[0]  # what leads nowhere is left for Sphinx to complain about
            self.wanted.add(path)
            up = "../" * page.count("/")
            return f'<a href="{up}{SHOWN}/{path}.txt">{found[1]}</a>'

        return LINK.sub(link, prose)

    def write(self, folder: Path) -> None:
        """Write every file that is linked to below *folder*, where the site is."""
        for path in sorted(self.wanted):
            place = folder / SHOWN / f"{path}.txt"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(self._text(self._root / path), encoding="utf-8")

    def _text(self, path: Path) -> str:
        if path.is_file():
            return path.read_text(encoding="utf-8", errors="replace")
        files = sorted(file for file in path.rglob("*") if _is_shown(file))
        return "\n".join(
            f"==> {file.relative_to(path)} <==\n{file.read_text(encoding='utf-8')}"
            for file in files
        )


def _is_shown(file: Path) -> bool:
    return file.is_file() and "__pycache__" not in file.parts
