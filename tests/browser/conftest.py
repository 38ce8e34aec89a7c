"""A real Chromium, without a screen; a page complains in the test when the page complains in the browser."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("No Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser, installation) -> Iterator[Callable[[], Page]]:
    """Makes fresh visitors; a script error or a breach of the content security policy fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def come() -> Page:
        context = browser.new_context(base_url=installation.url, accept_downloads=True, locale="en-GB")
        contexts.append(context)
        visitor = context.new_page()
        visitor.set_default_timeout(15_000)
        visitor.on("pageerror", lambda error: complaints.append(str(error)))
        visitor.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        return visitor

    yield come
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def page(visit: Callable[[], Page]) -> Page:
    return visit()
