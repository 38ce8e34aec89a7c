"""The local journal: what it remembers, what a crash or a full disk leaves behind, and who may hold the lock."""

from threading import Thread
from uuid import uuid4

import pytest
from django.test import RequestFactory
from django.utils import timezone

from maxops.emergency import context, journal, readings, records
from maxops.emergency.models import Event, State, Step


def an_event(state: State = State.ON, **values) -> Event:
    before = [{"id": 1, "name": "Energy Switching", "status": 1}]
    return Event(state=state, by="h.keeper", before=before, called_at=timezone.now(), **values)


def test_events_come_back_as_they_were_written():
    event = an_event(accepted_at=timezone.now(), reason="Evacuation")
    step = Step(event=event, what="call", outcome="accepted", text="Yes.")
    journal.write(event, [step], in_database=False)
    entry = journal.read()[event.pk]
    assert entry.event.as_json() == event.as_json()
    assert [(kept.pk, kept.at, kept.text) for kept in entry.steps] == [(step.pk, step.at, "Yes.")]
    assert journal.of_press(step.pk) == event
    assert journal.of_press(uuid4()) is None


def test_line_cut_short_by_a_crash_costs_only_itself():
    first, second = an_event(), an_event()
    journal.write(first, [], in_database=True)
    with journal.place().open("a") as file:
        file.write('\n{"in_database": true, "event": {"id"')
    assert set(journal.read()) == {first.pk}
    journal.write(second, [], in_database=True)
    assert set(journal.read()) == {first.pk, second.pk}


def test_long_journal_is_cut_to_the_latest_and_to_what_the_database_lacks(monkeypatch):
    pending, step = an_event(), Step(what="press")
    step.event = pending
    journal.write(pending, [step], in_database=False)
    monkeypatch.setattr(journal, "COMPACT_BYTES", 10_000)
    events = [an_event() for _ in range(60)]
    for event in events:
        journal.write(event, [], in_database=True)
    assert journal.place().stat().st_size < 20_000
    kept = journal.read()
    assert events[-1].pk in kept
    assert [kept_step.pk for kept_step in kept[pending.pk].steps] == [step.pk]
    assert journal.of_press(step.pk) == pending


def test_what_is_read_cannot_be_changed_by_its_reader():
    event = an_event()
    journal.write(event, [], in_database=True)
    journal.latest(lambda _: True).before.append("spoiled")
    assert journal.latest(lambda _: True).before == event.before


def test_stuck_lock_is_waited_for_only_briefly():
    answers = []

    def try_it() -> None:
        with journal.lock() as ours:
            answers.append(ours)

    with journal.lock() as ours:
        assert ours
        other = Thread(target=try_it)
        other.start()
        other.join(5)
    assert answers == [False]
    try_it()
    assert answers == [False, True]


def test_only_one_reads_at_a_time():
    with journal.sole_reader() as first, journal.sole_reader() as second:
        assert (first, second) == (True, False)


@pytest.mark.django_db
def test_what_the_journal_alone_knows_corrects_the_database():
    event = an_event(state=State.STANDING_DOWN)
    records.save(event)
    event.state = State.OFF
    records.retry.after = float("inf")  # the database takes no more writes for now
    journal.write(event, [], in_database=False)
    assert records.open_pull() is None
    assert records.get(event.pk).state == State.OFF
    records.retry.after = 0.0
    records.look_up()
    assert Event.objects.get().state == State.OFF


@pytest.mark.django_db
def test_younger_of_two_open_emergencies_goes_on():
    """Two machines opened one each while their database was away."""
    older, younger = an_event(), an_event()
    records.save(older)
    records.save(younger)
    assert Event.objects.get(pk=older.pk).state == State.JOINED
    assert records.open_pull() == younger


@pytest.mark.django_db
def test_forgotten_drill_is_over_after_a_while():
    drill = an_event(state=State.DRILL, kind="drill")
    records.save(drill)
    assert records.look_up() == drill
    Event.objects.update(requested_at=timezone.now() - records.DRILL_OVER_AFTER)
    assert records.look_up() is None


def test_strangers_get_no_bar(rf: RequestFactory):
    assert context.emergency(rf.get("/")) == {"emergency": None}


def test_broken_file_of_a_reading_is_no_reading():
    readings.place().write_text("{")
    assert readings.from_file() is None
