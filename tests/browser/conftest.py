"""A browser for all tests: Debian's Chromium, without a network, driven by playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from forklab.sandbox import host

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",  # root has none; the pages are our own
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Return the path of a Chromium; it is installed where that is allowed, else tests skip."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    here = host.this_host()
    why_not = host.why_not_install(here, os.environ)
    if not why_not and host.as_root(here) is None:
        why_not = "installing needs root"
    if why_not:
        pytest.skip(f"there is no Chromium: {why_not}")
    host.install(["chromium"])
    return shutil.which("chromium") or pytest.fail("chromium is installed and not on the path")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Give a running browser, closed at the end."""
    playwright = pytest.importorskip("playwright.sync_api", reason="tox run -e browser has it")
    path = chromium()
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Any]]:
    """Give a function that opens a file in a new window, of these settings, and returns its page.

    `page.requests` are the addresses that it asked for, `page.said` what it said on its console.
    """
    contexts = []

    def opened(path: object, width: int = 1280, **settings: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.requests, page.said = [], []
        page.on("request", lambda request: page.requests.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(f"file://{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
