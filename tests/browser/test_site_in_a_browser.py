"""The site as a person meets it: both schemes, a phone, and without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import site_build
from tests.visited import PHONE, Visit, demand_access

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
PAGES = pytest.mark.parametrize(
    "name", ["README", "docs/reading-a-failure", "docs/gallery", "labs/prefork/README"]
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a site that was made now."""
    return site_build.build_with_stand_in(tmp_path_factory.mktemp("made"))


@PAGES
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE, 1280])
def test_the_rules_of_accessibility_are_kept(
    visit: Visit, site: Path, name: str, scheme: str, width: int
) -> None:
    demand_access(visit(site / f"{name}.html", width, color_scheme=scheme))


@PAGES
def test_a_page_asks_nobody_else(visit: Visit, site: Path, name: str) -> None:
    page = visit(site / f"{name}.html")

    assert len(page.requests) > 1
    assert [url for url in page.requests if not url.startswith((f"file://{site}", "data:"))] == []
    assert page.said == []


@PAGES
def test_a_phone_scrolls_down_only(visit: Visit, site: Path, name: str) -> None:
    page = visit(site / f"{name}.html", PHONE)

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE


@PAGES
def test_the_text_is_there_without_scripts(visit: Visit, site: Path, name: str) -> None:
    page = visit(site / f"{name}.html", java_script_enabled=False)

    assert page.locator("h1").first.is_visible()
    assert page.locator("article p").first.is_visible()
