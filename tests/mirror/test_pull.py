"""Readings: leases, races with our own writes, crashes, dry runs, and what the dialler may get wrong."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.mirror import push
from maxops.mirror.author import Author
from maxops.mirror.differences import Recorder, mark_missing
from maxops.mirror.errors import PullBusy, PullRefused
from maxops.mirror.models import Reading, mirrored_models
from maxops.mirror.pull import collection_of, pull, read_one, store
from maxops.mirror.retention import READINGS_KEPT
from maxops.remote.errors import Garbled, MaxopsConfigError, RemoteError
from maxops.remote.fields import Record
from tests.remote.scripted import gives_token, says, scripted

NAIDU = Author("m.naidu", "admin")


def remote(sandbox, pk=1):
    return sandbox.state.records["Campaign"][pk]


def test_kinds_come_in_the_order_in_which_they_are_read():
    assert list(mirrored_models()) == ["campaigns", "lists", "teams", "users"]


def test_one_log_in_serves_a_whole_reading(connected, db):
    for kind in mirrored_models():
        pull(kind)
    assert connected.state.logins == 1


def test_row_pushed_after_the_reading_began_is_not_overwritten(mirrored):
    asked_at = timezone.now()
    before = Record({**dict.fromkeys(["id"], 1), "name": "As it was before"})
    push.update(Campaign.objects.get(pk=1), {"name": "Ours"}, {}, NAIDU)
    stored = store("campaigns", [before], at=asked_at)
    assert (stored.changed, stored.skipped) == (0, 1)
    assert Campaign.objects.get(pk=1).name == "Ours"


def test_row_written_after_the_reading_began_is_not_marked_missing(mirrored):
    # As if it had been created while the answer was on its way: the answer cannot have it yet.
    new = push.create(Campaign, {"name": "Just made"}, NAIDU)
    Campaign.objects.filter(pk=new.pk).update(seen_at=timezone.now() + timedelta(seconds=60))
    del mirrored.state.records["Campaign"][new.pk]
    assert pull("campaigns").missing == 0
    Campaign.objects.filter(pk=new.pk).update(seen_at=new.seen_at)
    remote(mirrored)["Description"] = "Another answer than the last"
    assert pull("campaigns").missing == 1


def test_second_reading_of_a_kind_is_turned_away(mirrored):
    Reading.objects.create(kind="campaigns")
    with pytest.raises(PullBusy):
        pull("campaigns")
    assert mirrored.journal.entries == []
    assert pull("lists").read


def test_crashed_reading_does_not_jam_the_next(mirrored):
    long_ago = timezone.now() - timedelta(minutes=5)
    crashed = Reading.objects.create(kind="campaigns", started_at=long_ago, alive_at=long_ago)
    assert pull("campaigns").read
    crashed.refresh_from_db()
    assert (crashed.state, crashed.message) == ("failed", "Did not finish: it was interrupted.")


def test_dry_run_tells_and_writes_nothing(mirrored):
    remote(mirrored)["CampaignName"] = "Changed in the Portal"
    before = Campaign.objects.get(pk=1).name
    del mirrored.state.records["Campaign"][2]
    result = pull("campaigns", dry_run=True)
    assert (result.changed, result.created, result.missing) == (1, 0, 1)
    changed, gone = result.differences
    assert (changed["id"], changed["fields"]) == (1, {"name": [before, "Changed in the Portal"]})
    assert (gone["id"], gone["sort"]) == (2, "missing")
    assert Campaign.objects.get(pk=1).name == before
    assert Reading.latest_good("campaigns").dry_run is False


def test_empty_answer_marks_nothing(mirrored):
    mirrored.state.records["Campaign"].clear()
    with pytest.raises(PullRefused, match="12 of the 12"):
        pull("campaigns")
    assert not Campaign.objects.exclude(missing_since=None).exists()


def test_empty_system_is_no_loss(connected, db):
    connected.state.records["Campaign"].clear()
    assert pull("campaigns").read == 0


def test_nothing_configured_is_said_and_leaves_no_trace(db, settings):
    settings.MAXCONTACT_URL = ""
    with pytest.raises(MaxopsConfigError, match="MAXCONTACT_URL"):
        pull("campaigns")
    assert not Reading.objects.exists()


def test_number_too_large_for_any_column_is_refused_whole(mirrored):
    before = list(Campaign.objects.values())
    remote(mirrored)["TargetDropPercent"] = 10**30
    with pytest.raises(Garbled, match="target drop rate"):
        pull("campaigns")
    assert list(Campaign.objects.values()) == before


def test_old_readings_are_forgotten(mirrored):
    Reading.objects.bulk_create(Reading(kind="lists", state="done") for _ in range(READINGS_KEPT + 80))
    newest = Reading.objects.order_by("-pk").first().pk
    Reading.objects.bulk_create(Reading(kind="lists", state="done") for _ in range(49 - newest % 50))
    pull("lists")
    assert Reading.objects.filter(kind="lists").count() == READINGS_KEPT


def test_one_record_is_read_again(mirrored):
    remote(mirrored)["CampaignName"] = "Changed in the Portal"
    assert read_one(Campaign.objects.get(pk=1)).name == "Changed in the Portal"


def test_record_that_is_gone_is_marked_when_read_again(mirrored):
    mirrored.state.style.change(not_found_status=404)
    del mirrored.state.records["Campaign"][1]
    with pytest.raises(RemoteError):
        read_one(Campaign.objects.get(pk=1))
    assert Campaign.objects.get(pk=1).missing_since is not None


def test_age_is_that_of_the_last_reading_until_the_row_is_missing(mirrored):
    pull("lists")
    row = LeadList.objects.get(pk=1)
    latest = Reading.latest_good("lists").started_at
    assert row.seen_at < latest
    assert row.read_at == latest
    row.missing_since = timezone.now()
    assert row.read_at == row.seen_at


def test_readings_by_several_processes_at_once_leave_one_truth(installation):
    with ThreadPoolExecutor() as pool:
        answers = [answer["users"] for answer in pool.map(installation.json, ["pull"] * 3)]
    assert sorted(answer["created"] for answer in answers) == [0, 0, 60]
    assert {answer["read"] for answer in answers} == {60}


def test_an_answer_that_comes_after_its_turn_writes_nothing(connected, db, monkeypatch):
    """A dialler so slow that the next reading gave this one up."""
    pull("campaigns")
    remote(connected)["CampaignName"] = "Too late"
    real = Reading.objects.create

    def begin_and_be_given_up(**values):
        reading = real(**values)
        Reading.objects.filter(pk=reading.pk).update(state=Reading.State.FAILED)
        return reading

    monkeypatch.setattr(Reading.objects, "create", begin_and_be_given_up)
    with pytest.raises(PullBusy):
        pull("campaigns")
    assert not Campaign.objects.filter(name="Too late").exists()


def test_reading_one_record_leaves_what_was_pushed_meanwhile(connected, db):
    pull("campaigns")
    campaign = Campaign.objects.get(pk=1)
    Campaign.objects.filter(pk=1).update(seen_at=timezone.now() + timedelta(seconds=5), name="Pushed meanwhile")
    assert read_one(campaign).name == "Pushed meanwhile"


def test_what_was_asked_for_before_a_reading_and_written_after_it_is_put_right_by_the_next(mirrored):
    """An emergency's look at the campaigns that came in late: the same answer as the last must not hide it."""
    was, asked_at = Campaign.objects.get(pk=1).status, timezone.now()
    remote(mirrored)["Status"] = 3
    late = collection_of("campaigns").all()
    remote(mirrored)["Status"] = was
    pull("campaigns")
    store("campaigns", late, at=asked_at)
    assert Campaign.objects.get(pk=1).status == 3
    pull("campaigns")
    assert Campaign.objects.get(pk=1).status == was


def test_row_marked_late_as_missing_is_put_right_by_the_next_reading(mirrored):
    asked_at = timezone.now()
    pull("campaigns")
    mark_missing(Campaign, [1], Recorder("campaigns", asked_at, "page"))
    pull("campaigns")
    assert Campaign.objects.get(pk=1).missing_since is None


def test_web_page_that_says_404_marks_nothing_as_missing(mirrored, settings):
    page = says(b"<!DOCTYPE html><html><head><title>Not found</title></head></html>", 404, "text/html")
    with scripted(gives_token(), page) as proxy:
        settings.MAXCONTACT_URL = proxy.url
        with pytest.raises(RemoteError, match="web page instead of data"):
            read_one(Campaign.objects.get(pk=1))
    assert Campaign.objects.get(pk=1).missing_since is None
