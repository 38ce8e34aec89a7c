"""A dry run changes nothing; applying it leaves exactly the difference it showed."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.mirror import push
from maxops.mirror.applying import apply
from maxops.mirror.author import Author
from maxops.mirror.errors import PullRefused
from maxops.mirror.models import Difference, Reading, mirrored_models
from maxops.mirror.pull import collection_of, pull, store

NAIDU = Author("m.naidu", "sync")


def rehearsed(kind="campaigns", **wish):
    return Reading.objects.get(pk=pull(kind, dry_run=True, **wish).reading_id)


def change_everything(sandbox):
    """One changed, one gone, one new, one there again."""
    table = sandbox.state.records["Campaign"]
    back = table.pop(5)
    pull("campaigns")
    table[5] = back
    table[1].update(CampaignName="Theirs", Status=2, HoursPerWorkingDay=6.25, Active=False)
    table[77] = {**table.pop(2), "Id": 77, "CampaignName": "New one", "TargetDropPercent": 1.25}


def content():
    own = ("seen_at", "missing_since", "fingerprint")
    rows = [row | {"is_missing": bool(row["missing_since"])} for row in Campaign.objects.order_by("pk").values()]
    return [{name: value for name, value in row.items() if name not in own} for row in rows]


def test_apply_leaves_what_a_reading_would_have_left(mirrored):
    change_everything(mirrored)
    before = content()
    dry = rehearsed()
    assert content() == before
    assert (dry.created, dry.changed, dry.missing) == (1, 2, 1)
    # What happens in MaxContact after the dry run is none of its business.
    mirrored.state.records["Campaign"][3]["CampaignName"] = "Later"
    reading = apply(dry, NAIDU)
    applied = content()
    mirrored.state.records["Campaign"][3]["CampaignName"] = Campaign.objects.get(pk=3).name
    assert pull("campaigns").changed == 0
    assert content() == applied
    assert (reading.created, reading.changed, reading.missing, reading.unchanged) == (1, 2, 1, 0)
    assert (reading.applies, reading.staff, reading.source, reading.state) == (dry, "m.naidu", "sync", "done")


def test_applied_differences_are_those_shown(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    reading = apply(dry, NAIDU)
    names = ("sort", "remote_id", "subject", "at")
    shown, taken = (Difference.objects.filter(reading=it).order_by("remote_id") for it in (dry, reading))
    assert list(taken.values_list(*names)) == list(shown.values_list(*names))
    assert set(shown.values_list("taken", flat=True)) == {False}
    assert set(taken.values_list("taken", flat=True)) == {True}
    assert taken.get(remote_id=1).fields == shown.get(remote_id=1).fields
    assert shown.get(remote_id=77).fields["name"] == ["", "New one"]


def test_applied_rows_are_as_old_as_the_dry_run(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    apply(dry, NAIDU)
    assert Campaign.objects.get(pk=1).seen_at == dry.started_at
    assert Campaign.objects.get(pk=2).missing_since == dry.started_at
    assert Reading.latest_good("campaigns").started_at < dry.started_at


def test_row_that_moved_on_since_is_left_alone(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    push.update(Campaign.objects.get(pk=1), {"name": "Ours"}, {}, NAIDU)
    reading = apply(dry, NAIDU)
    assert Campaign.objects.get(pk=1).name == "Ours"
    assert (reading.changed, reading.unchanged) == (1, 1)
    assert reading.message == "Left alone, because they moved on since the dry run: 1."


def test_row_whose_values_are_not_those_shown_is_left_alone(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    Campaign.objects.filter(pk=1).update(name="Neither")
    apply(dry, NAIDU)
    assert Campaign.objects.get(pk=1).name == "Neither"


def test_a_whole_reading_since_then_knows_better(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    mirrored.state.records["Campaign"][1]["CampaignName"] = "Later"
    pull("campaigns")
    reading = apply(dry, NAIDU)
    assert Campaign.objects.get(pk=1).name == "Later"
    assert reading.differs == 0


def test_dry_run_is_applied_once(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    apply(dry, NAIDU)
    with pytest.raises(PullRefused, match="applied before"):
        apply(dry, NAIDU)
    assert Reading.objects.filter(applies=dry, state="done").count() == 1


def test_only_finished_dry_runs_can_be_applied(mirrored):
    for reading in (Reading.latest_good("campaigns"), Reading(kind="campaigns", dry_run=True, state="failed")):
        with pytest.raises(PullRefused, match="Only a dry run"):
            apply(reading, NAIDU)


def test_loss_of_over_a_third_is_not_applied_unaccepted(mirrored):
    for pk in range(1, 8):
        del mirrored.state.records["Campaign"][pk]
    with pytest.raises(PullRefused, match="over a third"):
        apply(rehearsed(), NAIDU)
    assert not Campaign.objects.exclude(missing_since=None).exists()
    assert apply(rehearsed(accept_loss=7), NAIDU).missing == 7
    assert Campaign.objects.exclude(missing_since=None).count() == 7


def test_apply_waits_for_no_reading_that_crashed(mirrored):
    change_everything(mirrored)
    dry = rehearsed()
    long_ago = timezone.now() - timedelta(minutes=5)
    Reading.objects.create(kind="campaigns", started_at=long_ago, alive_at=long_ago)
    assert apply(dry, NAIDU).changed == 2


@pytest.mark.parametrize("kind", list(mirrored_models()))
def test_new_records_of_every_kind_are_applied_whole(kind, connected, db):
    dry = rehearsed(kind)
    reading = apply(dry, NAIDU)
    assert reading.created == dry.created == dry.read
    assert pull(kind).changed == 0


def test_command_applies_exactly_what_it_showed(mirrored, capsys):
    mirrored.state.records["Campaign"][1]["CampaignName"] = "Theirs"
    call_command("pull", "campaigns", dry_run=True)
    told = capsys.readouterr().out
    reading = Reading.objects.get(dry_run=True)
    assert f"--apply {reading.pk}" in told
    call_command("pull", apply=reading.pk, json=True)
    assert f'"applies": {reading.pk}' in capsys.readouterr().out
    assert Campaign.objects.get(pk=1).name == "Theirs"
    for number, words in ((reading.pk, "applied before"), (0, "no reading")):
        with pytest.raises(CommandError, match=words):
            call_command("pull", apply=number)


def test_field_that_was_not_shown_is_compared_again_by_the_next_reading(mirrored):
    """A look asked for before the dry run and written after it: the row is not what the dry run's bytes say."""
    record, row = mirrored.state.records["Campaign"][1], Campaign.objects.get(pk=1)
    asked_at = timezone.now()
    late = [{**it, "description": "For a moment"} for it in collection_of("campaigns").all() if it["id"] == 1]
    record["CampaignName"] = "Theirs"
    dry = rehearsed()
    store("campaigns", late, at=asked_at)
    apply(dry, NAIDU)
    assert (Campaign.objects.get(pk=1).name, Campaign.objects.get(pk=1).description) == ("Theirs", "For a moment")
    pull("campaigns")
    assert Campaign.objects.get(pk=1).description == row.description
