"""`forklab report`: which report is meant, and a browser for it where there is a display."""

from __future__ import annotations

import sys
import webbrowser
from collections.abc import Mapping
from pathlib import Path

from forklab import file_of_run
from forklab.reports.folder import PAGE


def find(source: str, runs: Path) -> Path:
    """Return the report that *source* names: a file, the folder of a run, or a lab's last run.

    Raises:
        UsageError: there is none.
    """
    return file_of_run.find(source, runs, PAGE, "examine the program again")


def show(path: Path, environ: Mapping[str, str], *, may_open: bool) -> str:
    """Open *path* in a browser where there is a display; return what was done, a sentence."""
    if not may_open:
        return "open it with a browser"
    if not _has_display(environ, sys.platform):
        return "there is no display here: open it with a browser where there is one"
    if not webbrowser.open(path.resolve().as_uri()):
        return "no browser was found: open it with one"
    return "opened in your browser"


def _has_display(environ: Mapping[str, str], platform: str) -> bool:
    """Whether a window can appear: webbrowser itself would start lynx and wait for it."""
    if platform in ("darwin", "win32"):
        return "SSH_CONNECTION" not in environ
    return bool(environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"))
