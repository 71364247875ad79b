"""The report of a run as a person meets it: both schemes and languages, a phone, keys, paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from forklab.pages import run_page
from forklab.reports import folder
from tests import run_samples
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
PAGES = pytest.mark.parametrize("name", ["right", "wrong", "killed", "hostile", "broken_run"])


@pytest.fixture
def written(tmp_path: Path, language: str, name: str) -> Path:
    """Give the report *name* in *language*, with what is beside it."""
    for beside in (*folder.FILES, folder.LOG):
        (tmp_path / beside).write_text("{}\n")
    path = tmp_path / "report.html"
    path.write_text(run_page.render(run_samples.ALL[name](), language))
    return path


@PAGES
@SCHEMES
@LANGUAGES
def test_the_rules_of_accessibility_are_kept(visit: Visit, written: Path, scheme: str) -> None:
    page = visit(written, color_scheme=scheme)
    open_all(page)
    demand_access(page)


@PAGES
@LANGUAGES
def test_it_asks_for_nothing_but_itself(visit: Visit, written: Path) -> None:
    page = visit(written)

    demand_alone(page, written)


@PAGES
@LANGUAGES
def test_a_phone_never_scrolls_sideways_but_the_pictures_do(visit: Visit, written: Path) -> None:
    page = visit(written, width=PHONE)
    open_all(page)

    assert page.evaluate("document.documentElement.scrollWidth") == PHONE
    for box in page.locator(".figure .scroll").all():
        assert box.get_attribute("tabindex") == "0"
        assert box.evaluate("one => one.scrollWidth >= one.clientWidth")


@PAGES
@LANGUAGES
def test_paper_holds_whole_pictures(visit: Visit, written: Path) -> None:
    page = visit(written, width=PAPER)
    page.emulate_media(media="print")

    assert page.evaluate("document.documentElement.scrollWidth") == PAPER
    for box in page.locator(".figure .scroll").all():
        assert box.evaluate("one => one.scrollWidth <= one.clientWidth + 1")


@pytest.mark.parametrize("name", ["killed"])
@LANGUAGES
def test_a_mark_leads_to_its_row_and_back_without_scripts(visit: Visit, written: Path) -> None:
    page = visit(written, java_script_enabled=False)
    mark = page.locator("a.mark").nth(11)

    mark.focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#e1-12")
    row = page.locator("tr:target")
    assert "SIGKILL" in row.inner_text()
    assert row.is_visible()
    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    assert page.url.endswith("#m1-12")
    assert page.locator("a.mark:target").count() == 1


@pytest.mark.parametrize(("name", "language"), [("killed", "en")])
def test_the_keyboard_comes_to_every_mark_in_their_order(visit: Visit, written: Path) -> None:
    page = visit(written)
    page.locator(".figure .scroll").first.focus()

    for number in range(1, 16):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"m1-{number}"
    page.keyboard.press("Enter")
    assert page.locator("tr:target").get_attribute("id") == "e1-15"


@pytest.mark.parametrize(("name", "language"), [("wrong", "en")])
def test_names_stay_while_a_picture_scrolls(visit: Visit, written: Path) -> None:
    page = visit(written, width=PHONE, bypass_csp=True)
    box = page.locator(".figure .scroll").first
    before = box.locator(".sides").bounding_box()

    box.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.scrollLeft > 20")
    assert box.locator(".sides").bounding_box()["x"] == before["x"]


@pytest.mark.parametrize(("name", "language"), [("wrong", "en")])
def test_colours_that_a_person_forces_leave_the_signs(visit: Visit, written: Path) -> None:
    page = visit(written, forced_colors="active")

    ring, ground = (
        page.locator("a.mark circle").first.evaluate(f"one => getComputedStyle(one).{what}")
        for what in ("stroke", "fill")
    )
    assert ring != ground


@pytest.mark.parametrize(("name", "language"), [("wrong", "en")])
def test_nothing_moves_where_a_person_wants_no_motion(visit: Visit, written: Path) -> None:
    how = "getComputedStyle(document.documentElement).scrollBehavior"

    assert visit(written, reduced_motion="reduce").evaluate(how) == "auto"
    assert visit(written, reduced_motion="no-preference").evaluate(how) == "smooth"
