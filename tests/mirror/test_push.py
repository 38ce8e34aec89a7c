"""Writes sent out by code: verbs, links, the ledger, and our own database failing after the dialler said yes."""

from contextlib import suppress

import pytest
from django.db import DatabaseError, connection

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Difference, Ledger
from maxops.mirror.pull import pull
from maxops.remote.errors import MaxopsConfigError, Refused, RemoteError, Unanswered
from maxops.teams.models import Team
from maxops.users.models import User
from tests.mirror.browsing import Form, address

AUTHOR = Author("m.naidu", "admin", "192.0.2.7")


@pytest.fixture
def campaign(mirrored) -> Campaign:
    return Campaign.objects.get(pk=1)


def test_unanswered_activity_of_a_list_stays_unknown(mirrored):
    mirrored.faults.add("PUT .*/activitystatus", "drop_after", times=0)
    with pytest.raises(Unanswered):
        push.perform(LeadList.objects.get(pk=1), "set_active", False, AUTHOR)
    last = LeadList.objects.get(pk=1).last_set("active")
    assert (last.value, last.is_certain) == (0, False)
    assert "no answer" in last.set_words


def test_verb_is_kept_even_if_the_look_afterwards_fails(mirrored, campaign):
    mirrored.faults.add("GET .*/campaigns/1$", "html", times=0)
    assert push.perform(campaign, "set_status", 2, AUTHOR).status == 2
    assert Campaign.objects.get(pk=1).status == 2
    mirrored.faults.clear()
    mirrored.state.records["Campaign"][1]["Description"] = "Theirs"
    assert pull("campaigns").changed == 1  # the whole row once more, since only a part of it was known
    row = Campaign.objects.get(pk=1)
    assert (row.status, row.description) == (2, "Theirs")


def test_unanswered_and_unreadable_is_unknown(mirrored, campaign):
    mirrored.faults.add("PUT ", "drop_after", times=0)
    mirrored.faults.add("GET ", "drop_before", times=0, skip=1)
    with pytest.raises(Unanswered, match="not known") as doubt:
        push.update(campaign, {"name": "Renamed"}, {}, AUTHOR)
    assert doubt.value.taken == "unknown"
    assert Ledger.objects.get().outcome == "unknown"
    assert Campaign.objects.get(pk=1).name != "Renamed"


def test_nothing_is_sent_when_the_record_cannot_be_read_first(mirrored, campaign):
    mirrored.faults.add("GET ", "html", times=0)
    with pytest.raises(RemoteError) as refusal:
        push.update(campaign, {"name": "Renamed"}, {}, AUTHOR)
    assert refusal.value.message.startswith("MaxContact could not be read, so your change was not sent.")
    assert refusal.value.taken == "no"
    assert "not known" not in refusal.value.message
    assert mirrored.journal.find("PUT") == []
    assert not Ledger.objects.exists()


def test_entry_is_there_before_the_first_byte(mirrored, campaign, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    with pytest.raises(RemoteError):
        push.perform(campaign, "set_status", 2, AUTHOR)
    assert Ledger.objects.get().outcome == "refused"


def test_somebody_elses_new_record_of_the_same_name_is_not_taken_for_ours(mirrored):
    mirrored.state.insert("Team", {**mirrored.state.records["Team"][1], "Id": 0, "TeamName": "New team"})
    mirrored.faults.add("POST ", "drop_before", times=0)
    with pytest.raises(RemoteError, match="perhaps not yours"):
        push.create(Team, {"name": "New team", "service_time": 4711}, AUTHOR)
    assert Ledger.objects.get().outcome == "unknown"


class HalfDeaf(dict):
    """A record of the stand-in that takes a new name and no other change."""

    def update(self, values):
        super().update({**values, "Description": "as it was"})


def test_partly_taken_is_named_and_the_row_shows_what_is_there(mirrored, campaign):
    record = mirrored.state.records["Campaign"][1]
    mirrored.state.records["Campaign"][1] = HalfDeaf(record)
    mirrored.faults.add("PUT ", "drop_after", times=0)
    with pytest.raises(RemoteError, match="a part is saved"):
        push.update(campaign, {"name": "Renamed", "description": "New words"}, {}, AUTHOR)
    assert Ledger.objects.get().outcome == "partly"
    row = Campaign.objects.get(pk=1)
    assert (row.name, row.description) == ("Renamed", "as it was")


def test_value_kept_otherwise_is_told(mirrored, manager):
    mirrored.state.records["Campaign"][1] = HalfDeaf(mirrored.state.records["Campaign"][1])
    back = Form(manager, address(Campaign, "change", 1)).send(name="Renamed", description="New words")
    assert "MaxContact kept description as as it was." in back.messages
    assert back.values["description"].strip() == "as it was"


def test_answer_to_create_with_less_than_all_is_read_whole(mirrored):
    row = push.create(Team, {"name": "New team", "hours_per_working_day": "7.5", "service_time": None}, AUTHOR)
    assert (row.service_time, float(row.hours_per_working_day)) == (0, 7.5)


class Broken:
    """A database that refuses to write one table."""

    def __init__(self, table: str, verb: str = "INSERT") -> None:
        self.table = table
        self.verb = verb

    def __call__(self, execute, sql, params, many, context):
        if sql.startswith(self.verb) and f'"{self.table}"' in sql:
            raise DatabaseError("database is locked")
        return execute(sql, params, many, context)


@pytest.mark.django_db(transaction=True)
def test_ledger_that_cannot_be_settled_stops_nobody(mirrored, caplog):
    with connection.execute_wrapper(Broken("mirror_ledger", "UPDATE")):
        push.perform(Campaign.objects.get(pk=1), "set_status", 2, AUTHOR)
    assert Campaign.objects.get(pk=1).status == 2
    assert Ledger.objects.get().outcome == "unknown"
    assert "was accepted, but the ledger could not be written" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_action_taken_but_not_kept_says_both(mirrored, manager):
    mirrored.state.records["Campaign"][1]["Status"] = 0
    with connection.execute_wrapper(Broken("campaigns_campaign")):
        url = address(Campaign, "changelist")
        answer = manager.post(url, {"action": "start", "_selected_action": [1]}, follow=True)
    assert mirrored.state.records["Campaign"][1]["Status"] == 1
    assert "maxops could not write it down" in answer.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["campaigns_campaign", "django_admin_log"])
