"""Our own writes and what changed in MaxContact, told in one order of time and in words a manager reads."""

from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror import push, timeline
from maxops.mirror.author import Author
from maxops.mirror.models import KINDS, Difference, Ledger, NamedId
from maxops.mirror.pull import pull
from maxops.mirror.timeline import SOMEBODY
from maxops.remote.errors import Refused
from maxops.users.models import User
from tests.mirror.conftest import mirrored

__all__ = ["mirrored"]
EVERY = [kind for kind, _ in KINDS]
MANAGER = Author("m.naidu", "admin", "192.0.2.7")
RUNNING, PAUSED = 1, 2


def entry(**values) -> Ledger:
    wanted = {"operation": "update campaign", "kind": "campaigns", "remote_id": 12, "subject": "Spring renewals"}
    return Ledger.objects.create(**{"outcome": "accepted", "staff": "m.naidu", **wanted, **values})


def told(**values) -> timeline.Entry:
    entry(**values)
    return timeline.latest(EVERY)[0]


def test_own_write_and_foreign_change_stand_in_one_order_of_time(mirrored):
    campaign = Campaign.objects.get(pk=2)
    push.update(campaign, {"caller_id": "020 7946 0123"}, {}, MANAGER)
    mirrored.state.records["Campaign"][2]["CampaignName"] = "Renamed in the Portal"
    pull("campaigns")
    theirs, ours = timeline.of_record("campaigns", 2, 10)
    assert (theirs.who, theirs.is_ours, theirs.changes) == (
        SOMEBODY,
        False,
        [("name", campaign.name, "Renamed in the Portal")],
    )
    assert (ours.who, ours.address, ours.outcome) == ("m.naidu", "192.0.2.7", "Accepted")
    assert ours.changes[0][::2] == ("caller ID", "020 7946 0123")
    assert ours.url == theirs.url == "/admin/campaigns/campaign/2/history/"
    assert [line.at for line in (theirs, ours)] == sorted([theirs.at, ours.at], reverse=True)


def test_refused_write_carries_the_diallers_words_and_claims_nothing(mirrored):
    mirrored.faults.add("PATCH .*/status", "success_false")
    with pytest.raises(Refused):
        push.perform(Campaign.objects.get(pk=2), "set_status", PAUSED, MANAGER)
    line = timeline.of_record("campaigns", 2, 1)[0]
    assert line.what.startswith("Tried to pause campaign")
    assert line.outcome == "Not taken"
    assert line.answer


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"operation": "set status of campaign", "changes": {"status": [1, 2]}},
            "Paused campaign “Spring renewals” (12)",
        ),
        (
            {"operation": "set status of campaign", "changes": {"status": [2, 1]}},
            "Started campaign “Spring renewals” (12)",
        ),
        ({"operation": "set type of campaign", "changes": {"type": [0, 2]}}, "to Preview"),
        ({"changes": {"name": ["a", "b"], "caller_id": ["", "1"]}}, "Changed name and caller ID of campaign"),
        ({"changes": {name: [1, 2] for name in ("max_lines", "type", "zip_tone", "status")}}, "Changed 4 fields of"),
        ({"operation": "set active of team", "kind": "teams", "changes": {"active": [None, False]}}, "inactive"),
        ({"operation": "create campaign", "outcome": "refused"}, "Tried to create campaign “Spring renewals” (12)"),
        (
            {"operation": "add to lists of campaign", "changes": {"lists": [None, 977]}},
            "Added list 977 to campaign",
        ),
        (
            {"operation": "emergency enable", "kind": "", "remote_id": None, "subject": ""},
            "Pulled the emergency handle",
        ),
        ({"operation": "turn over campaign"}, "Turn over campaign: campaign “Spring renewals” (12)"),
    ],
)
def test_entry_is_one_sentence(db, values, words):
    assert words in told(**values).what


def test_names_stand_for_ids_and_unknown_ids_stay_numbers(db):
    NamedId.objects.create(register="role", number=3, name="Agents")
    User.objects.create(id=5, first_name="Ann", last_name="Lee", login="ann", seen_at=timezone.now())
    LeadList.objects.create(id=31, name="May renewals")
    line = told(
        kind="users", operation="update user", remote_id=5, changes={"role_plan_id": [3, 17], "team_id": [0, 8]}
    )
    assert line.changes == [("role", "Agents (3)", "17"), ("team", "none", "team 8")]
    entry(changes={"default_list_id": [31, 0]}, at=timezone.now() + timedelta(seconds=1))
    assert timeline.latest(EVERY)[0].changes == [("default list", "May renewals (31)", "none")]


def test_codes_flags_and_emptied_texts_are_words(db):
    line = told(
        changes={"status": [1, 0], "auto_record": [True, False], "description": ["Old", ""], "password": [None, "x"]}
    )
    assert line.changes == [
        ("description", "Old", "empty"),
        ("record calls automatically", "yes", "no"),
        ("status", "Running", "Not running"),
        ("password", "", "x"),
    ]


def test_changes_of_a_dry_run_are_no_history(mirrored):
    mirrored.state.records["Campaign"][2]["CampaignName"] = "Renamed in the Portal"
    pull("campaigns", dry_run=True)
    assert Difference.objects.filter(taken=False).exists()
    assert timeline.latest(EVERY) == []


def test_period_words_and_kind_narrow_the_timeline(db):
    now = timezone.now()
    entry(subject="Old one", at=now - timedelta(days=3))
    entry(subject="Autumn", remote_id=44)
    entry(kind="lists", operation="update list", subject="Autumn leads", remote_id=7)

    def names(**wish) -> set[str]:
        return {line.subject for line in timeline.latest(EVERY, **wish)}

    assert names(period=(now - timedelta(days=1), None)) == {"Autumn", "Autumn leads"}
    assert names(period=(None, now - timedelta(days=1))) == {"Old one"}
    assert names(words="autumn leads") == {"Autumn leads"}
    assert names(words="44") == {"Autumn"}
    assert {line.subject for line in timeline.latest(["lists"])} == {"Autumn leads"}


def test_pages_neither_repeat_nor_lose_a_line(db):
    now = timezone.now()
    for number in range(15):
        entry(subject=f"ours {number}", at=now)
        Difference.objects.create(kind="lists", remote_id=number, subject=f"theirs {number}", at=now, sort="changed")
    pages = [timeline.latest(EVERY, limit=7, offset=offset) for offset in range(0, 35, 7)]
    assert len({line.key for page in pages for line in page}) == 30


def test_many_lines_cost_no_more_queries_than_few(db, django_assert_max_num_queries):
    for number in range(40):
        entry(changes={"default_list_id": [number, number + 1]}, remote_id=number)
    with django_assert_max_num_queries(5):
        timeline.latest(EVERY, limit=40)


def test_emergencies_stand_among_the_changes_and_sent_leads_do_not(db):
    entry(kind="", operation="emergency enable", subject="", remote_id=None)
    entry(kind="", operation="upload part 1 of run 5", subject="Energy", remote_id=None)
    assert [line.what for line in timeline.latest(EVERY)] == ["Pulled the emergency handle"]
