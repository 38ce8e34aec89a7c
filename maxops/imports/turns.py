"""Whose turn it is to send: two runs at once, so that checks and reports always find a free place in the worker.

A run that has sent a part gives way when another waits.
"""

from django.apps import apps
from django.db.models import F, Max

from maxops.imports import delivery
from maxops.imports.models import Run
from maxops.locks import hold

SENDERS = 2  # of the worker's four threads


def take_turn(run_id: int) -> int | None:
    """Sends parts of a run while its turn lasts; the run to be queued next, if any."""
    folder = apps.get_app_config("imports").runs_folder
    for slot in range(SENDERS):
        with hold(folder / f"sender-{slot}.lock") as mine:
            if mine:
                return longest_waiting() if delivery.deliver(run_id, is_somebody_waiting) else None
    return None


def is_somebody_waiting() -> bool:
    return Run.objects.filter(state=Run.State.SENDING).count() > SENDERS


def longest_waiting() -> int | None:
    sending = Run.objects.filter(state=Run.State.SENDING).annotate(last=Max("parts__sent_at"))
    return sending.order_by(F("last").asc(nulls_first=True), "pk").values_list("pk", flat=True).first()
