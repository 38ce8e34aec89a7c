"""Campaigns: the suite of every mirrored kind, then status, type and activity, which go by their own verbs."""

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from maxops.campaigns.models import Campaign
from maxops.mirror.models import BulkAct, Ledger
from maxops.mirror.pull import pull
from maxops.sandbox.server import Sandbox
from tests.mirror.browsing import Bulk, Form, address
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


def act(client: Client, action: str, *pks: int) -> Bulk:
    return Bulk(client, Campaign, action, *pks)


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


def test_page_without_its_hidden_field_is_judged_against_the_row(mirrored, page):
    remote(mirrored)["Description"] = "theirs"
    assert page.send(_opened=None, name="Renamed").redirected
    assert (remote(mirrored)["CampaignName"], remote(mirrored)["Description"]) == ("Renamed", "theirs")


@pytest.mark.parametrize("hidden", ["forged", "of another record"])
def test_page_that_cannot_tell_what_it_showed_sends_nothing_until_opened_anew(hidden, mirrored, manager, page):
    """Judged against the row as it is now, all that others changed since would seem to be changed back by us."""
    remote(mirrored)["Description"] = "theirs"
    pull("campaigns")
    mirrored.journal.clear()
    token = Form(manager, address(Campaign, "change", 2)).values["_opened"] if hidden != "forged" else hidden
    again = page.send(_opened=token, name="Renamed")
    for answer in (again, again.send()):
        assert "Open the record again" in answer.text
        assert answer.values["name"] == "Renamed"
    assert mirrored.journal.entries == []


@pytest.mark.parametrize(("action", "status"), [("pause", 2), ("stop", 0), ("flush", 3)])
def test_wide_action_says_what_it_touches_and_waits_for_the_word(action, status, mirrored, manager):
    before = [remote(mirrored, pk)["Status"] for pk in (1, 2, 3)]
    asked = act(manager, action, 1, 2, 3)
    assert f"{action.capitalize()} 3 campaigns in MaxContact?" in asked.text
    assert f"Now: {before.count(1)} running" in asked.text
    assert "Nothing has been sent yet" in asked.text
    assert mirrored.journal.entries == []
    done = asked.do("confirm")
    assert {outcome for outcome, _ in done.lines.values()} == {"Done"}
    assert {remote(mirrored, pk)["Status"] for pk in (1, 2, 3)} == {status}
    assert set(Campaign.objects.filter(pk__in=[1, 2, 3]).values_list("status", flat=True)) == {status}


def test_start_needs_no_question(mirrored, manager):
    for pk, status in ((1, 0), (2, 1), (3, 1)):
        remote(mirrored, pk)["Status"] = status
    pull("campaigns")
    said = act(manager, "start", 1, 2, 3).page.messages
    assert said == "1 campaign started, 2 campaigns already running in MaxContact."


def test_refused_row_of_an_action_at_once_gets_its_message(mirrored, manager):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    said = act(manager, "start", 1, 2, 3).page.messages
    assert f"{Campaign.objects.get(pk=2)}: not started." in said
    assert "2 campaigns" in said


def test_refused_row_has_its_line_and_the_rest_goes_on(mirrored, manager):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    done = act(manager, "stop", 1, 2, 3).do("confirm")
    assert [remote(mirrored, pk)["Status"] for pk in (1, 2, 3)] == [0, 1, 0]
    outcome, words = done.lines[str(Campaign.objects.get(pk=2))]
    assert (outcome, words[:12]) == ("Not done", "not stopped.")
    assert len(done.look("?outcome=refused").lines) == 1
    assert len(done.look("?outcome=done").lines) == 2


def test_rows_not_done_are_tried_again(mirrored, manager):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    done = act(manager, "stop", 1, 2, 3).do("confirm")
    assert "Try the 1 not done again" in done.text
    mirrored.faults.clear()
    mirrored.journal.clear()
    again = done.do("again")
    assert f"Stop {Campaign.objects.get(pk=2)} in MaxContact?" in again.text
    again.do("confirm")
    assert [entry["path"][-9:] for entry in mirrored.journal.find("PATCH")] == ["/2/status"]
    assert remote(mirrored, 2)["Status"] == 0