def test_own_database_failing_after_the_yes_is_no_refusal(table, mirrored, manager):
    page = Form(manager, address(Campaign, "change", 1))
    with connection.execute_wrapper(Broken(table)):
        back = page.send(name="Renamed")
    assert mirrored.state.records["Campaign"][1]["CampaignName"] == "Renamed"
    assert "Saved in MaxContact; maxops could not write it down" in back.messages
    assert Ledger.objects.get().outcome == "accepted"


def test_name_of_a_record_that_is_gone_is_free(mirrored):
    gone = Team.objects.last()
    del mirrored.state.records["Team"][gone.pk]
    pull("teams")
    assert push.create(Team, {"name": gone.name}, AUTHOR).pk != gone.pk


def test_what_others_changed_in_other_fields_is_noted_and_ours_is_not(mirrored, campaign):
    mirrored.state.records["Campaign"][1]["Description"] = "Theirs"
    push.update(campaign, {"name": "Renamed"}, {}, AUTHOR)
    found = Difference.objects.get()
    assert (found.fields, found.source, found.taken) == (
        {"description": [campaign.description, "Theirs"]},
        "save",
        True,
    )


def test_wrong_setup_leaves_no_entry_of_something_sent(mirrored, campaign, settings):
    settings.MAXCONTACT_URL = ""
    with pytest.raises(MaxopsConfigError):
        push.perform(campaign, "set_status", 2, AUTHOR)
    assert not Ledger.objects.exists()


@pytest.mark.parametrize("model", [LeadList, Team, User])
def test_activity_that_is_not_reported_is_remembered_as_set(model, mirrored):
    row = model.objects.get(pk=3)
    push.perform(row, "set_active", False, AUTHOR)
    push.perform(row, "set_active", True, AUTHOR)
    last = row.last_set("active")
    assert (last.value, last.is_certain, last.staff) == (1, True, "m.naidu")
    mirrored.faults.add("(PUT|PATCH) .*/activitystatus", "success_false", times=0)
    with pytest.raises(RemoteError):
        push.perform(row, "set_active", False, AUTHOR)
    assert row.last_set("active").value == 1


def test_activity_of_a_campaign_is_reported_so_nothing_need_be_remembered(mirrored, campaign):
    push.perform(campaign, "set_active", False, AUTHOR)
    assert Campaign.objects.get(pk=1).active is False
    assert campaign.last_set("active") is None


@pytest.mark.parametrize(("fault", "outcome"), [("drop_after", "accepted"), ("drop_before", "refused")])
def test_unanswered_save_is_looked_into_and_not_sent_again(fault, outcome, mirrored, campaign):
    mirrored.faults.add("PUT ", fault)
    with suppress(RemoteError):
        push.update(campaign, {"name": "Renamed"}, {}, AUTHOR)
    assert len(mirrored.journal.find("PUT")) == 1
    assert Ledger.objects.get().outcome == outcome


def test_value_somebody_else_set_alike_was_not_sent_so_it_is_theirs(mirrored, campaign):
    mirrored.state.records["Campaign"][1]["CampaignName"] = "Alike"
    push.update(campaign, {"name": "Alike", "description": "Ours"}, {}, AUTHOR)
    assert Ledger.objects.get().changes.keys() == {"description"}
    assert Difference.objects.get().fields == {"name": [campaign.name, "Alike"]}


def test_create_without_an_answer_is_looked_for_before_it_is_sent_again(mirrored):
    mirrored.faults.add("POST .*/teams$", "drop_after")
    mirrored.faults.add("GET .*/teams$", "status", times=0, status=500)
    values = {"name": "Night shift", "tenant_id": 1}
    with pytest.raises(Unanswered):
        push.create(Team, values, AUTHOR)
    with pytest.raises(RemoteError) as caught:
        push.create(Team, values, AUTHOR)
    assert "could not be read, so your change was not sent" in caught.value.message
    mirrored.faults.clear()
    with pytest.raises(Refused, match="perhaps from your earlier save") as caught:
        push.create(Team, values, AUTHOR)
    assert list(caught.value.fields) == ["name"]
    assert len(mirrored.journal.find("POST", "/teams$")) == 1


def test_other_ends_of_lines_are_no_conflict(mirrored, campaign):
    mirrored.state.records["Campaign"][1]["Description"] = "One\nTwo"
    changes, opened = {"description": "One\r\nTwo\r\nThree"}, {"description": "One\r\nTwo"}
    assert push.update(campaign, changes, opened, AUTHOR).description == "One\r\nTwo\r\nThree"


def test_status_is_not_sent_again_after_a_silence(mirrored, campaign):
    """It might start what an emergency has stopped meanwhile."""
    mirrored.faults.add("PATCH .*/status$", "drop_before", times=0)
    with pytest.raises(RemoteError):
        push.perform(campaign, "set_status", 3, AUTHOR)
    assert len(mirrored.journal.find("PATCH", "/status$")) == 1
