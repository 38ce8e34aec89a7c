"""What is forgotten, and what is kept, and that it goes in small bites."""

from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.mirror import retention
from maxops.mirror.models import BulkAct, BulkRow, Difference, Reading
from maxops.mirror.pull import pull
from maxops.mirror.retention import prune


def reading(days=0, **values):
    given = {"kind": "lists", "state": Reading.State.DONE, "started_at": timezone.now() - timedelta(days=days)}
    return Reading.objects.create(**(given | values))


def difference(of=None, days=0, **values):
    at = timezone.now() - timedelta(days=days)
    return Difference.objects.create(reading=of, kind="lists", remote_id=1, sort="changed", at=at, **values)


@pytest.fixture
def few(monkeypatch, db):
    monkeypatch.setattr(retention, "READINGS_KEPT", 3)


def test_readings_that_found_nothing_go_beyond_the_newest(few):
    old = [reading() for _ in range(5)]
    kept = [reading(kind="teams"), *old[2:]]
    prune()
    assert set(Reading.objects.all()) == set(kept)


def test_readings_with_differences_stay(few):
    first = reading()
    difference(first)
    for _ in range(4):
        reading()
    prune()
    assert Reading.objects.filter(pk=first.pk).exists()


def test_last_good_reading_stays_however_many_failed_since(few):
    good = reading()
    for _ in range(5):
        reading(state=Reading.State.FAILED)
    prune()
    assert Reading.latest_good("lists") == good


def test_history_goes_after_its_days(settings, db):
    settings.MAXOPS_HISTORY_DAYS = 30
    for days in (29, 31):
        difference(reading(days), days)
        difference(None, days)
    for _ in range(2):
        prune()
    assert Reading.objects.count() == 1
    assert Difference.objects.count() == 2


def test_dry_run_nobody_applied_goes_after_a_week(db):
    for days in (6, 8):
        difference(reading(days, dry_run=True), taken=False)
    applied = reading(8, dry_run=True)
    difference(applied, taken=False)
    reading(8, applies=applied)
    for _ in range(2):
        prune()
    assert Reading.objects.filter(dry_run=True).count() == 2


def test_never_more_at_once_than_a_bite(monkeypatch, db):
    monkeypatch.setattr(retention, "BITE", 2)
    old = reading(500)
    for _ in range(5):
        difference(old, 500)
    left = []
    for _ in range(4):
        prune()
        left.append((Difference.objects.count(), Reading.objects.count()))
    assert left == [(3, 1), (1, 1), (0, 0), (0, 0)]


def test_readings_prune_now_and_then(few, mirrored, monkeypatch):
    monkeypatch.setattr(retention, "EVERY", 1)
    for _ in range(5):
        pull("lists")
    assert Reading.objects.filter(kind="lists").count() == 3


def test_acts_that_ended_go_with_the_history_and_others_stay(settings, db, monkeypatch):
    settings.MAXOPS_HISTORY_DAYS = 30
    monkeypatch.setattr(retention, "BITE", 2)
    long_ago = timezone.now() - timedelta(days=31)
    ended, young, open_one = (
        BulkAct.objects.create(kind="lists", offer="activate", state=state, created_at=long_ago, finished_at=end)
        for state, end in (("finished", long_ago), ("finished", timezone.now()), ("running", None))
    )
    for act in (ended, ended, ended, young, open_one):
        BulkRow.objects.create(bulk_act=act, remote_id=1, subject="Spring")
    prune()
    assert BulkRow.objects.filter(bulk_act=ended).count() == 1
    prune()
    assert set(BulkAct.objects.all()) == {young, open_one}
    assert BulkRow.objects.count() == 2
