"""Whether a site leads somewhere: every link and every picture is there, every anchor too.

    python -m docs.site.check FOLDER

Sphinx holds the links of pages against one another; this holds what it has made, and what was
copied beside it, as a browser would find it. No page may load anything from elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = frozenset({"img", "link", "script", "source", "iframe", "object", "embed", "use"})
NO_PAGE = frozenset({"mailto", "data"})


class _Page(HTMLParser):
    """Names of a page, and what it links to or loads."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.targets: list[tuple[str, str]] = []  # element, address

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the names and the addresses of one element."""
        for name, value in attrs:
            if name in ("id", "name") and value:
                self.names.add(value)
            elif name in ("href", "src") and value is not None:
                self.targets.append((tag, value))


def faults(folder: Path) -> Iterator[str]:
    """Yield a sentence for each link of a page below *folder* that leads nowhere."""
    pages = {path.resolve(): _read(path) for path in sorted(folder.rglob("*.html"))}
    if not pages:
        yield f"{folder} has no page"
    for path, page in pages.items():
        for tag, target in page.targets:
            if why := _fault(path, tag, target, pages):
                yield f"{path.relative_to(folder.resolve())}: {target}: {why}"


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _fault(path: Path, tag: str, target: str, pages: dict[Path, _Page]) -> str:
    """Return what is wrong with one address; "" if nothing is."""
    parts = urlsplit(target)
    if parts.scheme in NO_PAGE:
        return ""
    if parts.scheme or parts.netloc:
        return "it would be loaded from elsewhere" if tag in LOADED else ""
    there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not there.is_file():
        return "there is no such file"
    anchor = unquote(parts.fragment)
    page = pages.get(there)
    return "there is no such anchor" if anchor and page and anchor not in page.names else ""


def main() -> None:
    """Say what is wrong; the exit status says whether something is."""
    found = list(faults(Path(sys.argv[1])))
    for sentence in found:
        print(sentence)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
