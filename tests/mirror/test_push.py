"""Writes sent out by code: verbs, links, the ledger, and our own database failing after the dialler said yes."""

import pytest
from django.db import DatabaseError, connection

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror import push
from maxops.mirror.models import Ledger
from maxops.mirror.pull import pull
from maxops.remote.errors import Refused, RemoteError, Unanswered
from maxops.teams.models import Team
from tests.mirror.browsing import Form, address


@pytest.fixture
def campaign(mirrored) -> Campaign:
    return Campaign.objects.get(pk=1)


def test_link_is_sent_and_entered(mirrored, campaign):
    push.link(campaign, "lists", 7, "m.naidu", "admin")
    assert 7 in mirrored.state.links["campaigns", "lists"][1]
    push.unlink(campaign, "lists", 7, "m.naidu", "admin")
    assert 7 not in mirrored.state.links["campaigns", "lists"][1]
    taken, added = Ledger.objects.all()
    assert (added.operation, added.changes) == ("add to lists of campaign", {"lists": [None, 7]})
    assert (taken.operation, taken.changes) == ("take from lists of campaign", {"lists": [7, None]})


def test_link_that_is_refused_says_why(mirrored, campaign):
    with pytest.raises(Refused, match="was not found"):
        push.link(campaign, "teams", 999, "m.naidu", "admin")
    assert Ledger.objects.get().outcome == "refused"


def test_unanswered_link_stays_unknown(mirrored, campaign):
    mirrored.faults.add("PUT ", "drop_after", times=0)
    with pytest.raises(Unanswered, match="safe to set it again"):
        push.link(campaign, "lists", 7, "m.naidu", "admin")
    assert Ledger.objects.get().outcome == "unknown"


def test_unanswered_activity_of_a_list_stays_unknown(mirrored):
    mirrored.faults.add("PUT .*/activitystatus", "drop_after", times=0)
    with pytest.raises(Unanswered):
        push.perform(LeadList.objects.get(pk=1), "set_active", False, "m.naidu", "admin")
    assert LeadList.objects.get(pk=1).last_set("active") is None


def test_verb_is_kept_even_if_the_look_afterwards_fails(mirrored, campaign):
    mirrored.faults.add("GET .*/campaigns/1$", "html", times=0)
    assert push.perform(campaign, "set_status", 2, "m.naidu", "admin").status == 2
    assert Campaign.objects.get(pk=1).status == 2
    mirrored.faults.clear()
    assert pull("campaigns").changed == 1  # the whole row once more, since only a part of it was known


def test_unanswered_and_unreadable_is_unknown(mirrored, campaign):
    mirrored.faults.add("PUT ", "drop_after", times=0)
    mirrored.faults.add("GET ", "drop_before", times=0, skip=1)
    with pytest.raises(Unanswered, match="not known") as doubt:
        push.update(campaign, {"name": "Renamed"}, {}, "m.naidu", "admin")
    assert doubt.value.taken == "unknown"
    assert Ledger.objects.get().outcome == "unknown"
    assert Campaign.objects.get(pk=1).name != "Renamed"


def test_nothing_is_sent_when_the_record_cannot_be_read_first(mirrored, campaign):
    mirrored.faults.add("GET ", "html", times=0)
    with pytest.raises(RemoteError) as refusal:
        push.update(campaign, {"name": "Renamed"}, {}, "m.naidu", "admin")
    assert refusal.value.message.startswith("MaxContact could not be read, so your change was not sent.")
    assert refusal.value.taken == "no"
    assert "not known" not in refusal.value.message
    assert mirrored.journal.find("PUT") == []
    assert not Ledger.objects.exists()


def test_entry_is_there_before_the_first_byte(mirrored, campaign, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    with pytest.raises(RemoteError):
        push.perform(campaign, "set_status", 2, "m.naidu", "admin")
    assert Ledger.objects.get().outcome == "refused"


def test_somebody_elses_new_record_of_the_same_name_is_not_taken_for_ours(mirrored):
    mirrored.state.insert("Team", {**mirrored.state.records["Team"][1], "Id": 0, "TeamName": "New team"})
    mirrored.faults.add("POST ", "drop_before", times=0)
    with pytest.raises(RemoteError, match="perhaps not yours"):
        push.create(Team, {"name": "New team", "service_time": 4711}, "m.naidu", "admin")
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
        push.update(campaign, {"name": "Renamed", "description": "New words"}, {}, "m.naidu", "admin")
    assert Ledger.objects.get().outcome == "partly"
    row = Campaign.objects.get(pk=1)
    assert (row.name, row.description) == ("Renamed", "as it was")


def test_value_kept_otherwise_is_told(mirrored, manager):
    mirrored.state.records["Campaign"][1] = HalfDeaf(mirrored.state.records["Campaign"][1])
    back = Form(manager, address(Campaign, "change", 1)).send(name="Renamed", description="New words")
    assert "MaxContact kept description as as it was." in back.messages
    assert back.values["description"].strip() == "as it was"


def test_answer_to_create_with_less_than_all_is_read_whole(mirrored):
    row = push.create(Team, {"name": "New team", "hours_per_working_day": "7.5", "service_time": None}, "m", "admin")
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
        push.perform(Campaign.objects.get(pk=1), "set_status", 2, "m.naidu", "admin")
    assert Campaign.objects.get(pk=1).status == 2
    assert Ledger.objects.get().outcome == "unknown"
    assert "was accepted, but the ledger could not be written" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_action_taken_but_not_kept_says_both(mirrored, manager):
    with connection.execute_wrapper(Broken("campaigns_campaign")):
        url = address(Campaign, "changelist")
        answer = manager.post(url, {"action": "stop", "_selected_action": [1]}, follow=True)
    assert mirrored.state.records["Campaign"][1]["Status"] == 0
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
