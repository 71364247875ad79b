"""What the theme leaves out for those who use a keyboard or a screen reader, added to each page.

Found with axe-core; the names of its rules stand beside what mends them.
"""

from __future__ import annotations

from pathlib import Path

INSTEAD = {
    # scrollable-region-focusable: what is wider than a phone can be scrolled by keys
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
    # aria-required-attr: captions of the contents
    ' role="heading">': ' role="heading" aria-level="2">',
    # landmark-unique: two of them on a page
    '<aside class="sidebar-drawer"': '<aside aria-label="All pages" class="sidebar-drawer"',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
}


def mended(page: str) -> str:
    """Return the HTML of a page with what is left out."""
    for text, instead in INSTEAD.items():
        page = page.replace(text, instead)
    return page


def mend(folder: Path) -> None:
    """Mend every page below *folder*; done to the same page twice it changes nothing more."""
    for path in folder.rglob("*.html"):
        path.write_text(mended(path.read_text(encoding="utf-8")), encoding="utf-8")
