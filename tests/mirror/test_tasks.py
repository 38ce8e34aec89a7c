"""The scheduled readings: they read, and a dialler that is away is one line in the log."""

import logging

from maxops.campaigns.models import Campaign
from maxops.mirror.models import Reading
from maxops.mirror.tasks import pull_all, pull_one
from maxops.users.models import User


def test_everything_is_read(connected, db):
    pull_all.delay()
    assert (Campaign.objects.count(), User.objects.count()) == (12, 60)
    assert set(Reading.objects.values_list("source", flat=True)) == {"schedule"}


def test_done_twice_is_done_once(connected, db):
    pull_one.delay("campaigns")
    pull_one.delay("campaigns")
    assert [reading.changed for reading in Reading.objects.all()] == [0, 0]


def test_dialler_away_is_one_line(connected, db, settings, caplog):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    with caplog.at_level(logging.WARNING, "maxops.mirror"):
        pull_one.delay("campaigns")
    lines = [record for record in caplog.records if record.name.startswith("maxops.mirror")]
    assert len(lines) == 1
    assert lines[0].exc_info is None


def test_nothing_configured_is_silence(db, settings, caplog):
    settings.MAXCONTACT_URL = settings.MAXCONTACT_LOGIN = settings.MAXCONTACT_PASSWORD = ""
    pull_all.delay()
    assert [record for record in caplog.records if record.name.startswith("maxops")] == []
    assert not Reading.objects.exists()
