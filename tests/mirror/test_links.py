"""Associations set and taken away: what is sent, what is remembered of them, and a user's team read back."""

import pytest

from maxops.campaigns.models import Campaign
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.models import Difference, LastSet, Ledger
from maxops.remote.errors import Refused, Unanswered
from maxops.teams.models import Team
from maxops.users.models import User

AUTHOR = Author("m.naidu", "admin", "192.0.2.7")
USER = 5


@pytest.fixture
def campaign(mirrored) -> Campaign:
    return Campaign.objects.get(pk=1)


@pytest.fixture
def team(mirrored) -> Team:
    """Not the one the user is in."""
    return Team.objects.exclude(pk=User.objects.get(pk=USER).team_id).first()


def standing(name: str, other_id: int) -> tuple[int, bool] | None:
    last = LastSet.objects.filter(name=name, other_id=other_id).first()
    return (last.value, last.is_certain) if last else None


def test_link_is_sent_entered_and_remembered(mirrored, campaign):
    push.link(campaign, "lists", 7, AUTHOR)
    assert 7 in mirrored.state.links["campaigns", "lists"][1]
    assert standing("lists", 7) == (1, True)
    push.unlink(campaign, "lists", 7, AUTHOR)
    assert 7 not in mirrored.state.links["campaigns", "lists"][1]
    assert standing("lists", 7) == (0, True)
    taken, added = Ledger.objects.all()
    assert (added.operation, added.changes) == ("add to lists of campaign", {"lists": [None, 7]})
    assert (taken.operation, taken.changes) == ("take from lists of campaign", {"lists": [7, None]})
    assert (taken.staff, taken.address) == ("m.naidu", "192.0.2.7")
    assert [entry["body"] for entry in mirrored.journal.find("DELETE")] == ['{"ListId":7}']


def test_link_that_is_refused_says_why_and_changes_nothing_known(mirrored, campaign):
    push.link(campaign, "teams", 2, AUTHOR)
    mirrored.faults.add("DELETE ", "success_false", times=0)
    with pytest.raises(Refused):
        push.unlink(campaign, "teams", 2, AUTHOR)
    with pytest.raises(Refused, match="was not found"):
        push.link(campaign, "teams", 999, AUTHOR)
    assert [entry.outcome for entry in Ledger.objects.all()] == ["refused", "refused", "accepted"]
    assert (standing("teams", 2), standing("teams", 999)) == ((1, True), None)


def test_unanswered_link_stays_unknown_and_is_said_to_be(mirrored, campaign):
    mirrored.faults.add("PUT ", "drop_after", times=0)
    with pytest.raises(Unanswered, match="safe to set it again"):
        push.link(campaign, "lists", 7, AUTHOR)
    assert Ledger.objects.get().outcome == "unknown"
    assert standing("lists", 7) == (1, False)
    mirrored.faults.clear()
    push.link(campaign, "lists", 7, AUTHOR)
    assert standing("lists", 7) == (1, True)


def test_users_team_shows_at_once_and_is_told_of_the_user(mirrored, team):
    before = User.objects.get(pk=USER).team_id
    push.link(team, "users", USER, AUTHOR)
    assert User.objects.get(pk=USER).team_id == team.pk
    push.unlink(team, "users", USER, AUTHOR)
    assert User.objects.get(pk=USER).team_id == 0
    taken, added = Ledger.objects.all()
    assert (added.kind, added.remote_id, added.changes) == ("users", USER, {"team_id": [before, team.pk]})
    assert taken.changes == {"team_id": [team.pk, 0]}
    assert not Difference.objects.exists()


@pytest.mark.parametrize("act", [push.link, push.unlink])
def test_unanswered_team_is_settled_by_reading_the_user(act, mirrored, team):
    if act is push.unlink:
        push.link(team, "users", USER, AUTHOR)
    mirrored.faults.add("(PUT|DELETE) .*/teams/", "drop_after", times=0)
    act(team, "users", USER, AUTHOR)
    entry = Ledger.objects.first()
    assert (entry.outcome, "it is saved" in entry.answer) == ("accepted", True)
    assert User.objects.get(pk=USER).team_id == (team.pk if act is push.link else 0)


def test_team_that_reading_does_not_show_is_unknown(mirrored, team):
    mirrored.faults.add("PUT .*/teams/", "drop_before", times=0)
    with pytest.raises(Unanswered, match="safe to set it again"):
        push.link(team, "users", USER, AUTHOR)
    assert Ledger.objects.get().outcome == "unknown"


def test_vendor_account_joins_no_team(mirrored, team):
    vendor = User.objects.get(login__iexact="MaxSupport")
    with pytest.raises(Refused, match="vendor's own account"):
        push.link(team, "users", vendor.pk, AUTHOR)
    assert mirrored.journal.entries == []
    assert not Ledger.objects.exists()
