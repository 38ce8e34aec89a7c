"""The scheduled readings: they read, and a dialler that is away is one line in the log."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from maxops.campaigns.models import Campaign
from maxops.celery import app
from maxops.mirror.author import Author
from maxops.mirror.models import Reading
from maxops.mirror.tasks import ask_for, pull_all, pull_board, pull_one, pull_rest, read_asked
from maxops.teams.models import Team
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


NAIDU = Author("m.naidu", "sync")


def test_reading_somebody_asked_for_is_theirs(mirrored):
    mirrored.state.records["Team"][1]["TeamName"] = "Theirs"
    reading = ask_for("teams", NAIDU)
    assert (reading.state, reading.changed) == ("done", 1)
    assert (reading.staff, reading.source) == ("m.naidu", "sync")
    assert set(reading.steps) == {"read", "compare", "write"}


def test_dry_run_somebody_asked_for_writes_nothing(mirrored):
    mirrored.state.records["Team"][1]["TeamName"] = "Theirs"
    reading = ask_for("teams", NAIDU, dry_run=True)
    assert (reading.state, reading.dry_run, reading.changed) == ("done", True, 1)
    assert not Team.objects.filter(name="Theirs").exists()
    assert reading.differences.get().taken is False


def test_loss_is_accepted_by_its_number(mirrored):
    table = mirrored.state.records["List"]
    gone = sorted(table)[: len(table) // 2]
    for pk in gone:
        del table[pk]
    assert ask_for("lists", NAIDU, loss_accepted=len(gone) - 1).state == "refused"
    reading = ask_for("lists", NAIDU, loss_accepted=len(gone))
    assert (reading.state, reading.missing) == ("done", len(gone))


def test_reading_that_cannot_begin_says_why(mirrored, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    reading = ask_for("teams", NAIDU)
    assert reading.state == "failed"
    assert "could not be reached" in reading.message


@pytest.fixture
def queue_in_files(settings):
    """As it is outside of tests: what is asked for waits in a folder."""
    waiting = settings.DATA_DIR / "queue" / "waiting"
    app.conf.task_always_eager = False
    yield waiting
    app.conf.task_always_eager = True
    waiting.mkdir(exist_ok=True)
    for message in waiting.iterdir():
        message.unlink()


def test_reading_waits_for_the_worker(mirrored, queue_in_files):
    assert ask_for("teams", NAIDU).state == "waiting"
    assert len(list(queue_in_files.iterdir())) == 1
    assert mirrored.journal.entries == []


def test_queue_that_is_down_leaves_no_reading(mirrored, queue_in_files):
    count = Reading.objects.count()
    queue_in_files.rmdir()
    with pytest.raises(OperationalError):
        ask_for("teams", NAIDU)
    assert Reading.objects.count() == count


def test_waiting_reading_nobody_took_up_fails_in_words(mirrored):
    long_ago = timezone.now() - timedelta(minutes=3)
    left = Reading.objects.create(kind="users", state="waiting", started_at=long_ago, dry_run=True)
    young = Reading.objects.create(kind="users", state="waiting")
    pull_board.delay()
    left.refresh_from_db()
    young.refresh_from_db()
    assert (left.state, left.message) == ("failed", "The worker did not take it up.")
    assert young.state == "waiting"


def test_reading_given_up_is_not_begun_by_a_late_worker(mirrored):
    left = Reading.objects.create(kind="users", state="failed")
    read_asked.delay(left.pk)
    read_asked.delay(left.pk + 1000)
    assert mirrored.journal.entries == []


def test_the_rest_is_all_but_the_campaigns(connected, db):
    pull_rest.delay()
    assert set(Reading.objects.values_list("kind", flat=True)) == {"lists", "teams", "users"}


def test_kind_that_is_being_read_is_left_out(mirrored):
    Reading.objects.create(kind="lists")
    pull_rest.delay()
    pull_one.delay("lists")
    assert mirrored.journal.find("GET", "/lists$") == []
    assert len(mirrored.journal.find("GET", "/users$")) == 1
