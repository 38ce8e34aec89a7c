"""How long readings, differences and bulk acts are kept; the old ones go in small bites, so that nobody waits."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from maxops.mirror.models import BulkAct, BulkRow, Difference, Reading, mirrored_models

READINGS_KEPT = 1000  # a kind, of those that found nothing
DRY_RUN_DAYS = 7
BITE = 2000  # rows at once
EVERY = 50  # readings


def prune_now_and_then(reading: Reading) -> None:
    if reading.pk % EVERY == 0:
        prune()


def prune() -> None:
    """One bite of each sort of what is too old."""
    for kind in mirrored_models():
        _bite(_empty_beyond(kind))
    now = timezone.now()
    history = now - timedelta(days=settings.MAXOPS_HISTORY_DAYS)
    _bite(Difference.objects.filter(reading=None, at__lt=history))
    rehearsed = Q(dry_run=True, applied_by=None, started_at__lt=now - timedelta(days=DRY_RUN_DAYS))
    old = Reading.objects.filter(rehearsed | Q(started_at__lt=history))
    # First their differences, then the readings that have none left.
    _bite(Difference.objects.filter(reading__in=old))
    _bite(old.filter(~Exists(Difference.objects.filter(reading=OuterRef("pk")))))
    # What was sent stands in the ledger; the rows of an act hold names, up to a hundred thousand of them.
    ended = BulkAct.objects.filter(finished_at__lt=history)
    _bite(BulkRow.objects.filter(bulk_act__in=ended))
    _bite(ended.filter(~Exists(BulkRow.objects.filter(bulk_act=OuterRef("pk")))))


def _empty_beyond(kind: str) -> QuerySet[Reading]:
    """Readings without a difference older than the newest thousand of their kind; the last good one stays."""
    of_kind = Reading.objects.filter(kind=kind)
    oldest_kept = of_kind.order_by("-pk").values_list("pk", flat=True)[READINGS_KEPT - 1 : READINGS_KEPT]
    good = Reading.latest_good(kind)
    without = ~Exists(Difference.objects.filter(reading=OuterRef("pk")))
    old = of_kind.filter(without, pk__lt=next(iter(oldest_kept), 0), applied_by=None)
    return old.exclude(pk=good.pk) if good else old


def _bite(rows: QuerySet) -> None:
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BITE])
    if ids:
        rows.model.objects.filter(pk__in=ids).delete()
