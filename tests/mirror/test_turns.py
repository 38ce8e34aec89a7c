"""Two people at one record in the same moment: real threads, real HTTP, and nobody's work is lost."""

import time

import pytest

from maxops.campaigns.models import Campaign
from maxops.locks import hold
from maxops.mirror import push, turns
from maxops.mirror.author import Author
from maxops.mirror.errors import Occupied
from maxops.mirror.models import Difference, Ledger
from maxops.mirror.pull import pull
from maxops.teams.models import Team
from maxops.users.models import User
from tests.mirror.browsing import Form, address
from tests.mirror.crowd import at_once, slowly

FIRST, SECOND = Author("m.naidu", "admin"), Author("o.other", "admin")
PASSWORD = "new-Secret-9"

pytestmark = pytest.mark.django_db(transaction=True)


def test_different_fields_saved_at_once_both_win(mirrored):
    slowly(mirrored, "GET .*/campaigns/1$")
    row, same = Campaign.objects.get(pk=1), Campaign.objects.get(pk=1)
    troubles = at_once(
        mirrored,
        lambda: push.update(row, {"name": "Renamed"}, {"name": row.name}, FIRST),
        lambda: push.update(same, {"description": "Other words"}, {"description": same.description}, SECOND),
    )
    record = mirrored.state.records["Campaign"][1]
    assert troubles == []
    assert (record["CampaignName"], record["Description"]) == ("Renamed", "Other words")
    kept = Campaign.objects.get(pk=1)
    assert (kept.name, kept.description) == ("Renamed", "Other words")
    assert set(Ledger.objects.values_list("staff", "outcome")) == {("m.naidu", "accepted"), ("o.other", "accepted")}
    assert not Difference.objects.exists()  # nobody but the two of us changed anything


def test_whole_put_beside_a_status_verb_does_not_set_it_back(mirrored):
    slowly(mirrored, "GET .*/campaigns/1$")
    row = Campaign.objects.get(pk=1)
    at_once(
        mirrored,
        lambda: push.update(row, {"name": "Renamed"}, {}, FIRST),
        lambda: push.perform(row, "set_status", 2, SECOND),
    )
    record = mirrored.state.records["Campaign"][1]
    assert (record["CampaignName"], record["Status"]) == ("Renamed", 2)
    assert (Campaign.objects.get(pk=1).name, Campaign.objects.get(pk=1).status) == ("Renamed", 2)


def test_user_saved_while_put_into_another_team_stays_there(mirrored):
    slowly(mirrored, "GET .*/users/5$")
    user = User.objects.get(pk=5)
    team = Team.objects.exclude(pk=user.team_id).first()
    at_once(
        mirrored,
        lambda: push.update(user, {"extension": "4711", "password": PASSWORD}, {}, FIRST),
        lambda: push.link(team, "users", 5, SECOND),
    )
    record = mirrored.state.records["User"][5]
    assert (record["Extension"], record["TeamId"]) == ("4711", team.pk)
    assert User.objects.get(pk=5).team_id == team.pk


def test_double_click_on_create_makes_one_record(mirrored):
    slowly(mirrored, "POST .*/teams$")
    troubles = at_once(
        mirrored,
        lambda: push.create(Team, {"name": "Night shift"}, FIRST),
        lambda: push.create(Team, {"name": " night SHIFT "}, FIRST),
    )
    assert [record["TeamName"] for record in mirrored.state.records["Team"].values()].count("Night shift") == 1
    assert len(mirrored.journal.find("POST", "/teams$")) == 1
    assert "has this name already" in troubles[0].fields["name"]


def test_record_somebody_else_is_long_at_is_said_to_be_so(mirrored, settings, monkeypatch, manager):
    monkeypatch.setattr(turns, "PATIENCE", 0.1)
    with hold(settings.DATA_DIR / "locks" / "campaigns-1"):
        with pytest.raises(Occupied, match="change to this campaign is on its way; nothing was sent") as refusal:
            push.perform(Campaign.objects.get(pk=1), "set_status", 2, FIRST)
        page = Form(manager, address(Campaign, "change", 1)).send(name="Renamed")
    assert refusal.value.taken == "no"
    assert "Somebody else's change to this campaign" in page.errors
    assert page.values["name"] == "Renamed"
    assert mirrored.journal.entries == []
    assert not Ledger.objects.exists()


def wait_until(is_so):
    while not is_so():
        time.sleep(0.01)


def test_reading_in_the_middle_of_our_own_save_takes_it_for_nobody_elses(mirrored):
    slowly(mirrored, "PUT .*/campaigns/1$")
    row, record = Campaign.objects.get(pk=1), mirrored.state.records["Campaign"][1]
    record["Description"] = "Theirs"

    def read():
        wait_until(lambda: record["CampaignName"] == "Renamed")
        assert pull("campaigns").changed == 1

    assert at_once(mirrored, lambda: push.update(row, {"name": "Renamed"}, {}, FIRST), read) == []
    assert [seen.fields for seen in Difference.objects.all()] == [{"description": [row.description, "Theirs"]}]


def test_reading_in_the_middle_of_our_own_creation_takes_it_for_nobody_elses(mirrored):
    slowly(mirrored, "POST .*/teams$")
    known = len(mirrored.state.records["Team"])

    def read():
        wait_until(lambda: len(mirrored.state.records["Team"]) > known)
        assert pull("teams").created == 1

    assert at_once(mirrored, lambda: push.create(Team, {"name": "Night shift"}, FIRST), read) == []
    assert not Difference.objects.exists()
