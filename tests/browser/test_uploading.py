"""A large file on its way up in a real browser: a network that goes away, a tab that is closed, a kind refused."""

import hashlib
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.test_main_job import log_in
from tests.installation import Installation
from tests.leadfiles import MAPPING_WORDS

pytestmark = pytest.mark.browser

SLOW = 8_000_000  # bytes a second: slow enough for a test to come in between
ROW = b"07700900%03d,R-%07d,Lead number %07d\n"
HEADER = b"phone,reference,name\n"
SHOWN = '[data-part="transfer"]'


def write_leads(path: Path, megabytes: int) -> Path:
    row_bytes = len(ROW % (0, 0, 0))
    rows = (ROW % (number % 1000, number, number) for number in range(megabytes * 1_000_000 // row_bytes))
    path.write_bytes(HEADER + b"".join(rows))
    return path


@pytest.fixture
def large(tmp_path: Path) -> Path:
    return write_leads(tmp_path / "May leads.csv", 30)


@pytest.fixture
def medium(tmp_path: Path) -> Path:
    return write_leads(tmp_path / "May leads.csv", 12)


@pytest.fixture
def context(browser: Browser, installation: Installation):
    """Not the watched visitors of other tests: a browser that loses its network complains in its console."""
    installation.json(*MAPPING_WORDS)
    installation.start("web", "worker")
    context = browser.new_context(base_url=installation.url, locale="en-GB")
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    page = context.new_page()
    page.set_default_timeout(30_000)
    page.on("dialog", lambda dialog: dialog.accept())
    log_in(page, "manager")
    page.goto("/imports/new/")
    return page


def line_of(context: BrowserContext, page: Page) -> Callable[[int], None]:
    """Sets how many bytes a second go up from now on, 0 for a network that is gone; the other connections too."""
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")

    def set_line(rate: int) -> None:
        speed = {"downloadThroughput": rate, "uploadThroughput": rate}
        devtools.send("Network.emulateNetworkConditions", {"offline": not rate, "latency": 0, **speed})

    return set_line


def start_upload(page: Page, path: Path) -> None:
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_label("Mapping").select_option(label="Planted")
    page.get_by_role("button", name="Upload and check").click()


def wait_for_megabytes(page: Page, least: int) -> None:
    page.wait_for_function(
        "least => parseInt(document.querySelector('[data-part=here]').textContent) >= least", arg=least
    )


def assert_whole(installation: Installation, page: Page, path: Path) -> None:
    """On the page of the run, which has every byte."""
    page.wait_for_url("**/imports/*/")
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible(timeout=60_000)
    run = installation.json("run", page.url.rstrip("/").rpartition("/")[2])
    assert run["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert run["rows"] == path.read_bytes().count(b"\n") - 1
    assert list((installation.folder / "runs" / "incoming").iterdir()) == []


def test_a_lost_network_stops_nothing_for_long(context, page, installation, large):
    set_line = line_of(context, page)
    set_line(SLOW)
    start_upload(page, large)
    wait_for_megabytes(page, 3)
    expect(page.locator(SHOWN)).to_contain_text("of 30 MB")
    set_line(0)
    expect(page.get_by_text("Connection lost. What has arrived stays.")).to_be_visible()
    set_line(SLOW)
    assert_whole(installation, page, large)


def test_a_closed_tab_goes_on_where_it_stopped(context, page, installation, medium):
    line_of(context, page)(SLOW)
    start_upload(page, medium)
    wait_for_megabytes(page, 3)
    page.close()
    again = context.new_page()
    again.goto("/imports/new/")
    expect(again.get_by_role("heading", name="Begun and not finished")).to_be_visible()
    again.get_by_label("CSV file").set_input_files(medium)
    expect(again.get_by_text("are here already. It goes on from there.")).to_be_visible()
    pieces: list[int] = []
    again.on("request", lambda asked: pieces.append(int(asked.url.partition("?from=")[2] or 0)))
    start_upload(again, medium)
    assert_whole(installation, again, medium)
    assert min(start for start in pieces if start) >= 3_000_000


def test_a_web_server_that_dies_meanwhile_is_waited_for(context, page, installation, medium):
    line_of(context, page)(SLOW)
    start_upload(page, medium)
    wait_for_megabytes(page, 3)
    web = installation.processes.pop(0)
    os.killpg(web.pid, signal.SIGKILL)
    web.wait()
    expect(page.locator(SHOWN)).to_have_attribute("data-state", "lost")
    installation.start("web")
    assert_whole(installation, page, medium)


def test_a_cancelled_upload_leaves_nothing(context, page, installation, medium):
    line_of(context, page)(SLOW)
    start_upload(page, medium)
    wait_for_megabytes(page, 1)
    page.get_by_role("button", name="Cancel the upload").click()
    expect(page.get_by_text("Cancelled. Nothing of the file was kept.")).to_be_visible()
    expect(page.get_by_role("button", name="Upload and check")).to_be_visible()
    assert list((installation.folder / "runs" / "incoming").iterdir()) == []


def test_a_workbook_is_told_at_once_and_a_dropped_file_is_taken(page, installation, tmp_path):
    workbook = tmp_path / "leads.xlsx"
    workbook.write_bytes(b"PK\x03\x04" + b"\0" * 400_000)
    start_upload(page, workbook)
    expect(page.get_by_role("alert").filter(has_text="CSV UTF-8 (Comma delimited)")).to_be_visible()
    page.evaluate(
        """() => {
            const files = new DataTransfer();
            files.items.add(new File(["phone,reference,name\\n07700900001,1,Lead\\n"], "dropped.csv"));
            for (const kind of ["dragover", "drop"]) {
                const event = new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true });
                document.body.dispatchEvent(event);
            }
        }"""
    )
    expect(page.get_by_text("dropped.csv, 1 kB")).to_be_visible()
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_role("heading", name="dropped.csv")).to_be_visible()


def test_without_scripts_the_form_takes_the_file(browser, context, installation, tmp_path):
    path = tmp_path / "plain.csv"
    path.write_text("phone,reference,name\n07700900001,1,Lead\n", "utf-8")
    plain = browser.new_context(base_url=installation.url, java_script_enabled=False)
    page = plain.new_page()
    log_in(page, "manager")
    page.goto("/imports/new/")
    expect(page.get_by_text("Drop the file")).to_be_hidden()
    start_upload(page, path)
    expect(page.get_by_role("heading", name="plain.csv")).to_be_visible()
    plain.close()
