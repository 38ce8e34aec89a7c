"""The main job as people do it: log in, look, edit, load leads, take the rejects back, stop everything."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from maxops.sandbox.server import Sandbox
from tests.installation import Installation
from tests.leadfiles import MAPPING_WORDS, register_mapping, write_planted

pytestmark = pytest.mark.browser

RUNNING, PAUSED = 1, 2


def log_in(page: Page, login: str) -> None:
    page.goto("/")
    page.get_by_label("Username").fill(login)
    page.get_by_label("Password").fill(f"{login}-demo")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", name="Board", exact=True)).to_be_visible()


def log_out(page: Page) -> None:
    page.locator("details.usermenu summary").click()
    page.get_by_role("button", name="Log out").click()


def rename_campaign(page: Page, old: str, new: str) -> None:
    page.get_by_role("link", name=old, exact=True).first.click()
    page.get_by_label("Name", exact=False).first.fill(new)
    page.get_by_role("button", name="Save to MaxContact").click()
    expect(page.get_by_text("Saved in MaxContact and here")).to_be_visible()


def load_leads(page: Page, path: Path) -> None:
    """Upload, look at the check, send every row, wait for the dialler's report."""
    page.get_by_role("link", name="Upload leads").first.click()
    page.get_by_label("CSV file").set_input_files(path)
    page.get_by_label("Mapping").select_option(label="Planted")
    page.get_by_role("button", name="Upload and check").click()
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
    page.get_by_role("button", name="Send all 1,000 rows").click()
    expect(page.get_by_text("Finished with rejects").first).to_be_visible()


def take_rejects(page: Page, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows with reasons").click()
    download.value.save_as(folder / "rejects.csv")
    with (folder / "rejects.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def pull_the_handle(page: Page) -> None:
    page.get_by_role("link", name="Global emergency").click()
    page.get_by_text("Wrong data dialled").click()
    page.get_by_role("button", name="Stop everything").click()
    expect(page.get_by_text("9 of 9 campaigns confirmed stopped")).to_be_visible()


def test_main_job_from_log_in_to_rejects_and_emergency(
    page: Page, installation: Installation, sandbox: Sandbox, tmp_path: Path
):
    register_mapping(sandbox, installation.json(*MAPPING_WORDS)["callback_url"])
    planted = write_planted(sandbox, tmp_path / "leads.csv")
    installation.start("web", "worker")
    installation.wait_until(lambda: installation.json("pull", "campaigns")["campaigns"]["read"] == 12, "a reading")

    log_in(page, "manager")
    rename_campaign(page, "Energy Switching", "Energy Switching North")
    assert sandbox.state.records["Campaign"][1]["CampaignName"] == "Energy Switching North"

    load_leads(page, planted.path)
    rejects = take_rejects(page, tmp_path)
    assert {int(row["maxops_line"]): row["maxops_reason"] for row in rejects} == planted.faults
    assert len(sandbox.state.uploads) == 1

    expect(page.get_by_role("link", name="Global emergency")).to_have_count(0)
    log_out(page)
    log_in(page, "emergency")
    pull_the_handle(page)
    statuses = [campaign["Status"] for campaign in sandbox.state.records["Campaign"].values()]
    assert RUNNING not in statuses
    assert sandbox.state.emergency_calls == ["enable"]
