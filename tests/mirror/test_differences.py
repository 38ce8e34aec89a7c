"""What changed in MaxContact behind our back is kept: by readings, by looks at one record, beside our own saves."""

from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.mirror import differences, push
from maxops.mirror.author import Author
from maxops.mirror.errors import PullRefused
from maxops.mirror.models import Difference, Reading
from maxops.mirror.pull import collection_of, pull, read_one, store
from maxops.mirror.records import keep
from maxops.remote.errors import RemoteError

NAIDU = Author("m.naidu", "admin")


def remote(sandbox, pk=1):
    return sandbox.state.records["Campaign"][pk]


def noted():
    return [(it.sort, it.remote_id, it.fields, it.source) for it in Difference.objects.order_by("pk")]


def test_first_reading_is_no_history(mirrored):
    assert not Difference.objects.exists()


def test_reading_notes_what_is_new_changed_gone_and_there_again(mirrored):
    before = Campaign.objects.get(pk=1)
    remote(mirrored).update(CampaignName="Theirs", HoursPerWorkingDay=6.5)
    gone = mirrored.state.records["Campaign"].pop(2)
    mirrored.state.records["Campaign"][99] = {**gone, "Id": 99, "CampaignName": "New one"}
    result = pull("campaigns", source="schedule")
    hours = f"{before.hours_per_working_day.normalize():f}"
    changed = {"name": [before.name, "Theirs"], "hours_per_working_day": [hours, "6.5"]}
    assert noted() == [
        ("changed", 1, changed, "schedule"),
        ("added", 99, {}, "schedule"),
        ("missing", 2, {}, "schedule"),
    ]
    assert set(Difference.objects.values_list("reading_id", "taken")) == {(result.reading_id, True)}
    assert Difference.objects.get(remote_id=1).subject == "Theirs"
    mirrored.state.records["Campaign"][2] = gone
    pull("campaigns")
    assert noted()[-1] == ("returned", 2, {}, "command")


def test_only_so_many_are_kept_of_one_reading(mirrored, monkeypatch):
    monkeypatch.setattr("maxops.mirror.pull.KEPT_A_READING", 5)
    for record in mirrored.state.records["User"].values():
        record["Extension"] = "1"
    result = pull("users")
    assert Difference.objects.filter(reading=result.reading_id).count() == 5
    reading = Reading.objects.get(pk=result.reading_id)
    assert reading.message == f"5 differences are kept one by one, and {result.changed - 5} more are not."
    assert differences.KEPT_A_READING == 10_000


def test_values_said_in_other_bytes_are_no_change(mirrored):
    pull("campaigns")
    seen = Campaign.objects.get(pk=1).seen_at
    remote(mirrored)["HoursPerWorkingDay"] = float(remote(mirrored)["HoursPerWorkingDay"])
    mirrored.state.records["Campaign"][1] = dict(reversed(remote(mirrored).items()))
    marks = set(Campaign.objects.values_list("fingerprint", flat=True))
    result = pull("campaigns")
    assert (result.changed, result.unchanged) == (0, 12)
    assert set(Campaign.objects.values_list("fingerprint", flat=True)) != marks
    assert Campaign.objects.get(pk=1).seen_at == seen
    assert not Difference.objects.exists()


def test_looking_at_one_record_notes_what_it_shows(mirrored):
    before = Campaign.objects.get(pk=1).name
    remote(mirrored)["CampaignName"] = "Theirs"
    read_one(Campaign.objects.get(pk=1))
    assert noted() == [("changed", 1, {"name": [before, "Theirs"]}, "page")]
    assert pull("campaigns").changed == 0


def test_record_that_is_gone_is_noted_once(mirrored):
    mirrored.state.style.change(not_found_status=404)
    del mirrored.state.records["Campaign"][1]
    for _ in range(2):
        with pytest.raises(RemoteError):
            read_one(Campaign.objects.get(pk=1))
    assert noted() == [("missing", 1, {}, "page")]
    assert pull("campaigns").missing == 0


def test_saving_notes_what_others_changed_beside_it(mirrored):
    before = Campaign.objects.get(pk=1).description
    remote(mirrored)["Description"] = "Theirs"
    push.update(Campaign.objects.get(pk=1), {"name": "Ours"}, {}, NAIDU)
    assert noted() == [("changed", 1, {"description": [before, "Theirs"]}, "save")]


def test_keeping_a_record_anew_notes_nothing_that_is_ours(mirrored):
    record = collection_of("campaigns").get(1) | {"name": "Ours", "max_lines": 77}
    keep(Campaign, record, timezone.now(), ours=["name", "max_lines"])
    assert not Difference.objects.exists()
    assert Campaign.objects.get(pk=1).max_lines == 77


def test_emergency_reading_is_noted_and_unchanged_rows_are_not_written(mirrored):
    seen = Campaign.objects.get(pk=3).seen_at
    remote(mirrored)["Status"] = 3
    records = collection_of("campaigns").all()
    stored = store("campaigns", records, at=timezone.now())
    assert (stored.changed, stored.unchanged) == (1, 11)
    assert [(sort, pk, source) for sort, pk, _, source in noted()] == [("changed", 1, "emergency")]
    assert Campaign.objects.get(pk=3).seen_at == seen


def test_same_answer_loads_no_row(mirrored, django_assert_max_num_queries):
    with django_assert_max_num_queries(12) as queries:
        result = pull("users")
    assert (result.read, result.unchanged) == (60, 60)
    assert not [query for query in queries if "fingerprint FROM" in query["sql"]]


def test_same_answer_after_a_write_of_ours_is_compared(mirrored):
    """Renamed here, renamed back there: the answer is the old one, the row is not."""
    before = remote(mirrored)["CampaignName"]
    push.update(Campaign.objects.get(pk=1), {"name": "Ours"}, {}, NAIDU)
    remote(mirrored)["CampaignName"] = before
    assert pull("campaigns").changed == 1
    assert Campaign.objects.get(pk=1).name == before


def test_same_answer_after_a_row_was_marked_missing_brings_it_back(mirrored):
    Campaign.objects.filter(pk=1).update(missing_since=timezone.now())
    assert pull("campaigns").changed == 1
    assert Campaign.objects.get(pk=1).missing_since is None


def test_refused_reading_names_what_would_be_lost(mirrored):
    for pk in range(1, 8):
        del mirrored.state.records["Campaign"][pk]
    for _ in range(2):
        with pytest.raises(PullRefused):
            pull("campaigns")
    refused = Reading.objects.filter(state="refused").order_by("pk").last()
    lost = Difference.objects.filter(sort="missing", taken=False)
    assert list(lost.values_list("remote_id", flat=True).order_by("remote_id")) == list(range(1, 8))
    assert set(lost.values_list("reading_id", flat=True)) == {refused.pk}
    assert refused.missing == 7


@pytest.mark.parametrize(("accepted", "is_taken"), [(6, False), (7, True), (True, True)])
def test_loss_is_accepted_up_to_a_number(accepted, is_taken, mirrored):
    for pk in range(1, 8):
        del mirrored.state.records["Campaign"][pk]
    if is_taken:
        assert pull("campaigns", accept_loss=accepted).missing == 7
    else:
        with pytest.raises(PullRefused):
            pull("campaigns", accept_loss=accepted)
    assert Campaign.objects.exclude(missing_since=None).exists() is is_taken


def test_newer_row_is_no_difference_of_a_dry_run(mirrored):
    Campaign.objects.filter(pk=1).update(name="Ours", seen_at=timezone.now() + timedelta(seconds=60))
    assert pull("campaigns", dry_run=True).differences == []
