"""Bulk acts: confirmed exactly once, an outcome a row, stopped when the dialler is away, taken up after a crash."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList
from maxops.locks import hold
from maxops.mirror import bulk_acts, bulk_runs
from maxops.mirror.author import Author
from maxops.mirror.models import BulkAct, Ledger
from maxops.mirror.offers import offer_of
from maxops.mirror.tasks import resume_bulk_acts
from maxops.remote.errors import Refused
from maxops.users.models import User
from tests.mirror.crowd import at_once, slowly

AUTHOR = Author("m.naidu", "bulk", "192.0.2.7")
OTHER = Author("o.other", "bulk", "192.0.2.8")


@pytest.fixture(autouse=True)
def data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def propose(kind: str, name: str, rows, **parameters) -> BulkAct:
    return bulk_acts.propose(offer_of(kind, name), rows, parameters, AUTHOR)


def stop(*pks: int) -> BulkAct:
    return propose("campaigns", "stop", Campaign.objects.filter(pk__in=pks).order_by("pk"))


def told(bulk_act: BulkAct) -> list[tuple[int, str, str]]:
    return list(bulk_act.rows.values_list("remote_id", "outcome", "words"))


def statuses(sandbox, *pks: int) -> list[int]:
    return [sandbox.state.records["Campaign"][pk]["Status"] for pk in pks]


def test_proposal_sends_nothing_and_confirming_does_it_once(mirrored):
    bulk_act = stop(1, 2, 3)
    assert (bulk_act.state, mirrored.journal.entries) == ("proposed", [])
    assert bulk_acts.confirm(bulk_act, OTHER)
    assert bulk_act.state == "finished"
    assert statuses(mirrored, 1, 2, 3) == [0, 0, 0]
    sent = len(mirrored.journal.find("PATCH"))
    assert not bulk_acts.confirm(bulk_act, OTHER)
    assert len(mirrored.journal.find("PATCH")) == sent == 3
    assert bulk_acts.counts(bulk_act)["done"] == 3
    assert set(Ledger.objects.values_list("staff", "source", "address")) == {("o.other", "bulk", "192.0.2.8")}


def test_what_stood_so_is_sent_all_the_same_and_said(mirrored):
    mirrored.state.records["Campaign"][2]["Status"] = 1  # the mirror does not know yet
    Campaign.objects.filter(pk__in=[1, 2]).update(status=0)
    bulk_act = stop(1, 2)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert [words for _, _, words in told(bulk_act)] == ["already stopped", "already stopped"]
    assert statuses(mirrored, 1, 2) == [0, 0]


def test_refused_row_says_why_and_the_rest_goes_on(mirrored):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    bulk_act = stop(1, 2, 3)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert bulk_act.state == "finished"
    assert [outcome for _, outcome, _ in told(bulk_act)] == ["done", "refused", "done"]
    assert told(bulk_act)[1][2].startswith("not stopped. MaxContact declined")
    assert bulk_acts.told(bulk_act) == "2 done, 1 not done."


def test_rows_not_done_are_proposed_again(mirrored):
    mirrored.faults.add("PATCH .*/2/status", "success_false", times=0)
    bulk_act = stop(1, 2, 3)
    bulk_acts.confirm(bulk_act, AUTHOR)
    mirrored.faults.clear()
    new = bulk_acts.again(bulk_act, OTHER)
    assert [(remote_id, outcome) for remote_id, outcome, _ in told(new)] == [(2, "")]
    bulk_acts.confirm(new, OTHER)
    assert statuses(mirrored, 2) == [0]
    with pytest.raises(Refused, match="nothing to try again"):
        bulk_acts.again(new, OTHER)


def test_dialler_that_is_away_stops_it_and_the_rest_is_not_tried(mirrored, settings):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    bulk_act = stop(1, 2, 3)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, [outcome for _, outcome, _ in told(bulk_act)]) == ("stopped", ["refused", "", ""])
    assert "could not be reached" in bulk_act.message


def test_account_that_may_not_stops_it(mirrored):
    mirrored.faults.add("PATCH ", "status", times=0, status=403)
    bulk_act = stop(1, 2)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, bulk_acts.counts(bulk_act)[""]) == ("stopped", 1)
    assert "does not allow" in bulk_act.message


def test_without_a_setup_no_row_is_tried(mirrored, settings):
    settings.MAXCONTACT_URL = ""
    bulk_act = stop(1, 2)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, bulk_acts.counts(bulk_act)[""]) == ("stopped", 2)
    assert bulk_act.message.startswith("MAXCONTACT_URL is not set")
    assert not Ledger.objects.exists()


def test_busy_dialler_stops_it(mirrored):
    mirrored.faults.add("PATCH ", "status", times=0, status=503, retry_after=60)
    bulk_act = stop(1, 2)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, bulk_acts.counts(bulk_act)[""]) == ("stopped", 1)


def test_one_row_without_an_answer_is_unknown_and_two_running_stop_it(mirrored):
    mirrored.faults.add("PUT .*/lists/2/activitystatus", "drop_after", times=0)
    bulk_act = propose("lists", "deactivate", LeadList.objects.filter(pk__in=[1, 2, 3]).order_by("pk"))
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert [outcome for _, outcome, _ in told(bulk_act)] == ["done", "unknown", "done"]
    assert "not known whether it was set inactive" in told(bulk_act)[1][2]
    mirrored.faults.add("PUT ", "drop_after", times=0)
    bulk_act = propose("lists", "activate", LeadList.objects.filter(pk__in=[1, 2, 3, 4]))
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, bulk_acts.counts(bulk_act)["unknown"], bulk_acts.counts(bulk_act)[""]) == ("stopped", 2, 2)


def test_many_rows_go_to_the_worker(mirrored, django_capture_on_commit_callbacks):
    rows = User.objects.exclude(login__iexact="MaxSupport").order_by("pk")[:25]
    bulk_act = propose("users", "activate", rows)
    with django_capture_on_commit_callbacks() as queued:
        bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, mirrored.journal.entries) == ("waiting", [])
    for run_it in queued:
        run_it()
    bulk_act.refresh_from_db()
    assert (bulk_act.state, bulk_acts.counts(bulk_act)["done"]) == ("finished", 25)


def test_slow_dialler_keeps_nobody_waiting(mirrored, monkeypatch, django_capture_on_commit_callbacks):
    monkeypatch.setattr(bulk_acts, "SECONDS_AT_ONCE", 0.2)
    mirrored.faults.add("PATCH ", "slow", times=0, seconds=0.15)
    bulk_act = stop(1, 2, 3, 4)
    with django_capture_on_commit_callbacks() as queued:
        bulk_acts.confirm(bulk_act, AUTHOR)
    assert bulk_act.state == "running"
    assert 0 < bulk_acts.counts(bulk_act)["done"] < 4
    mirrored.faults.clear()
    for run_it in queued:
        run_it()
    bulk_act.refresh_from_db()
    assert (bulk_act.state, bulk_acts.counts(bulk_act)["done"]) == ("finished", 4)


def test_skills_go_in_one_call_and_settle_row_by_row(mirrored):
    users = list(User.objects.order_by("pk")[:6])
    vendor = User.objects.get(login__iexact="MaxSupport")
    gone = users[2]
    del mirrored.state.records["User"][gone.pk]
    bulk_act = propose("users", "give_skill", [*users, vendor])
    with pytest.raises(Refused) as refusal:
        bulk_acts.confirm(bulk_act, AUTHOR)
    assert set(refusal.value.fields) == {"skill", "proficiency"}
    assert (BulkAct.objects.get(pk=bulk_act.pk).state, mirrored.journal.entries) == ("proposed", [])
    bulk_acts.confirm(bulk_act, AUTHOR, {"skill": "17", "proficiency": "8"})
    assert (bulk_act.state, bulk_act.parameters) == ("finished", {"skill": 17, "proficiency": 8})
    outcomes = {remote_id: (outcome, words) for remote_id, outcome, words in told(bulk_act)}
    assert {pk for pk, (outcome, _) in outcomes.items() if outcome == "refused"} == {gone.pk, vendor.pk}
    assert "vendor's own account" in outcomes[vendor.pk][1]
    assert "was not found" in outcomes[gone.pk][1]
    assert set(mirrored.state.skills) == {(user.pk, 17) for user in users if user != gone and user != vendor}


# After a crash


def crashed(bulk_act: BulkAct, *, silent: int, sending: int | None = None) -> None:
    """As a worker that died leaves it."""
    BulkAct.objects.filter(pk=bulk_act.pk).update(
        state="running", alive_at=timezone.now() - timedelta(seconds=silent), staff="m.naidu"
    )
    if sending is not None:
        bulk_act.rows.filter(remote_id=sending).update(outcome="sending")


def resume(capture) -> None:
    with capture(execute=True):
        resume_bulk_acts()


def test_crashed_bulk_act_goes_on_where_it_was(mirrored, django_capture_on_commit_callbacks):
    bulk_act = stop(1, 2, 3)
    bulk_act.rows.filter(remote_id=1).update(outcome="done", words="stopped")
    crashed(bulk_act, silent=61, sending=2)
    resume(django_capture_on_commit_callbacks)
    bulk_act.refresh_from_db()
    assert (bulk_act.state, bulk_acts.counts(bulk_act)["done"]) == ("finished", 3)
    assert [entry["path"].split("/")[-2] for entry in mirrored.journal.find("PATCH")] == ["2", "3"]


def test_bulk_act_that_gives_signs_of_life_is_left_alone(mirrored, settings, django_capture_on_commit_callbacks):
    bulk_act = stop(1)
    crashed(bulk_act, silent=5)
    resume(django_capture_on_commit_callbacks)
    assert mirrored.journal.entries == []
    crashed(bulk_act, silent=100)
    with hold(settings.DATA_DIR / "locks" / f"bulk_act-{bulk_act.pk}"):
        resume(django_capture_on_commit_callbacks)
    assert mirrored.journal.entries == []


def test_lost_message_heals_and_old_proposals_are_forgotten(mirrored, django_capture_on_commit_callbacks):
    waiting, old, young = stop(1), stop(2), stop(3)
    BulkAct.objects.filter(pk=waiting.pk).update(state="waiting")
    BulkAct.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=25))
    resume(django_capture_on_commit_callbacks)
    assert statuses(mirrored, 1, 2) == [0, 1]
    assert list(BulkAct.objects.order_by("pk").values_list("pk", "state")) == [
        (waiting.pk, "finished"),
        (young.pk, "proposed"),
    ]


def test_cancelled_before_nothing_is_sent(mirrored):
    bulk_act = stop(1, 2)
    assert bulk_acts.cancel(bulk_act)
    assert bulk_act.state == "cancelled"
    assert not bulk_acts.confirm(bulk_act, AUTHOR)
    assert not bulk_acts.cancel(bulk_act)
    assert mirrored.journal.entries == []


def test_running_one_stops_at_the_next_sign_of_life(mirrored, monkeypatch):
    monkeypatch.setattr(bulk_runs, "SIGN_OF_LIFE_SECONDS", 0)
    bulk_act = stop(1, 2, 3)
    BulkAct.objects.filter(pk=bulk_act.pk).update(state="waiting")
    mirrored.faults.add("PATCH .*/campaigns/2/", "success_false", times=0)
    going = bulk_runs.Going(bulk_act, offer_of("campaigns", "stop"), {}, bulk_runs.FOREVER)
    BulkAct.objects.filter(pk=bulk_act.pk).update(state="stopped")
    with pytest.raises(bulk_runs.Stop):
        going.through()
    assert bulk_acts.counts(bulk_act)[""] == 3


def test_offer_that_an_upgrade_took_away_stops_it_in_words(mirrored):
    bulk_act = stop(1)
    BulkAct.objects.filter(pk=bulk_act.pk).update(state="waiting", offer="juggle")
    assert bulk_acts.run(bulk_act.pk)
    bulk_act.refresh_from_db()
    assert (bulk_act.state, bulk_act.message) == ("stopped", "There is no juggle for campaigns.")


def test_nothing_chosen_is_no_bulkact(mirrored):
    with pytest.raises(Refused, match="Nothing was chosen"):
        stop(999)
    assert not BulkAct.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_send_once(mirrored):
    bulk_act, mine = stop(1, 2), []

    def click() -> None:
        mine.append(bulk_acts.confirm(BulkAct.objects.get(pk=bulk_act.pk), AUTHOR))

    slowly(mirrored, "PATCH ")
    at_once(mirrored, click, click)
    assert mine == [False, True]  # the second heard at once that it was on its way
    assert len(mirrored.journal.find("PATCH")) == 2


# By command


def test_command_runs_it_and_tells_its_counts(mirrored, capsys):
    bulk_act = stop(1, 2)
    with pytest.raises(CommandError, match="Nobody has confirmed it"):
        call_command("bulk", str(bulk_act.pk))
    BulkAct.objects.filter(pk=bulk_act.pk).update(state="waiting")
    call_command("bulk", str(bulk_act.pk), json=True)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["state"], answer["rows"]["done"], answer["rows"]["not_tried"]) == ("finished", 2, 0)


def test_command_goes_on_with_one_that_stopped(mirrored, capsys):
    mirrored.faults.add("PATCH ", "status", times=0, status=503, retry_after=60)
    bulk_act = stop(1, 2, 3)
    bulk_acts.confirm(bulk_act, AUTHOR)
    mirrored.faults.clear()
    with pytest.raises(CommandError, match="1 not done"):
        call_command("bulk", str(bulk_act.pk))
    assert "2 done, 1 not done" in capsys.readouterr().out
    with pytest.raises(CommandError, match="no bulk act 999999"):
        call_command("bulk", "999999")


@pytest.mark.parametrize(("outcome", "started"), [("accepted", 0), ("unknown", 0), ("refused", 3)])
def test_nothing_is_started_after_the_emergency_handle_was_pulled(outcome, started, mirrored):
    for pk in (1, 2, 3):
        mirrored.state.records["Campaign"][pk]["Status"] = 0
    bulk_act = propose("campaigns", "start", Campaign.objects.filter(pk__in=[1, 2, 3]))
    Ledger.objects.create(operation="emergency enable", source="emergency", outcome=outcome)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert statuses(mirrored, 1, 2, 3).count(1) == started
    assert ("emergency handle was pulled" in bulk_act.message) is (started == 0)
    later = propose("campaigns", "start", Campaign.objects.filter(pk__in=[1, 2, 3]))
    bulk_acts.confirm(later, AUTHOR)
    assert statuses(mirrored, 1, 2, 3) == [1, 1, 1]


def test_what_stops_campaigns_goes_on_after_the_emergency_handle_was_pulled(mirrored):
    bulk_act = stop(1, 2, 3)
    Ledger.objects.create(operation="emergency enable", source="emergency", outcome="accepted")
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert (bulk_act.state, statuses(mirrored, 1, 2, 3)) == ("finished", [0, 0, 0])


@pytest.mark.parametrize(("fault", "outcome"), [("status_after", "done"), ("status", "refused")])
def test_busy_dialler_is_looked_at_before_it_is_believed(fault, outcome, mirrored):
    mirrored.faults.add("PATCH .*/1/status", fault, times=0, status=503)
    bulk_act = stop(1, 2)
    bulk_acts.confirm(bulk_act, AUTHOR)
    assert told(bulk_act)[0][1] == outcome
    assert bulk_act.state == ("finished" if outcome == "done" else "stopped")
    assert statuses(mirrored, 1) == [Campaign.objects.get(pk=1).status]


def test_half_written_proposal_cannot_be_confirmed(mirrored):
    def rows():
        yield Campaign.objects.get(pk=1)
        assert not bulk_acts.confirm(BulkAct.objects.get(), OTHER)
        yield Campaign.objects.get(pk=2)

    bulk_act = propose("campaigns", "stop", rows())
    assert mirrored.journal.entries == []
    assert bulk_acts.confirm(bulk_act, AUTHOR)
    assert bulk_acts.counts(bulk_act)["done"] == 2
