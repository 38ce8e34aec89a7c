"""Remote -> local: compare by fingerprint, write what differs, mark what vanished, refuse a suspicious answer.

Correct whoever else pulls or pushes meanwhile: a row written after the reading began is never overwritten by it.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from maxops.mirror.errors import PullBusy, PullRefused
from maxops.mirror.models import Mirrored, Reading, mirrored_models
from maxops.mirror.records import Stored, differences, keep, slices, store_records
from maxops.remote.connect import maxcontact
from maxops.remote.errors import NotFound, RemoteError
from maxops.remote.maxcontact.management import Collection

LEASE = timedelta(seconds=100)  # a running reading without a sign of life for longer has crashed
READINGS_KEPT = 1000  # a kind
POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class PullResult:
    kind: str
    read: int
    created: int
    changed: int
    unchanged: int
    missing: int
    seconds: float
    differences: list[dict[str, Any]] = field(default_factory=list)


def collection_of(kind: str) -> Collection:
    return getattr(maxcontact().management, kind)


def store(kind: str, records: Sequence[Mapping[str, Any]], *, at: datetime) -> Stored:
    """Take over records somebody else has read; `at` is when they were asked for. Marks nothing as missing."""
    return store_records(mirrored_models()[kind], records, at)


def read_one(instance: Mirrored) -> Mirrored:
    """Read this record anew. NotFound also marks the row as missing; any other RemoteError changes nothing."""
    at = timezone.now()
    try:
        record = collection_of(instance.kind()).get(instance.pk)
    except NotFound:
        type(instance)._default_manager.filter(pk=instance.pk, missing_since=None).update(missing_since=at)
        raise
    rows = type(instance)._default_manager
    with transaction.atomic():
        # What was written here after we asked is newer than the answer.
        return rows.select_for_update().filter(pk=instance.pk, seen_at__gt=at).first() or keep(
            type(instance), record, at
        )


def pull(
    kind: str, *, dry_run: bool = False, accept_loss: bool = False, source: str = "command", wait: float = 0
) -> PullResult:
    """Read one kind whole. RemoteError and PullRefused change no row; `wait` is how long to wait for another pull."""
    model = mirrored_models()[kind]
    collection = collection_of(kind)
    reading = _begin(kind, dry_run, source, wait)
    try:
        result = _take_over(model, reading, collection, accept_loss)
    except RemoteError as error:
        _finish(reading, Reading.State.FAILED, error.message)
        raise
    except PullRefused as refusal:
        _finish(reading, Reading.State.REFUSED, refusal.message)
        raise
    except BaseException:
        _finish(reading, Reading.State.FAILED, "Broken off: see the log.")
        raise
    for name in ("read", "created", "changed", "unchanged", "missing"):
        setattr(reading, name, getattr(result, name))
    _finish(reading, Reading.State.DONE, "")
    return result


def _begin(kind: str, dry_run: bool, source: str, wait: float) -> Reading:
    patience = time.monotonic() + wait
    while True:
        now = timezone.now()
        try:
            with transaction.atomic():
                _give_up_crashed(kind, now)
                return Reading.objects.create(kind=kind, dry_run=dry_run, source=source, started_at=now, alive_at=now)
        except IntegrityError as error:
            if time.monotonic() > patience:
                raise PullBusy(f"The {kind} are being read at this moment.") from error
        time.sleep(POLL_SECONDS)


def _give_up_crashed(kind: str, now: datetime) -> None:
    crashed = Reading.objects.filter(kind=kind, state=Reading.State.RUNNING, alive_at__lt=now - LEASE)
    crashed.update(state=Reading.State.FAILED, message="Did not finish: it was interrupted.", finished_at=now)


def _take_over(model: type[Mirrored], reading: Reading, collection: Collection, accept_loss: bool) -> PullResult:
    at = reading.started_at
    records = collection.all()
    if not Reading.objects.filter(pk=reading.pk, state=Reading.State.RUNNING).update(alive_at=timezone.now()):
        raise PullBusy(f"This reading of the {reading.kind} took so long that another has taken its place.")
    gone, present = _vanished(model, {record["id"] for record in records}, at)
    if reading.dry_run:
        return _rehearse(model, records, reading, len(gone))
    if gone and len(gone) * 3 > present and not accept_loss:
        raise PullRefused(
            f"MaxContact answered with {len(records)} {reading.kind}; {len(gone)} of the {present} known ones would be "
            "marked as missing. That is over a third, so nothing was taken over. If it is right, accept the loss.",
            missing=len(gone),
            present=present,
        )
    stored = store_records(model, records, at)
    missing = _mark(model, gone, at)
    # A row skipped because we wrote it meanwhile stays as it is: unchanged by this reading.
    unchanged = stored.unchanged + stored.skipped
    return PullResult(reading.kind, len(records), stored.created, stored.changed, unchanged, missing, _seconds(reading))


def _rehearse(
    model: type[Mirrored], records: Sequence[Mapping[str, Any]], reading: Reading, missing: int
) -> PullResult:
    found = differences(model, records)
    created = sum(difference["new"] for difference in found)
    changed = len(found) - created
    unchanged = len(records) - len(found)
    return PullResult(reading.kind, len(records), created, changed, unchanged, missing, _seconds(reading), found)


def _vanished(model: type[Mirrored], read: set[int], at: datetime) -> tuple[list[int], int]:
    """Ids of rows present until now that were not read, and how many rows are present."""
    present = set(model._default_manager.filter(missing_since=None, seen_at__lte=at).values_list("pk", flat=True))
    return sorted(present - read), len(present)


def _mark(model: type[Mirrored], gone: Sequence[int], at: datetime) -> int:
    still = model._default_manager.filter(missing_since=None, seen_at__lte=at)
    return sum(still.filter(pk__in=part).update(missing_since=at) for part in slices(gone))


def _seconds(reading: Reading) -> float:
    return round((timezone.now() - reading.started_at).total_seconds(), 3)


def _finish(reading: Reading, state: str, message: str) -> None:
    """Settle the reading, unless it was given up meanwhile, and forget the oldest ones now and then."""
    reading.state, reading.message = state, message
    reading.finished_at, reading.seconds = timezone.now(), _seconds(reading)
    names = ("state", "message", "finished_at", "seconds", "read", "created", "changed", "unchanged", "missing")
    running = Reading.objects.filter(pk=reading.pk, state=Reading.State.RUNNING)
    running.update(**{name: getattr(reading, name) for name in names})
    if reading.pk % 50 == 0:
        of_kind = Reading.objects.filter(kind=reading.kind)
        kept = list(of_kind.order_by("-pk").values_list("pk", flat=True)[:READINGS_KEPT])
        of_kind.filter(pk__lt=kept[-1]).delete()
