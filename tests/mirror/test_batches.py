"""Bulk acts: confirmed exactly once, an outcome a row, stopped when the dialler is away, taken up after a crash."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.locks import hold
from maxops.mirror import batch_runs, batches
from maxops.mirror.author import Author
from maxops.mirror.models import Batch, Ledger
from maxops.mirror.offers import offer_of
from maxops.mirror.tasks import resume_batches
from maxops.remote.errors import Refused
from maxops.users.models import User
from tests.mirror.crowd import at_once, slowly

AUTHOR = Author("m.naidu", "bulk", "192.0.2.7")
OTHER = Author("o.other", "bulk", "192.0.2.8")


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def propose(kind: str, name: str, rows, **parameters) -> Batch:
    return batches.propose(offer_of(kind, name), rows, parameters, AUTHOR)


def stop(*pks: int) -> Batch:
    return propose("campaigns", "stop", Campaign.objects.filter(pk__in=pks).order_by("pk"))


def told(batch: Batch) -> list[tuple[int, str, str]]:
    return list(batch.rows.values_list("remote_id", "outcome", "words"))


def statuses(sandbox, *pks: int) -> list[int]:
    return [sandbox.state.records["Campaign"][pk]["Status"] for pk in pks]


def test_proposal_sends_nothing_and_confirming_does_it_once(mirrored):
    batch = stop(1, 2, 3)
    assert (batch.state, mirrored.journal.entries) == ("proposed", [])
    assert batches.confirm(batch, OTHER)
    assert batch.state == "finished"
    assert statuses(mirrored, 1, 2, 3) == [0, 0, 0]
    sent = len(mirrored.journal.find("PATCH"))
    assert not batches.confirm(batch, OTHER)
    assert len(mirrored.journal.find("PATCH")) == sent == 3
    assert batches.counts(batch)["done"] == 3
    assert set(Ledger.objects.values_list("staff", "source", "address")) == {("o.other", "bulk", "192.0.2.8")}


def test_what_stood_so_is_sent_all_the_same_and_said(mirrored):
    mirrored.state.records["Campaign"][2]["Status"] = 1  # the mirror does not know yet
    Campaign.objects.filter(pk__in=[1, 2]).update(status=0)
    batch = stop(1, 2)
    batches.confirm(batch, AUTHOR)
    assert [words for _, _, words in told(batch)] == ["already stopped", "already stopped"]
    assert statuses(mirrored, 1, 2) == [0, 0]


def test_refused_row_says_why_and_the_rest_goes_on(mirrored):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    batch = stop(1, 2, 3)
    batches.confirm(batch, AUTHOR)
    assert batch.state == "finished"
    assert [outcome for _, outcome, _ in told(batch)] == ["done", "refused", "done"]
    assert told(batch)[1][2].startswith("not stopped. MaxContact declined")
    assert batches.told(batch) == "2 done, 1 not done."


def test_rows_not_done_are_proposed_again(mirrored):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    batch = stop(1, 2, 3)
    batches.confirm(batch, AUTHOR)
    mirrored.faults.clear()
    new = batches.again(batch, OTHER)
    assert [(remote_id, outcome) for remote_id, outcome, _ in told(new)] == [(2, "")]
    batches.confirm(new, OTHER)
    assert statuses(mirrored, 2) == [0]
    with pytest.raises(Refused, match="nothing to try again"):
        batches.again(new, OTHER)


def test_dialler_that_is_away_stops_it_and_the_rest_is_not_tried(mirrored, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    batch = stop(1, 2, 3)
    batches.confirm(batch, AUTHOR)
    assert (batch.state, [outcome for _, outcome, _ in told(batch)]) == ("stopped", ["refused", "", ""])
    assert "could not be reached" in batch.message


def test_account_that_may_not_stops_it(mirrored):
    mirrored.faults.add("PATCH ", "status", times=0, status=403)
    batch = stop(1, 2)
    batches.confirm(batch, AUTHOR)
    assert (batch.state, batches.counts(batch)[""]) == ("stopped", 1)
    assert "does not allow" in batch.message


def test_without_a_setup_no_row_is_tried(mirrored, settings):
    settings.MAXCONTACT_URL = ""
    batch = stop(1, 2)
    batches.confirm(batch, AUTHOR)
    assert (batch.state, batches.counts(batch)[""]) == ("stopped", 2)
    assert batch.message.startswith("MAXCONTACT_URL is not set")
    assert not Ledger.objects.exists()


def test_busy_dialler_stops_it(mirrored):
    mirrored.faults.add("PATCH ", "status", times=0, status=503, retry_after=60)
    batch = stop(1, 2)
    batches.confirm(batch, AUTHOR)
    assert (batch.state, batches.counts(batch)[""]) == ("stopped", 1)


def test_one_row_without_an_answer_is_unknown_and_two_running_stop_it(mirrored):
    mirrored.faults.add("PUT .*/lists/2/activitystatus", "drop_after", times=0)
    batch = propose("lists", "deactivate", LeadList.objects.filter(pk__in=[1, 2, 3]).order_by("pk"))
    batches.confirm(batch, AUTHOR)
    assert [outcome for _, outcome, _ in told(batch)] == ["done", "unknown", "done"]
    assert "not known whether it was set inactive" in told(batch)[1][2]
    mirrored.faults.add("PUT ", "drop_after", times=0)
    batch = propose("lists", "activate", LeadList.objects.filter(pk__in=[1, 2, 3, 4]))
    batches.confirm(batch, AUTHOR)
    assert (batch.state, batches.counts(batch)["unknown"], batches.counts(batch)[""]) == ("stopped", 2, 2)


def test_many_rows_go_to_the_worker(mirrored, django_capture_on_commit_callbacks):
    rows = User.objects.exclude(login__iexact="MaxSupport").order_by("pk")[:25]
    batch = propose("users", "activate", rows)
    with django_capture_on_commit_callbacks() as queued:
        batches.confirm(batch, AUTHOR)
    assert (batch.state, mirrored.journal.entries) == ("waiting", [])
    for run_it in queued:
        run_it()
    batch.refresh_from_db()
    assert (batch.state, batches.counts(batch)["done"]) == ("finished", 25)


def test_slow_dialler_keeps_nobody_waiting(mirrored, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(batches, "SECONDS_AT_ONCE", 0.2)
    mirrored.faults.add("PATCH ", "slow", times=0, seconds=0.15)
    batch = stop(1, 2, 3, 4)
    with django_capture_on_commit_callbacks() as queued:
        batches.confirm(batch, AUTHOR)
    assert batch.state == "running"
    assert 0 < batches.counts(batch)["done"] < 4
    mirrored.faults.clear()
    for run_it in queued:
        run_it()
    batch.refresh_from_db()
    assert (batch.state, batches.counts(batch)["done"]) == ("finished", 4)


def test_skills_go_in_one_call_and_settle_row_by_row(mirrored):
    users = list(User.objects.order_by("pk")[:6])
    vendor = User.objects.get(login__iexact="MaxSupport")
    gone = users[2]
    del mirrored.state.records["User"][gone.pk]
    batch = propose("users", "give_skill", [*users, vendor])
    with pytest.raises(Refused) as refusal:
        batches.confirm(batch, AUTHOR)
    assert set(refusal.value.fields) == {"skill", "proficiency"}
    assert (Batch.objects.get(pk=batch.pk).state, mirrored.journal.entries) == ("proposed", [])
    batches.confirm(batch, AUTHOR, {"skill": "17", "proficiency": "8"})
    assert (batch.state, batch.parameters) == ("finished", {"skill": 17, "proficiency": 8})
    outcomes = {remote_id: (outcome, words) for remote_id, outcome, words in told(batch)}
    assert {pk for pk, (outcome, _) in outcomes.items() if outcome == "refused"} == {gone.pk, vendor.pk}
    assert "vendor's own account" in outcomes[vendor.pk][1]
    assert "was not found" in outcomes[gone.pk][1]
    assert set(mirrored.state.skills) == {(user.pk, 17) for user in users if user != gone and user != vendor}


# After a crash


def crashed(batch: Batch, *, silent: int, sending: int | None = None) -> None:
    """As a worker that died leaves it."""
    Batch.objects.filter(pk=batch.pk).update(
        state="running", alive_at=timezone.now() - timedelta(seconds=silent), staff="m.naidu"
    )
    if sending is not None:
        batch.rows.filter(remote_id=sending).update(outcome="sending")


def resume(capture) -> None:
    with capture(execute=True):
        resume_batches()


def test_crashed_batch_goes_on_where_it_was(mirrored, django_capture_on_commit_callbacks):
    batch = stop(1, 2, 3)
    batch.rows.filter(remote_id=1).update(outcome="done", words="stopped")
    crashed(batch, silent=61, sending=2)
    resume(django_capture_on_commit_callbacks)
    batch.refresh_from_db()
    assert (batch.state, batches.counts(batch)["done"]) == ("finished", 3)
    assert [entry["path"].split("/")[-2] for entry in mirrored.journal.find("PATCH")] == ["2", "3"]


def test_batch_that_gives_signs_of_life_is_left_alone(mirrored, settings, django_capture_on_commit_callbacks):
    batch = stop(1)
    crashed(batch, silent=5)
    resume(django_capture_on_commit_callbacks)
    assert mirrored.journal.entries == []
    crashed(batch, silent=100)
    with hold(settings.DATA_DIR / "locks" / f"batch-{batch.pk}"):
        resume(django_capture_on_commit_callbacks)
    assert mirrored.journal.entries == []


def test_lost_message_heals_and_old_proposals_are_forgotten(mirrored, django_capture_on_commit_callbacks):
    waiting, old, young = stop(1), stop(2), stop(3)
    Batch.objects.filter(pk=waiting.pk).update(state="waiting")
    Batch.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    resume(django_capture_on_commit_callbacks)
    assert statuses(mirrored, 1, 2) == [0, 1]
    assert list(Batch.objects.order_by("pk").values_list("pk", "state")) == [
        (waiting.pk, "finished"),
        (young.pk, "proposed"),
    ]


def test_cancelled_before_nothing_is_sent(mirrored):
    batch = stop(1, 2)
    assert batches.cancel(batch)
    assert batch.state == "cancelled"
    assert not batches.confirm(batch, AUTHOR)
    assert not batches.cancel(batch)
    assert mirrored.journal.entries == []


def test_running_one_stops_at_the_next_sign_of_life(mirrored, monkeypatch):
    monkeypatch.setattr(batch_runs, "SIGN_OF_LIFE_SECONDS", 0)
    batch = stop(1, 2, 3)
    Batch.objects.filter(pk=batch.pk).update(state="waiting")
    mirrored.faults.add("PATCH .*/campaigns/2/", "success_false", times=0)
    going = batch_runs.Going(batch, offer_of("campaigns", "stop"), {}, batch_runs.FOREVER)
    Batch.objects.filter(pk=batch.pk).update(state="stopped")
    with pytest.raises(batch_runs.Stop):
        going.through()
    assert batches.counts(batch)[""] == 3


def test_offer_that_an_upgrade_took_away_stops_it_in_words(mirrored):
    batch = stop(1)
    Batch.objects.filter(pk=batch.pk).update(state="waiting", offer="juggle")
    assert batches.run(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.message) == ("stopped", "There is no juggle for campaigns.")


def test_nothing_chosen_is_no_batch(mirrored):
    with pytest.raises(Refused, match="Nothing was chosen"):
        stop(999)
    assert not Batch.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_send_once(mirrored):
    batch, mine = stop(1, 2), []

    def click() -> None:
        mine.append(batches.confirm(Batch.objects.get(pk=batch.pk), AUTHOR))

    slowly(mirrored, "PATCH ")
    at_once(mirrored, click, click)
    assert mine == [False, True]  # the second heard at once that it was on its way
    assert len(mirrored.journal.find("PATCH")) == 2


# By command


def test_command_runs_it_and_tells_its_counts(mirrored, capsys):
    batch = stop(1, 2)
    with pytest.raises(CommandError, match="Nobody has confirmed it"):
        call_command("batch", str(batch.pk))
    Batch.objects.filter(pk=batch.pk).update(state="waiting")
    call_command("batch", str(batch.pk), json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["state"], answer["rows"]["done"], answer["rows"]["not_tried"]) == ("finished", 2, 0)


def test_command_goes_on_with_one_that_stopped(mirrored, capsys):
    mirrored.faults.add("PATCH ", "status", times=0, status=503, retry_after=60)
    batch = stop(1, 2, 3)
    batches.confirm(batch, AUTHOR)
    mirrored.faults.clear()
    with pytest.raises(CommandError, match="1 not done"):
        call_command("batch", str(batch.pk))
    assert "2 done, 1 not done" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no bulk act 999999"):
        call_command("batch", "999999")
