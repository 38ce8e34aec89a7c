"""MaxContact cannot be reached: runs wait, say since when, knock rarely, and go on by themselves."""

import time
from datetime import timedelta

import pytest

from maxops.imports import delivery, outages
from maxops.imports.models import RunEvent
from maxops.imports.tasks import resume_stale
from maxops.mirror.models import Ledger
from tests.imports.uploading import assert_adds_up, check
from tests.leadfiles import ROWS, write_planted
from tests.remote.scripted import gives_token, says, scripted

CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def planted(connected, tmp_path):
    return write_planted(connected, tmp_path / "planted.csv")


@pytest.fixture
def away(mapping, planted, connected, settings):
    """A run sent while nobody listens."""
    settings.MAXCONTACT_URL = CLOSED
    return begin(planted, mapping)


def begin(planted, mapping):
    run = check(planted.path, mapping)
    delivery.send(run, "send", "tester", again=True)
    delivery.deliver(run.pk)
    return run


def let_it_be_due() -> None:
    outage = outages.read("maxcontact")
    outages.write("maxcontact", outage._replace(next=time.time() - 1))


def test_run_waits_says_since_when_and_goes_on_by_itself(away, connected, settings, manager, letter_box):
    state = assert_adds_up(away)
    assert (state["state"], state["not_attempted"], state["sent"]) == ("sending", ROWS, 0)
    outage = outages.read("maxcontact")
    assert f"cannot be reached since {outage.since_words}; trying again at {outage.next_words}" in state["message"]
    assert "cannot be reached since" in manager.get(away.get_absolute_url()).content.decode()
    settings.MAXCONTACT_URL = connected.url
    resume_stale()
    assert assert_adds_up(away)["sent"] == 0, "tried before it was due"
    let_it_be_due()
    resume_stale()
    state = assert_adds_up(away)
    assert (state["state"], state["sent"], state["message"]) == ("waiting", ROWS, "")
    assert outages.read("maxcontact") is None
    letter_box.hand_over()
    assert assert_adds_up(away)["accepted"] == ROWS - 40
    assert len(connected.state.uploads) == 1


def test_each_pause_is_long_enough_and_short_enough(away):
    pauses = []
    for _ in range(20):
        let_it_be_due()
        resume_stale()
        pauses.append(outages.read("maxcontact").next - time.time())
    # Three connections a try: six a minute at most; the schedule adds up to 20 s, and a minute is the promise.
    assert min(pauses) >= 29
    assert max(pauses) <= 39
    assert len(set(pauses)) > 1, "no jitter"
    assert outages.read("maxcontact").tries == 21


def test_one_of_many_runs_knocks_for_all(away, planted, mapping, connected, settings):
    others = [begin(planted, mapping) for _ in range(3)]
    assert outages.read("maxcontact").tries == 1
    for run in others:
        assert "cannot be reached since" in assert_adds_up(run)["message"]
    let_it_be_due()
    resume_stale()
    assert outages.read("maxcontact").tries == 2
    settings.MAXCONTACT_URL = connected.url
    let_it_be_due()
    resume_stale()
    for run in (away, *others):
        resume_stale()
        assert assert_adds_up(run)["sent"] == ROWS
    assert len(connected.state.uploads) == 4


def test_a_day_of_it_leaves_one_line_in_log_and_ledger_and_then_asks_a_person(away, connected, settings):
    for _ in range(5):
        let_it_be_due()
        resume_stale()
    assert Ledger.objects.count() == 1
    assert RunEvent.objects.filter(run=away, text__contains="could not be sent").count() == 1
    outage = outages.read("maxcontact")
    day = timedelta(hours=24, minutes=1).total_seconds()
    outages.write("maxcontact", outage._replace(since=time.time() - day))
    resume_stale()
    state = assert_adds_up(away)
    assert (state["state"], state["not_attempted"]) == ("interrupted", ROWS)
    assert "more than a day" in state["message"]
    settings.MAXCONTACT_URL = connected.url
    delivery.send(away, "send", "tester")
    delivery.deliver(away.pk)
    assert assert_adds_up(away)["sent"] == ROWS


def test_log_in_turned_away_waits_as_long_as_asked(mapping, planted, settings):
    taken = says({"Success": True, "Errors": [], "ImportIDs": [7]})
    with scripted(says(b"", 503, Retry_After="300"), gives_token(), taken) as server:
        settings.MAXCONTACT_URL = server.url
        run = begin(planted, mapping)
        state = assert_adds_up(run)
        assert (state["state"], state["not_attempted"]) == ("sending", ROWS)
        assert outages.read("maxcontact").next - time.time() > 290
        let_it_be_due()
        resume_stale()
        assert len(server.requests) == 3
    assert assert_adds_up(run)["sent"] == ROWS


def test_clock_set_back_does_not_make_it_wait_for_hours(away, connected, settings):
    outage = outages.read("maxcontact")
    outages.write("maxcontact", outage._replace(next=time.time() + 50_000))
    settings.MAXCONTACT_URL = connected.url
    resume_stale()
    assert assert_adds_up(away)["sent"] == ROWS
