"""Campaigns: the suite of every mirrored kind, then status, type and activity, which go by their own verbs."""

import pytest
from django.test import Client

from maxops.campaigns.models import Campaign
from maxops.mirror.models import Ledger
from maxops.mirror.pull import pull
from maxops.sandbox.server import Sandbox
from tests.mirror.browsing import Form, address
from tests.mirror.suite import Case, MirrorSuite, manager, mirrored, supervisor

__all__ = ["manager", "mirrored", "supervisor"]

PK = 1


class TestCampaign(MirrorSuite):
    case = Case(Campaign, "Campaign", "name", "CampaignName", unique="name", other_wire="Description")


@pytest.fixture
def page(mirrored: Sandbox, manager: Client) -> Form:
    return Form(manager, address(Campaign, "change", PK))


def remote(sandbox: Sandbox, pk: int = PK) -> dict:
    return sandbox.state.records["Campaign"][pk]


def act(client: Client, action: str, *pks: int) -> str:
    url = address(Campaign, "changelist")
    return Form(
        client, url, client.post(url, {"action": action, "_selected_action": pks}, follow=True).content.decode()
    ).messages


@pytest.mark.parametrize("answer", ["name", "number", "entity"])
def test_status_goes_by_its_own_verb_and_by_name(answer, mirrored, page):
    mirrored.state.style.change(verb_answer=answer)
    assert page.send(status="2").redirected
    assert remote(mirrored)["Status"] == 2
    assert mirrored.journal.find("PUT") == []
    assert mirrored.journal.find("PATCH")[0]["body"] == '{"CampaignStatus":"Paused"}'
    assert Campaign.objects.get(pk=PK).status == 2
    assert pull("campaigns").changed == 0


def test_put_goes_first_then_each_verb(mirrored, page):
    page.send(name="Renamed", status="0", type="2", active=None)
    sent = [entry for entry in mirrored.journal.find() if entry["method"] != "GET"]
    assert [(entry["method"], entry["path"].rsplit("/", 1)[1]) for entry in sent] == [
        ("PUT", "1"),
        ("PATCH", "activityStatus"),
        ("PATCH", "status"),
        ("PATCH", "type"),
    ]
    row = Campaign.objects.get(pk=PK)
    assert (row.name, row.status, row.type, row.active) == ("Renamed", 0, 2, False)
    assert Ledger.objects.filter(outcome="accepted").count() == 4


def test_later_step_that_fails_leaves_what_was_saved(mirrored, page):
    mirrored.faults.add("PATCH .*/status", "success_false", times=0)
    back = page.send(name="Renamed", status="0")
    assert not back.redirected
    assert "Saved in MaxContact and here: name. Not saved: status." in back.errors
    row = Campaign.objects.get(pk=PK)
    assert (row.name, row.status) == ("Renamed", 1)
    assert sorted(Ledger.objects.values_list("outcome", flat=True)) == ["accepted", "refused"]
    mirrored.faults.clear()
    assert back.send().redirected
    assert Campaign.objects.get(pk=PK).status == 0
    assert len(mirrored.journal.find("PUT")) == 1


@pytest.mark.parametrize("fault", ["drop_after", "truncate"])
def test_unanswered_verb_is_settled_by_reading(fault, mirrored, page):
    mirrored.faults.add("PATCH ", fault, times=0)
    name = Campaign.objects.get(pk=PK).name
    said = page.send(status="2").messages
    assert said.startswith(f"Saved in MaxContact and here: {name}")
    assert "it is saved" in said
    assert "not known" not in said
    assert Campaign.objects.get(pk=PK).status == 2


def test_change_somebody_else_made_as_well_needs_no_sending(mirrored, page):
    remote(mirrored)["CampaignName"] = "Same idea"
    assert page.send(name="Same idea").redirected
    assert mirrored.journal.find("PUT") == []
    assert Campaign.objects.get(pk=PK).name == "Same idea"


def test_decimals_blanks_and_unknown_rows_survive_an_untouched_save(mirrored, manager):
    remote(mirrored).update(
        TargetDropPercent=2.125, DefaultListId=999, Description="two\nlines ", CampaignName=" padded "
    )
    pull("campaigns")
    page = Form(manager, address(Campaign, "change", PK))
    assert (page.values["target_drop_percent"], page.values["default_list"]) == ("2.125", "999")
    assert "nothing was sent" in page.send().messages
    page.send(caller_id="020 7946 0123")
    after = remote(mirrored)
    assert (after["CampaignName"], after["Description"], after["DefaultListId"]) == (" padded ", "two\nlines ", 999)
    assert (after["TargetDropPercent"], after["CallerId"]) == (2.125, "020 7946 0123")


