"""The remote control as two managers live it: a conflict, an act over many, a link, a dry run applied, the audit."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from maxops.sandbox.server import Sandbox
from tests.browser.test_main_job import log_in
from tests.installation import Installation

pytestmark = pytest.mark.browser

ENERGY, BROADBAND = "/admin/campaigns/campaign/1/change/", "/admin/campaigns/campaign/3/change/"


def fill(page: Page, **fields: str) -> None:
    for label, words in fields.items():
        page.get_by_label(label.replace("_", " "), exact=False).first.fill(words)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def settle_conflict(first: Page, second: Page, sandbox: Sandbox) -> None:
    """Both rename one campaign: the later one is asked, and nothing has left until she has chosen."""
    first.goto(ENERGY)
    second.goto(ENERGY)
    fill(second, Name="Energy UK", Description="Second was here")
    press(second, "Save to MaxContact")
    expect(second.get_by_text("Saved in MaxContact and here")).to_be_visible()
    sandbox.journal.clear()
    fill(first, Name="Energy North", Maximum_lines="12")
    press(first, "Save to MaxContact")
    asked = first.get_by_role("region", name="Whose value is to stand?")
    expect(asked.get_by_role("row").nth(1)).to_contain_text("Energy Switching")
    assert sandbox.journal.find("PUT") == []
    press(first, "Save to MaxContact")
    expect(first.get_by_text("Not saved yet: choose whose value is to stand")).to_be_visible()
    expect(first.get_by_label("Maximum lines")).to_have_value("12")
    asked.get_by_label("Send mine").check()
    press(first, "Save to MaxContact")
    expect(first.get_by_text("Saved in MaxContact and here")).to_be_visible()


def stop_twelve(page: Page, sandbox: Sandbox) -> None:
    """One is refused, the others are done; the refused one is tried again by itself."""
    sandbox.faults.add("PATCH .*campaigns/7/status", "success_false")
    page.goto("/admin/campaigns/campaign/")
    page.get_by_role("checkbox", name="Select all").check()
    page.get_by_label("Action:").select_option(label="Stop in MaxContact")
    press(page, "Go")
    expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
    press(page, "Stop 12 campaigns")
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    outcomes = page.get_by_role("navigation", name="Rows by outcome")
    expect(outcomes).to_contain_text("Done11")
    outcomes.get_by_role("link", name="Not done").click()
    expect(page.get_by_text("Forced by a fault rule")).to_be_visible()
    press(page, "Try the 1 not done again")
    page.get_by_role("button", name="Stop", exact=False).click()
    expect(page.get_by_role("navigation", name="Rows by outcome")).to_contain_text("Done1")


def link_list(page: Page, sandbox: Sandbox) -> None:
    """Refused, then taken: the answer stands in the panel the page opens at."""
    sandbox.faults.add("campaigns/3/lists", "success_false")
    page.goto(BROADBAND)
    lists = page.get_by_role("region", name="Lists")
    lists.get_by_label("List", exact=True).select_option(index=3)
    lists.get_by_role("button", name="Add").click()
    expect(lists.get_by_text("was not added to")).to_be_in_viewport()
    lists.get_by_role("button", name="Add").click()
    expect(lists.get_by_text("MaxContact does not report it")).to_be_visible()


def apply_dry_run(page: Page, sandbox: Sandbox) -> None:
    """What others changed is shown first, then written, and the list narrows to it."""
    sandbox.state.records["Team"][2]["TeamName"] = "Evenings, renamed in the Portal"
    page.goto("/sync/")
    page.get_by_role("button", name="Dry run of teams").click()
    expect(page.get_by_role("row", name="Evenings, renamed in the Portal")).to_contain_text("Energy Evenings")
    press(page, "Apply this difference")
    expect(page.get_by_text("Shown are only those touched by the reading")).to_be_visible()
    expect(page.get_by_role("link", name="Evenings, renamed in the Portal")).to_be_visible()


def test_two_managers_share_the_remote_control(visit: Callable[[], Page], installation: Installation, sandbox: Sandbox):
    installation.start("web", "worker")
    installation.json("pull")
    manager, administrator = visit(), visit()
    log_in(manager, "manager")
    log_in(administrator, "admin")

    settle_conflict(manager, administrator, sandbox)
    kept = sandbox.state.records["Campaign"][1]
    assert (kept["CampaignName"], kept["Description"], kept["MaxLines"]) == ("Energy North", "Second was here", 12)

    stop_twelve(manager, sandbox)
    assert {campaign["Status"] for campaign in sandbox.state.records["Campaign"].values()} == {0}

    manager.goto("/")
    manager.get_by_role("button", name="Start Broadband Retention").click()
    expect(manager.get_by_text("1 campaign started in MaxContact.")).to_be_visible()
    assert sandbox.state.records["Campaign"][3]["Status"] == 1

    link_list(manager, sandbox)
    apply_dry_run(manager, sandbox)

    administrator.goto("/audit/?outcome=refused")
    rows = administrator.get_by_role("table").locator("tbody tr")
    expect(rows).to_have_count(2)
    rows.nth(1).locator("summary").click()
    expect(rows.nth(1)).to_contain_text("Forced by a fault rule")
