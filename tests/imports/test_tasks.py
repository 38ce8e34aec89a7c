"""What the queue does when messages are lost or workers die."""

from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.imports import delivery, intake, slips
from maxops.imports.models import Answer, Part, Run
from maxops.imports.tasks import check_run, deliver_run, resume_stale, settle_answer
from tests.imports.uploading import assert_adds_up
from tests.leadfiles import write_planted


@pytest.fixture
def received(connected, mapping, tmp_path):
    """A run whose check was never queued."""
    path = write_planted(connected, tmp_path / "planted.csv").path
    return intake.receive(intake.stage([path.read_bytes()]), path.name, intake.Wish(mapping, staff="tester"))


def test_every_task_may_run_twice(received, letter_box, connected):
    for _ in range(2):
        check_run(received.pk)
    received.refresh_from_db()
    delivery.send(received, "send", "tester")
    for _ in range(2):
        deliver_run(received.pk)
    letter_box.hand_over()
    first = assert_adds_up(received)
    settle_answer(Answer.objects.get().pk)
    resume_stale()
    assert assert_adds_up(received) == first
    assert len(connected.state.uploads) == 1


def test_run_whose_messages_were_lost_goes_on(received, letter_box):
    resume_stale()
    received.refresh_from_db()
    assert received.state == "ready"
    delivery.send(received, "send", "tester")
    resume_stale()
    letter_box.hand_over()
    assert assert_adds_up(received)["state"] == "finished_with_rejects"


def test_check_cut_short_begins_again(received):
    Run.objects.filter(pk=received.pk).update(state="checking", rows=17)
    resume_stale()
    received.refresh_from_db()
    assert (received.state, received.rows) == ("ready", 1000)


def test_sender_that_died_after_somebody_stopped_its_run_leaves_a_question_and_no_endless_wait(received, letter_box):
    check_run(received.pk)
    received.refresh_from_db()
    delivery.send(received, "send", "tester")
    deliver_run(received.pk)
    part = received.parts.get()
    slips.leave(intake.files_of(received), part.number, part.tries)  # as far as it came
    received.parts.update(state=Part.State.SENDING, reference="")
    Run.objects.filter(pk=received.pk).update(state="interrupted")
    resume_stale()
    part.refresh_from_db()
    assert part.state == "unknown"
    assert assert_adds_up(received)["unknown"] == received.rows
    letter_box.hand_over()
    assert assert_adds_up(received)["state"] == "finished_with_rejects"


def test_run_somebody_holds_is_left_alone(received):
    with intake.hold(intake.files_of(received).folder / "lock"):
        resume_stale()
    received.refresh_from_db()
    assert received.state == "received"


def test_stored_answer_nobody_settled_is_settled(received, letter_box, monkeypatch):
    check_run(received.pk)
    received.refresh_from_db()
    delivery.send(received, "send", "tester")
    deliver_run(received.pk)
    monkeypatch.setattr("maxops.imports.callbacks.enqueue", lambda *_: None)
    letter_box.hand_over()
    assert assert_adds_up(received)["state"] == "waiting"
    Answer.objects.update(received_at=timezone.now() + timedelta(seconds=1))
    resume_stale()
    assert assert_adds_up(received)["state"] == "finished_with_rejects"
