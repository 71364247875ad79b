"""The site: every page is there, every link leads somewhere, nothing is loaded from elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from docs.site import accessible, check, front, gallery
from docs.site.sources import Sources
from forklab import labs
from tests import documents, site_build
from tests.documents import HERE


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a site that was made now."""
    return site_build.build_with_stand_in(tmp_path_factory.mktemp("made"))


def test_every_document_is_a_page_and_in_the_contents(site: Path) -> None:
    pages = [path.relative_to(HERE).with_suffix(".html") for path in documents.documents()]
    assert len(pages) > 20
    assert [page for page in pages if not (site / page).is_file()] == []
    first = (site / "README.html").read_text()
    for name in labs.names():
        assert f'href="labs/{name}/README.html"' in first


def test_every_link_of_the_site_leads_somewhere(site: Path) -> None:
    assert list(check.faults(site)) == []


def test_the_folder_opens_with_the_first_page(site: Path) -> None:
    assert f"url={front.FIRST}.html" in (site / "index.html").read_text()


def test_a_program_that_a_sheet_links_to_is_shown_as_text(site: Path) -> None:
    path = "labs/fork_echo/mutants/never_reaps.py"
    shown = site / "sources" / f"{path}.txt"
    assert shown.read_text() == (HERE / path).read_text()
    page = (site / "labs/fork_echo/README.html").read_text()
    assert f'href="../../sources/{path}.txt"' in page


def test_a_program_of_several_files_is_one_text(site: Path) -> None:
    folder = "labs/exec_worker/mutants/channel_is_descriptor_3"
    text = (site / "sources" / f"{folder}.txt").read_text()
    for file in (HERE / folder).iterdir():
        assert f"==> {file.name} <==\n{file.read_text()}" in text


def test_the_gallery_has_each_run_and_says_what_is_missing(site: Path) -> None:
    page = (site / "docs/gallery.html").read_text()
    assert '<a href="../gallery/prefork-right/report.html">' in page
    assert "check-2" in page
    assert "and 1 more" in page
    assert page.count("this run has no") == 1
    assert (site / "gallery/prefork-wrong/report.html").read_text() == site_build.REPORT


def test_a_site_without_a_gallery_says_so(tmp_path: Path) -> None:
    assert "make site" in gallery.listing(tmp_path)
    assert "There is no report here" in gallery.listing(tmp_path)


def test_what_is_wrong_in_a_document_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / "CHANGELOG.md").write_text("# Changes\n\n[nowhere](docs/nowhere.md)\n")
    command = [sys.executable, "-m", "sphinx", "-W", "-q", "-c", str(HERE / "docs/site")]
    done = subprocess.run(
        [*command, "-D", "include_patterns=CHANGELOG.md", "-D", "root_doc=CHANGELOG", ".", "out"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "docs/nowhere.md" in done.stderr


# links to what is no page


@pytest.fixture
def pages(tmp_path: Path) -> Sources:
    (tmp_path / "labs/x").mkdir(parents=True)
    (tmp_path / "labs/x/a.py").write_text("pass\n")
    (tmp_path / "labs/README.md").write_text("# Labs\n")
    return Sources(tmp_path, lambda name: name == "labs/README")


def test_a_link_to_a_file_becomes_one_to_its_text(pages: Sources) -> None:
    text = "[`a`](x/a.py), [it](README.md), ![p](x/a.py), [w](https://x.y/z), [h](#x), [no](x/b.py)"
    assert pages.linked("labs/README", text) == (
        '<a href="../sources/labs/x/a.py.txt">`a`</a>, [it](README.md), ![p](x/a.py), '
        "[w](https://x.y/z), [h](#x), [no](x/b.py)"
    )
    assert pages.wanted == {"labs/x/a.py"}


def test_what_stands_in_a_fence_is_no_link(pages: Sources) -> None:
    text = "```\n[a](labs/x/a.py)\n```\n[a](labs/x/a.py)\n"
    fenced, _, after = pages.linked("README", text).rpartition("```\n")
    assert fenced + "```\n" == "```\n[a](labs/x/a.py)\n```\n"
    assert after == '<a href="sources/labs/x/a.py.txt">a</a>\n'


# what a built site may not have


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ('<a href="b.html">b</a>', ""),
        ('<a href="b.html#there">b</a>', ""),
        ('<a href="#here" id="here">b</a>', ""),
        ('<a href="https://x.y/">b</a>', ""),
        ('<a href="mailto:x@y.z">b</a>', ""),
        ('<a href="c.html">b</a>', "c.html: there is no such file"),
        ('<img src="c.png">', "c.png: there is no such file"),
        ('<a href="b.html#nowhere">b</a>', "b.html#nowhere: there is no such anchor"),
        ('<a href=".">b</a>', ".: there is no such file"),
        ('<script src="https://x.y/z.js"></script>', "it would be loaded from elsewhere"),
        ('<link href="//x.y/z.css">', "//x.y/z.css: it would be loaded from elsewhere"),
    ],
)
def test_what_leads_nowhere_is_said(body: str, fault: str, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(f"<html>{body}</html>")
    (tmp_path / "b.html").write_text('<html><p id="there"></html>')
    found = list(check.faults(tmp_path))
    assert len(found) == (1 if fault else 0)
    assert all(one.startswith("a.html: ") and one.endswith(fault) for one in found)


def test_no_page_at_all_is_a_fault(tmp_path: Path) -> None:
    assert list(check.faults(tmp_path)) == [f"{tmp_path} has no page"]


# the gallery


def test_the_gallery_has_a_right_and_a_wrong_run_of_each_lab() -> None:
    shown = list(gallery.shown())
    assert [one.name for one in shown] == [
        f"{name}-{kind}"
        for name in sorted(labs.names(), key=lambda name: labs.read(name).order)
        for kind in ("right", "wrong")
    ]
    for one in shown:
        assert one.program is None or gallery.mistake(one.program), one.name


def test_the_gallery_ends_where_nothing_can_be_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def run(command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 3, "", "forklab: there is no engine\n")

    monkeypatch.setattr(subprocess, "run", run)
    said = list(gallery.make(set(), tmp_path))
    assert said == ["fork_echo-right: no report: forklab: there is no engine"]
    assert len(asked) == 1


def test_what_a_page_says_of_a_mutant_is_its_own_head() -> None:
    mutant = Path("labs/fork_echo/mutants/child_keeps_the_listener.py")
    clause = gallery.mistake(mutant)
    assert clause in " ".join((HERE / mutant).read_text().split())
    assert not clause.endswith(".")


# what the theme leaves out


def test_a_page_is_mended_once() -> None:
    page = "".join(accessible.INSTEAD)
    once = accessible.mended(page)
    assert once == "".join(accessible.INSTEAD.values())
    assert accessible.mended(once) == once


def test_the_theme_still_needs_what_is_mended(site: Path) -> None:
    """What is nowhere any more would be mended in vain."""
    text = "".join(path.read_text() for path in site.glob("*.html"))
    for instead in accessible.INSTEAD.values():
        assert instead in text
