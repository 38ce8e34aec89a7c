"""Work of the queue. Each task takes an id and calls one function, harmless when called twice, even at once."""

from datetime import timedelta

from django.apps import apps
from django.db.models import Q
from django.utils import timezone

from maxops.celery import app, enqueue
from maxops.imports import bookings, chosen_list, fixes, intake, matching, retention, turns
from maxops.imports.models import Answer, Mapping, Part, Run


@app.task(ignore_result=True)
def check_run(run_id: int) -> None:
    intake.check(run_id)


@app.task(ignore_result=True)
def apply_fix(run_id: int) -> None:
    fixes.apply(run_id)


@app.task(ignore_result=True)
def look_anew(run_id: int) -> None:
    chosen_list.look_anew(run_id)


@app.task(ignore_result=True)
def deliver_run(run_id: int) -> None:
    if (waiting := turns.take_turn(run_id)) is not None:
        enqueue(deliver_run, waiting)


@app.task(ignore_result=True)
def settle_answer(answer_id: int) -> None:
    matching.settle_answer(answer_id)


@app.task(ignore_result=True)
def settle_waiting(mapping_id: int) -> None:
    matching.settle_open(Mapping.objects.get(pk=mapping_id))


@app.task(ignore_result=True)
def resume_stale() -> None:
    """What a lost message or a killed worker left lying goes on; whoever holds a run's lock is not disturbed."""
    for run_id in Run.objects.filter(state__in=["received", "checking"]).values_list("pk", flat=True):
        enqueue(check_run, run_id)
    # A part on its way in a run that was stopped: its sender is at work, or died.
    sending = Run.objects.filter(Q(state="sending") | Q(parts__state="sending")).distinct()
    for run_id in sending.values_list("pk", flat=True):
        enqueue(deliver_run, run_id)
    for mapping_id in Mapping.objects.filter(answers__state=Answer.State.NEW).distinct().values_list("pk", flat=True):
        enqueue(settle_waiting, mapping_id)
    for answer_id in orphaned_answers():
        enqueue(settle_answer, answer_id)
    for run in overdue_runs():
        bookings.give_up_waiting(run)


def orphaned_answers() -> list[int]:
    """Stored, but the message that would have had them read never came."""
    before = timezone.now() - timedelta(seconds=10)
    new = Answer.objects.filter(state=Answer.State.NEW, received_at__lt=before)
    return list(new.values_list("pk", flat=True)[:100])


def overdue_runs() -> list[Run]:
    before = timezone.now() - timedelta(hours=apps.get_app_config("imports").answer_hours)
    recent = Part.objects.filter(sent_at__gte=before).values("run_id")
    silent = Part.objects.filter(state__in=[Part.State.WAITING, Part.State.UNKNOWN]).values("run_id")
    return list(Run.objects.filter(state=Run.State.WAITING, pk__in=silent).exclude(pk__in=recent))


@app.task(ignore_result=True)
def sweep() -> None:
    retention.sweep()
