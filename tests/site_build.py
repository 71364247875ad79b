"""The site as tests look at it, with a gallery that stands in for a real one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from docs.site import gallery
from tests.documents import HERE

REPORT = """<!doctype html><html lang="en"><head><title>PASS</title></head>
<body><main><h1 id="x">A report</h1><p><a href="#x">up</a>, <a href="report.txt">text</a></p></main>
</body></html>"""


def stand_in(folder: Path) -> Path:
    """Write what runs leave: a whole one, one that failed in four checks, one without a page."""
    for name, failed, page in (
        ("prefork-right", 0, True),
        ("prefork-wrong", 4, True),
        ("fork_echo-right", 0, False),
    ):
        run = folder / name
        run.mkdir(parents=True)
        checks = [{"id": f"check-{n}", "verdict": "FAIL"} for n in range(failed)]
        checks.append({"id": "starts", "verdict": "PASS"})
        (run / "results.json").write_text(json.dumps({"checks": checks}))
        (run / "report.txt").write_text("PASS\n")
        if page:
            (run / "report.html").write_text(REPORT)
    return folder


def build(site: Path, made: Path) -> str:
    """Make the site in the folder *site*, with what is in *made*; return what Sphinx complained."""
    done = subprocess.run(
        [
            sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-E", "-b", "html",
            "-c", "docs/site", "-D", f"gallery_folder={made}", "-d", str(site.parent / "doctrees"),
            ".", str(site),
        ],
        cwd=HERE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr if done.returncode else ""


def build_with_stand_in(folder: Path) -> Path:
    """Make the site below *folder* with the stand-in, and return where it is."""
    assert build(folder / "site", stand_in(folder / gallery.FOLDER)) == ""
    return folder / "site"
