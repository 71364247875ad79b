"""The site, by Sphinx: the project's own Markdown files, read where they are.

`make site` makes it. The source folder is the whole checkout, of which `include_patterns` names the
pages; so each page has the place that it has in the tree, and its links are those of the tree.

Source: https://www.sphinx-doc.org/en/master/usage/configuration.html
"""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # Sphinx reads this file as no part of a package

from docs.site import accessible, front, gallery, sources  # noqa: E402

project = "forklab"
author = ""
html_title = "forklab"
root_doc = front.FIRST
extensions = ["myst_parser"]
include_patterns = [
    "README.md",
    "ARCHITECTURE.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/platforms/**.md",
    "labs/README.md",
    "labs/**/README.md",
]
exclude_patterns = ["**/mutants", "**/right"]
# names of headings as GitHub has them, so that one link is right in both places
myst_heading_anchors = 4
suppress_warnings = ["misc.highlighting_failure"]

html_theme = "furo"
html_theme_options: dict[str, object] = {"footer_icons": []}
html_copy_source = False
html_show_sphinx = False
html_use_index = False
html_show_copyright = False
html_baseurl = ""


def setup(app: Sphinx) -> None:
    """Let Markdown be as it is in the tree, and add what is made when the site is."""
    app.add_config_value("gallery_folder", str(ROOT / gallery.MADE), "env")
    pages = sources.Sources(ROOT, lambda path: path in app.env.found_docs)

    def read(app: Sphinx, name: str, text: list[str]) -> None:
        text[0] = pages.linked(name, text[0])
        text[0] += front.contents(name)
        if name == gallery.PAGE:
            text[0] += gallery.listing(Path(app.config.gallery_folder))

    def finished(app: Sphinx, failure: Exception | None) -> None:
        if failure is None:
            gallery.remove(Path(app.outdir))
            accessible.mend(Path(app.outdir))
            pages.write(Path(app.outdir))
            gallery.copy(Path(app.config.gallery_folder), Path(app.outdir))
            front.write(Path(app.outdir))

    app.connect("source-read", read)
    app.connect("build-finished", finished)