def test_dialler_away_ends_a_bulk_act_at_once(mirrored, manager, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    done = act(manager, "stop", 1, 2, 3).do("confirm")
    assert "Stopped before its end." in done.text
    assert [outcome for outcome, _ in done.lines.values()].count("Not tried") == 2


def test_cancelled_and_confirmed_twice_send_nothing_more(mirrored, manager):
    asked = act(manager, "stop", 1, 2)
    asked.client.post(asked.url, {"do": "cancel"})
    asked.do("confirm")
    assert mirrored.journal.entries == []
    asked = act(manager, "stop", 1, 2)
    asked.do("confirm")
    asked.do("confirm")
    assert len(mirrored.journal.find("PATCH")) == 2


def test_all_of_a_long_list_at_once(mirrored, manager, django_capture_on_commit_callbacks):
    mirrored.state.records["Campaign"].update(
        {pk: {**remote(mirrored), "Id": pk, "CampaignName": f"Campaign {pk}", "Status": 1} for pk in range(1000, 1060)}
    )
    pull("campaigns")
    asked = Bulk(manager, Campaign, "pause", 1, select_across="1")
    assert "Pause 72 campaigns in MaxContact?" in asked.text
    with django_capture_on_commit_callbacks() as queued:
        moving = asked.do("confirm")
    assert "0 of 72 tried. You can close this page; it goes on." in moving.text
    assert moving.page.tree.xpath("//*[@id='bulk']/@hx-trigger") == ["every 2s"]
    for work in queued:
        work()
    assert "Finished" in asked.look().text
    assert asked.page.tree.xpath("//*[@id='bulk']/@hx-trigger") == []
    assert len(asked.look("?page=2").lines) == 22
    assert {row["Status"] for row in mirrored.state.records["Campaign"].values()} == {2}


def test_type_is_asked_for_by_name(mirrored, manager):
    asked = act(manager, "set_type", 1, 2)
    assert "Dialling type" in asked.text
    assert "Choose the dialling type." in asked.do("confirm").page.errors
    assert mirrored.journal.entries == []
    asked.do("confirm", type="2")
    assert {remote(mirrored, pk)["Type"] for pk in (1, 2)} == {2}


def test_record_of_a_long_kind_is_looked_up_instead_of_listed(mirrored, manager):
    mirrored.state.records["List"].update(
        {pk: {**mirrored.state.records["List"][1], "Id": pk, "ListName": f"List {pk}"} for pk in range(1000, 1300)}
    )
    pull("lists")
    asked = act(manager, "add_list", 1, 2)
    assert "vForeignKeyRawIdAdminField" in asked.page.text
    assert mirrored.journal.find("PUT") == []
    done = asked.do("confirm", list="1234")
    assert [entry["body"] for entry in mirrored.journal.find("PUT")] == ['{"ListId":1234}'] * 2
    assert "List: List 1234 (1234)" in done.text


def test_list_of_bulk_acts_counts_in_few_queries(mirrored, manager, django_assert_max_num_queries):
    for _ in range(4):
        act(manager, "stop", 1, 2)
    with django_assert_max_num_queries(9):
        listed = manager.get(address(Campaign, "bulks")).content.decode()
    assert listed.count("2 not tried") == 4


def test_permission_taken_away_bites_at_the_confirmation(mirrored, manager):
    asked = act(manager, "stop", 1, 2)
    manager_account = get_user_model().objects.get(username="m.naidu")
    manager_account.user_permissions.remove(*Permission.objects.filter(codename="change_campaign"))
    assert manager.post(asked.url, {"do": "confirm"}).status_code == 403
    assert mirrored.journal.entries == []


def test_bulk_acts_are_found_again_from_the_list(mirrored, manager, supervisor):
    asked = act(manager, "stop", 1, 2)
    where = address(Campaign, "bulks")
    assert where in manager.get(address(Campaign, "changelist")).content.decode()
    listed = Form(manager, where)
    assert asked.url in listed.text
    assert "Stop 2 campaigns" in listed.text
    assert supervisor.get(asked.url).status_code == 200
    assert supervisor.post(asked.url, {"do": "confirm"}).status_code == 403
    elsewhere = asked.url.replace("campaigns/campaign", "lists/leadlist")
    assert manager.get(elsewhere).status_code == 404


def test_one_campaign_is_started_from_its_own_page(mirrored, manager, supervisor):
    remote(mirrored)["Status"] = 0
    pull("campaigns")
    url = address(Campaign, "act", PK)
    said = Form(manager, url, manager.post(url, {"offer": "start"}, follow=True).content.decode()).messages
    assert said == "1 campaign started in MaxContact."
    assert remote(mirrored)["Status"] == 1
    assert manager.post(url, {"offer": "stop"}).url == address(Campaign, "bulk", BulkAct.objects.latest("pk").pk)
    assert remote(mirrored)["Status"] == 1
    assert manager.post(url, {"offer": "explode"}).status_code == 404
    assert manager.get(url).status_code == 405
    assert supervisor.post(url, {"offer": "start"}).status_code == 403


def test_status_is_spelt_one_way_for_people(mirrored, manager):
    remote(mirrored)["Status"] = 0
    pull("campaigns")
    text = manager.get(address(Campaign, "changelist")).content.decode()
    assert "Not running" in text
    assert "Not Running" not in text


def test_supervisor_is_offered_no_action(mirrored, supervisor):
    text = supervisor.get(address(Campaign, "changelist")).content.decode()
    assert "Stop in MaxContact" not in text
    act(supervisor, "start", 1)
    assert mirrored.journal.entries == []
