"""The contents of the site, and the page that its folder opens with."""

from __future__ import annotations

from pathlib import Path

from forklab import labs

FIRST = "README"
CONTENTS = """
```{toctree}
:hidden:
:caption: Learn

docs/reading-a-failure
labs/README
docs/gallery
docs/by-hand
```

```{toctree}
:hidden:
:caption: Teach

docs/grading
docs/submissions
docs/platforms/README
docs/security
```

```{toctree}
:hidden:
:caption: forklab itself

ARCHITECTURE
CONTRIBUTING
docs/matrix
CHANGELOG
```
"""
# what is below another page than the first, named shortly
PLATFORMS = """
```{toctree}
:hidden:

gradescope
github-actions
autolab/README
classroom50/README
prairielearn/README
```
"""
LABS = "\n```{{toctree}}\n:hidden:\n\n{}\n```\n"
INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>forklab</title>
<meta http-equiv="refresh" content="0; url={page}">
</head>
<body><main><h1>forklab</h1><p><a href="{page}">To the first page</a></p></main></body>
</html>
"""


def contents(page: str) -> str:
    """Return what is below *page* in the contents, as Markdown that is added to it; else ""."""
    if page == "labs/README":
        infos = sorted((labs.read(name) for name in labs.names()), key=lambda info: info.order)
        return LABS.format("\n".join(f"{info.dashed} <{info.name}/README>" for info in infos))
    return {FIRST: CONTENTS, "docs/platforms/README": PLATFORMS}.get(page, "")


def write(folder: Path) -> None:
    """Let *folder*, where the site is, open with its first page."""
    (folder / "index.html").write_text(INDEX.format(page=f"{FIRST}.html"), encoding="utf-8")
