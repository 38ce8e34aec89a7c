"""A real Chromium, without a screen; a page complains in the test when the page complains in the browser."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

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
def page(browser: Browser, installation) -> Iterator[Page]:
    """A fresh visitor; a script error or a breach of the content security policy fails the test."""
    context = browser.new_context(base_url=installation.url, accept_downloads=True, locale="en-GB")
    complaints: list[str] = []
    visitor = context.new_page()
    visitor.set_default_timeout(15_000)
    visitor.on("pageerror", lambda error: complaints.append(str(error)))
    visitor.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield visitor
    context.close()
    assert complaints == []
