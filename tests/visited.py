"""A page in a browser: what every page must hold, and how a person opens all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from forklab.pages import words

LANGUAGES = pytest.mark.parametrize("language", words.LANGUAGES)
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
PHONE, PAPER = 360, 720
Visit = Callable[..., Any]


def open_all(page: Any) -> None:
    """Unfold everything, as a person would who reads all of it."""
    folded = page.locator("details:not([open]) > summary")
    while folded.count():
        folded.first.click()


def demand_access(page: Any) -> None:
    """Demand that *page* keeps the rules of axe-core."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert found.response["testEngine"]["name"] == "axe-core"


def demand_alone(page: Any, path: object) -> None:
    """Demand that *page* asked for nothing but itself, the file at *path*, and said nothing."""
    assert [unquote(urlsplit(url).path) for url in page.requests] == [str(path)]
    assert page.said == []
