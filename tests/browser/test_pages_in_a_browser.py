"""The pages as a person meets them: both schemes, both languages, a phone, a keyboard, paper."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from forklab.pages import words
from tests import class_samples
from tests.visited import (
    LANGUAGES,
    PAPER,
    PHONE,
    SCHEMES,
    Visit,
    demand_access,
    demand_alone,
    open_all,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
# the class, and of the submissions: one that passes, one that fails, one that is hostile, one
# that could not be looked at
PAGES = pytest.mark.parametrize("folder", ["", "kim-minji", "lee-junho", "hostile", "no-engine"])


@pytest.fixture
def written(tmp_path: Path, language: str) -> Path:
    """Give the folder of the small class, in *language*."""
    return class_samples.write(tmp_path, language).parent


@PAGES
@SCHEMES
@LANGUAGES
def test_the_rules_of_accessibility_are_kept(
    visit: Visit, written: Path, scheme: str, folder: str
) -> None:
    page = visit(written / folder / "index.html", color_scheme=scheme)
    open_all(page)
    demand_access(page)


@PAGES
@LANGUAGES
def test_a_page_asks_for_nothing_but_itself(visit: Visit, written: Path, folder: str) -> None:
    path = written / folder / "index.html"
    page = visit(path)

    demand_alone(page, path)


@pytest.mark.parametrize("language", ["en"])
def test_what_is_not_on_the_page_itself_would_be_refused(visit: Visit, written: Path) -> None:
    path = written / "index.html"
    (written / "x.css").write_text("body { display: none }")
    link = '<link rel="stylesheet" href="x.css"><script>document.title = "run"</script>'
    path.write_text(path.read_text().replace("</head>", f"{link}</head>"))

    page = visit(path)
    assert sum("Content Security Policy" in text for text in page.said) == 2
    assert page.title() != "run"


@PAGES
@LANGUAGES
def test_a_phone_never_scrolls_sideways(visit: Visit, written: Path, folder: str) -> None:
    page = visit(written / folder / "index.html", width=PHONE)
    open_all(page)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE


@PAGES
@LANGUAGES
def test_paper_holds_whole_lines(visit: Visit, written: Path, folder: str) -> None:
    page = visit(written / folder / "index.html", width=PAPER)
    page.emulate_media(media="print")

    assert page.evaluate("document.documentElement.scrollWidth") == PAPER
    for listing in page.locator("pre").all():
        assert listing.evaluate("one => one.scrollWidth <= one.clientWidth")


@LANGUAGES
def test_everything_works_without_scripts(
    visit: Visit, written: Path, tmp_path: Path, language: str
) -> None:
    page = visit(written / "index.html", java_script_enabled=False)

    table = page.get_by_role("table", name=words.say(language, "submissions"))
    assert table.get_by_role("row").count() == 1 + len(class_samples.small_class())
    chart = page.locator("table.small")
    assert not chart.is_visible()
    page.get_by_text(words.say(language, "as_table")).click()
    assert chart.is_visible()
    table.get_by_role("link", name="lee-junho").click()
    assert page.get_by_role("heading", level=1).inner_text() == "lee-junho"
    page.get_by_role("link", name=words.say(language, "back")).click()
    assert page.url == f"file://{tmp_path}/index.html"


@LANGUAGES
def test_every_link_of_the_class_leads_to_a_file(visit: Visit, written: Path) -> None:
    page = visit(written / "index.html")

    links = page.locator("a").evaluate_all("all => all.map(one => one.href)")
    assert len(links) > 10
    for link in links:
        assert link.startswith("file://")
        assert Path(unquote(urlsplit(link).path)).is_file(), link


@LANGUAGES
def test_the_keyboard_reaches_the_content_the_folds_and_what_scrolls(
    visit: Visit, written: Path
) -> None:
    page = visit(written / "index.html")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#content")
    fold = page.locator("summary").first
    fold.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None

    # the page's own policy forbids what waits for a condition in it
    page = visit(written / "lee-junho/index.html", width=PHONE, bypass_csp=True)
    listing = page.locator("pre").first
    listing.focus()
    assert listing.evaluate("one => one === document.activeElement")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 0")


@LANGUAGES
def test_the_link_of_a_failure_leads_to_its_evidence(visit: Visit, written: Path) -> None:
    page = visit(written / "index.html")
    page.locator("ol.checks a", has_text="lee-junho").first.click()

    assert page.locator(":target").get_attribute("id").startswith("check-")
    assert page.locator(":target pre").first.is_visible()


@pytest.mark.parametrize("language", ["en"])
def test_a_row_of_a_phone_is_still_a_row_of_a_table(visit: Visit, written: Path) -> None:
    page = visit(written / "index.html", width=PHONE)

    row = page.get_by_role("row").filter(has_text="kim-minji")
    assert row.get_by_role("rowheader").inner_text() == "kim-minji"
    assert row.get_by_role("cell").count() == 4