def test_code_the_documents_do_not_name_is_shown_and_kept(mirrored, manager, supervisor):
    remote(mirrored).update(ZipTone=42, Status=9)
    pull("campaigns")
    mirrored.state.strict_put = False
    assert "9 (not in the documents)" in manager.get(address(Campaign, "changelist")).content.decode()
    assert "42 (not in the documents)" in supervisor.get(address(Campaign, "change", PK)).content.decode()
    page = Form(manager, address(Campaign, "change", PK))
    assert (page.values["zip_tone"], page.values["status"]) == ("42", "9")
    assert "nothing was sent" in page.send().messages


def test_field_the_api_leaves_out_stays_unknown(mirrored, manager):
    for name in ("AutoRecord", "MaxLines", "Type"):
        del remote(mirrored)[name]
    pull("campaigns")
    row = Campaign.objects.get(pk=PK)
    assert (row.auto_record, row.max_lines, row.type) == (None, None, None)
    page = Form(manager, address(Campaign, "change", PK))
    assert page.values["auto_record"] == "unknown"
    assert "nothing was sent" in page.send().messages


def test_blank_number_is_refused_here_because_there_is_no_place_for_it(mirrored, page):
    assert "MaxContact knows no blank here" in page.send(max_lines="").errors
    assert mirrored.journal.entries == []


@pytest.mark.parametrize("hidden", [None, "forged"])
def test_page_without_its_hidden_field_is_judged_against_the_row(hidden, mirrored, page):
    remote(mirrored)["Description"] = "theirs"
    assert page.send(_opened=hidden, name="Renamed").redirected
    assert (remote(mirrored)["CampaignName"], remote(mirrored)["Description"]) == ("Renamed", "theirs")


@pytest.mark.parametrize(("action", "status"), [("start", 1), ("pause", 2), ("stop", 0)])
def test_actions_set_the_status_of_each(action, status, mirrored, manager):
    said = act(manager, action, 1, 2, 3)
    assert said.startswith("3 campaigns")
    assert {remote(mirrored, pk)["Status"] for pk in (1, 2, 3)} == {status}
    assert set(Campaign.objects.filter(pk__in=[1, 2, 3]).values_list("status", flat=True)) == {status}


def test_refused_row_gets_its_message_and_the_rest_goes_on(mirrored, manager):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    said = act(manager, "stop", 1, 2, 3)
    assert "2 campaigns stopped" in said
    assert f"{Campaign.objects.get(pk=2)}: not stopped." in said
    assert [remote(mirrored, pk)["Status"] for pk in (1, 2, 3)] == [0, 1, 0]


def test_dialler_away_ends_an_action_at_once(mirrored, manager, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    assert "The other 2 were not tried." in act(manager, "stop", 1, 2, 3)


def test_action_without_an_answer_says_so_once_and_ends(mirrored, manager):
    mirrored.faults.add("PATCH ", "drop_before", times=0)
    mirrored.faults.add("GET .*/campaigns/", "drop_before", times=0)
    said = act(manager, "pause", 1, 2, 3)
    name = Campaign.objects.filter(pk__in=[1, 2, 3]).first()
    assert said == f"{name}: no answer; not known whether it was paused. The other 2 were not tried."
    assert len({entry["path"] for entry in mirrored.journal.find("PATCH")}) == 1
    assert Ledger.objects.get().outcome == "unknown"


def test_action_that_was_looked_up_is_certain_and_the_rest_goes_on(mirrored, manager):
    mirrored.faults.add("PATCH .*/2/status", "drop_before", times=0)
    said = act(manager, "stop", 1, 2, 3)
    assert "not stopped." in said
    assert "nothing was saved" in said
    assert "not known" not in said
    assert "2 campaigns stopped in MaxContact." in said


def test_campaigns_that_ran_already_are_not_counted_as_started(mirrored, manager):
    for pk, status in ((1, 0), (2, 1), (3, 1)):
        remote(mirrored, pk)["Status"] = status
    pull("campaigns")
    assert act(manager, "start", 1, 2, 3) == "1 campaign started, 2 campaigns already running in MaxContact."


def test_list_page_carries_the_questions_of_wide_acts(mirrored, manager, supervisor):
    page = Form(manager, address(Campaign, "changelist"))
    (dialog,) = page.tree.find_class("ask")
    asked = {name: value for name, value in dialog.attrib.items() if name.startswith("data-ask-")}
    assert asked == {"data-ask-stop": "Stop", "data-ask-pause": "Pause", "data-ask-deactivate": "Set inactive"}
    assert (dialog.get("data-many"), dialog.get("data-total")) == ("campaigns", "12")


def test_status_is_spelt_one_way_for_people(mirrored, manager):
    remote(mirrored)["Status"] = 0
    pull("campaigns")
    text = manager.get(address(Campaign, "changelist")).content.decode()
    assert "Not running" in text
    assert "Not Running" not in text


def test_supervisor_is_offered_no_action(mirrored, supervisor):
    text = supervisor.get(address(Campaign, "changelist")).content.decode()
    assert "Stop in MaxContact" not in text
    act(supervisor, "stop", 1)
    assert mirrored.journal.entries == []
