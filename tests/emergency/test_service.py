"""Pull, prove, stand down and drill against the stand-in: what is claimed of the dialler is what it did."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.emergency import journal, proof, readings, records, service
from maxops.emergency.models import Event, Kind, State, Step
from maxops.emergency.service import Press
from maxops.mirror.holds import held
from maxops.mirror.models import Ledger
from tests.emergency.conftest import DISABLE, ENABLE, disables, enables, running_ids

pytestmark = pytest.mark.django_db


def press(**values) -> Press:
    return Press(by="h.keeper", reason="Wrong data dialled", **values)


def outcomes(event: Event) -> list[str]:
    return [step.outcome for step in event.steps.filter(what="call")]


def test_pull_stops_all_and_confirms(connected):
    ran = running_ids(connected)
    event = service.pull(press())
    assert event.state == State.ON
    assert (event.running_before, event.confirmed_stopped) == (len(ran), len(ran))
    assert event.still_running == []
    assert enables(connected) == 1
    assert event.accepted_at is not None
    assert event.seconds < 5
    assert Event.objects.get().state == State.ON


def test_pull_leaves_a_ledger_entry_for_the_call(connected):
    service.pull(press())
    entry = Ledger.objects.get(source="emergency")
    assert (entry.staff, entry.operation, entry.outcome) == ("h.keeper", "emergency enable", "accepted")


def test_stubborn_campaign_is_named_and_never_called_confirmed(connected, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    ran = running_ids(connected)
    connected.state.stubborn = {ran[0]}
    event = service.pull(press())
    assert event.state == State.ON_NOT_CONFIRMED
    assert [row["id"] for row in event.still_running] == [ran[0]]
    assert event.confirmed_stopped == len(ran) - 1
    assert enables(connected) == 1


def test_campaigns_that_stop_late_are_confirmed_by_later_readings(connected):
    connected.state.stop_after = 1.2
    event = service.pull(press())
    assert event.state == State.CONFIRMING
    assert event.confirmed_stopped == 0
    time.sleep(1.3)
    event = proof.confirm(event)
    assert event.state == State.ON
    assert event.seconds > 1


def test_second_person_joins_while_the_first_is_being_confirmed(connected):
    connected.state.stop_after = 30
    first = service.pull(press())
    second = service.pull(Press(by="other"))
    assert second.pk == first.pk
    assert enables(connected) == 1
    assert Event.objects.count() == 1
    assert Step.objects.filter(what="press", by="other").exists()


def test_same_press_twice_is_one_even_after_the_stand_down(connected):
    once = press()
    service.pull(once)
    service.release(press())
    service.pull(once)
    assert enables(connected) == 1
    assert Event.objects.get(kind=Kind.PULL).state == State.OFF


def test_press_on_a_confirmed_emergency_calls_again_only_if_something_runs(connected):
    service.pull(press())
    service.pull(press())
    assert enables(connected) == 1
    next(iter(connected.state.records["Campaign"].values()))["Status"] = 1
    Event.objects.update(read_at=timezone.now() - timedelta(seconds=9))
    event = service.pull(press())
    assert enables(connected) == 2
    assert event.state == State.ON


def test_try_again_calls_again(connected, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    connected.state.stubborn = set(running_ids(connected)[:1])
    service.pull(press())
    connected.state.stubborn = set()
    event = service.pull(press(), again=True)
    assert enables(connected) == 2
    assert event.state == State.ON
    assert Event.objects.count() == 1


@pytest.mark.parametrize("kind", ["drop_after", "truncate"])
def test_unknown_answer_after_it_took_effect_is_not_sent_again(connected, kind):
    connected.faults.add(ENABLE, kind)
    event = service.pull(press())
    assert enables(connected) == 1
    assert event.state == State.ON_NOT_CONFIRMED  # seen stopped, never acknowledged
    assert event.accepted_at is None
    assert event.still_running == []
    assert "no answer" in event.answer


@pytest.mark.parametrize(("kind", "details"), [("drop_before", {}), ("status", {"status": 500}), ("html", {})])
def test_unknown_answer_without_effect_is_sent_again_while_campaigns_run(connected, kind, details):
    connected.faults.add(ENABLE, kind, **details)
    event = service.pull(press())
    assert enables(connected) == 2
    assert event.state == State.ON
    assert outcomes(event) == ["unknown", "accepted"]


def test_no_more_than_three_calls_by_themselves(connected, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    connected.faults.add(ENABLE, "status", 0, status=500)
    event = service.pull(press())
    assert enables(connected) == 3
    assert event.state == State.FAILED
    assert "running still" in event.answer


def test_busy_is_tried_again_at_once(connected):
    connected.faults.add(ENABLE, "status", 2, status=503)
    event = service.pull(press())
    assert outcomes(event) == ["no", "no", "accepted"]
    assert event.state == State.ON


def test_refusal_fails_with_the_diallers_words_and_is_not_repeated(connected):
    connected.faults.add(ENABLE, "success_false")
    event = service.pull(press())
    assert enables(connected) == 1
    assert event.state == State.FAILED
    assert event.answer
    assert outcomes(event) == ["refused"]
    assert not event.is_open


def test_expired_token_is_renewed_in_the_same_press(connected):
    connected.faults.add(ENABLE, "expired_token")
    event = service.pull(press())
    assert event.state == State.ON
    assert connected.state.emergency is True


def test_late_answer_is_unknown_and_settled_by_reading(connected):
    connected.faults.add(ENABLE, "slow_after", seconds=20)
    began = time.monotonic()
    event = service.pull(press())
    assert time.monotonic() - began < 15
    assert event.state == State.ON_NOT_CONFIRMED
    assert enables(connected) == 1


def test_unreachable_dialler_fails_and_says_so(connected, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    event = service.pull(press())
    assert event.state == State.FAILED
    assert outcomes(event) == ["no", "no", "no"]
    assert not records.look_up()


def test_nothing_configured_fails_without_a_call(settings):
    settings.MAXCONTACT_URL = settings.MAXCONTACT_LOGIN = settings.MAXCONTACT_PASSWORD = ""
    event = service.pull(press())
    assert event.state == State.FAILED
    assert outcomes(event) == ["not sent"]
    assert not Ledger.objects.exists()


def test_unreadable_campaigns_leave_the_outcome_open(connected):
    readings.read_now()
    connected.faults.add(ENABLE, "drop_after")
    connected.faults.add("GET .*campaigns", "status", 0, status=500)
    event = service.pull(press())
    assert event.state == State.UNKNOWN
    assert enables(connected) == 1
    connected.faults.clear()
    event = proof.confirm(event)
    assert event.state == State.ON_NOT_CONFIRMED


def test_campaign_found_running_after_the_call_counts(connected, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    sight = readings.read_now()
    ran = running_ids(connected)
    idle = next(row["id"] for row in sight.campaigns if row["status"] == 0)
    connected.state.records["Campaign"][idle]["Status"] = 1
    connected.state.stubborn = {idle}
    event = service.pull(press())
    assert event.running_before == len(ran) + 1
    assert [row["id"] for row in event.still_running] == [idle]


def test_paused_counts_as_not_running(connected):
    paused = [pk for pk, row in connected.state.records["Campaign"].items() if row["Status"] == 2]
    event = service.pull(press())
    assert paused
    assert not {row["id"] for row in event.running} & set(paused)


def test_stand_down_restarts_nothing_and_keeps_the_statuses(connected):
    ran = running_ids(connected)
    service.pull(press())
    event = service.release(Press(by="other"))
    assert event.state == State.OFF
    assert event.released_by == "other"
    assert disables(connected) == 1
    assert running_ids(connected) == []
    assert sorted(row["id"] for row in event.running) == ran
    assert records.look_up() is None


def test_stand_down_without_an_answer_is_not_repeated_and_stays_open(connected):
    service.pull(press())
    connected.faults.add(DISABLE, "drop_after")
    event = service.release(press())
    assert event.state == State.STANDING_DOWN
    assert disables(connected) == 1
    event = service.release(press())
    assert event.state == State.OFF
    assert disables(connected) == 2


def test_refused_stand_down_leaves_the_emergency_on(connected):
    service.pull(press())
    connected.faults.add(DISABLE, "success_false")
    event = service.release(press())
    assert event.state == State.ON
    assert "did not go through" in event.release_answer
    assert "did not go through" not in event.answer
    assert "did not go through" in event.as_json()["message"]


def test_stand_down_that_cannot_be_sent_leaves_known_what_was_seen(connected, settings):
    answer = service.pull(press()).answer
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    event = service.release(press())
    assert (event.state, event.answer) == (State.ON, answer)
    assert "did not go through" in event.release_answer


def test_stand_down_without_an_emergency_of_ours_is_sent_all_the_same(connected):
    event = service.release(press())
    assert (event.kind, event.state) == (Kind.RELEASE, State.OFF)
    assert disables(connected) == 1


def test_drill_sends_no_request(connected):
    event = service.drill(press())
    assert enables(connected) == 0
    assert event.state == State.DRILL
    assert event.as_json()["state"] == "drill"
    assert event.running_before == len(running_ids(connected))
    assert records.look_up() == event
    service.end_drill("h.keeper")
    records.glance.forget()
    assert records.look_up() is None


def test_pull_during_a_drill_is_a_real_one(connected):
    service.drill(press())
    event = service.pull(press())
    assert event.kind == Kind.PULL
    assert enables(connected) == 1
    assert records.look_up() == event


def test_drill_during_an_emergency_is_not_begun(connected):
    opened = service.pull(press())
    assert service.drill(press()) == opened


def test_call_whose_process_died_is_settled_by_reading(connected):
    event = press().event(Kind.PULL, readings.read_now())
    event.called_at = event.requested_at = timezone.now() - timedelta(seconds=60)
    event.deadline = timezone.now() + timedelta(seconds=60)
    records.save(event)
    event = proof.confirm(event)
    assert event.state == State.UNKNOWN
    for row in connected.state.records["Campaign"].values():
        row["Status"] = 0
    Event.objects.update(read_at=timezone.now() - timedelta(seconds=9))
    event = proof.confirm(records.get(event.pk))
    assert event.state == State.ON_NOT_CONFIRMED


def test_journal_keeps_no_secret(connected):
    service.pull(press())
    text = journal.place().read_text()
    assert "sandbox-password" not in text
    assert "TokenKey" not in text
    assert journal.place().stat().st_mode & 0o077 == 0


def test_press_during_the_calls_of_another_waits_for_nothing(connected):
    event = press().event(Kind.PULL, None)
    records.save(event)
    assert service.pull(press(), again=True).pk == event.pk
    assert service.release(press()).state == State.REQUESTED
    assert enables(connected) == disables(connected) == 0


def test_a_press_long_after_the_last_call_asks_again(connected):
    """The Portal may have switched the emergency off meanwhile, and nothing would show it."""
    event = service.pull(press())
    service.pull(press())
    assert enables(connected) == 1
    event.refresh_from_db()
    event.called_at -= timedelta(seconds=service.ROUND_SECONDS + 1)
    event.save()
    again = service.pull(press())
    assert (again.pk, again.state, enables(connected)) == (event.pk, State.ON, 2)
    assert "Joined by another press: Wrong data dialled" in [step.text for step in again.steps.all()]


def test_stand_down_warns_of_a_request_that_may_still_arrive(connected):
    connected.faults.add(ENABLE, "drop_after")
    service.pull(press())
    released = service.release(press())
    assert released.state == State.OFF
    assert "may still take effect" in released.release_answer


def test_unreadable_campaigns_are_never_counted(connected, settings):
    settings.MAXOPS_EMERGENCY_SECONDS = 0
    connected.faults.add("GET .*/campaigns", "status", status=500, times=0)
    event = service.pull(press())
    assert event.state == State.ON_NOT_CONFIRMED
    assert "could not be read" in event.answer


def test_paused_campaigns_are_stopped_too_and_counted_apart(connected):
    ran = running_ids(connected)
    paused = [pk for pk, row in connected.state.records["Campaign"].items() if row["Status"] == 2]
    event = service.pull(press())
    assert paused
    assert sorted(row["id"] for row in event.affected) == sorted(ran + paused)
    assert (event.running_before, event.confirmed_stopped) == (len(ran), len(ran))
    assert {str(pk) for pk in ran + paused} == set(event.stopped)


def test_campaign_started_meanwhile_was_not_stopped_by_the_pull(connected):
    event = service.pull(press())
    idle = next(row["id"] for row in event.before if row["status"] == 0)
    connected.state.records["Campaign"][idle]["Status"] = 1
    event = proof.confirm(event, wanted=True)
    assert idle not in {row["id"] for row in event.affected}


def test_new_pull_forgets_the_stand_down_that_failed(connected):
    service.pull(press())
    connected.faults.add(DISABLE, "drop_after")
    service.release(press())
    event = service.pull(press(), again=True)
    assert event.state == State.ON
    assert (event.release_answer, event.released_by, event.release_requested_at) == ("", "", None)
    assert event.as_json()["message"] == event.answer


def test_a_panel_left_open_since_an_ended_emergency_pulls_anew(connected):
    old = press()
    event = service.pull(old)
    service.release(press())
    assert service.pull(old).state == State.OFF
    Event.objects.filter(pk=event.pk).update(released_at=timezone.now() - 2 * service.SAME_PRESS)
    again = service.pull(old)
    assert (again.state, enables(connected)) == (State.ON, 2)
    assert again.pk != event.pk


def test_nothing_is_to_be_started_from_the_press_on():
    records.claim(press().event(Kind.PULL, None), press().step("Stop everything"))  # its call has not left yet
    assert "handle was pulled" in held()


def test_nothing_is_to_be_started_until_the_release(connected):
    service.drill(press())
    assert held() == ""
    service.pull(press())
    assert "handle was pulled" in held()
    assert service.release(press()).state == State.OFF
    assert held() == ""
