"""A reading's life: asked for, begun, alive, settled. A running one is the lease that keeps a second of its kind out.

A dry run writes no row, so it needs no lease.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from maxops.mirror.errors import PullBusy, PullRefused
from maxops.mirror.models import Reading
from maxops.remote.errors import RemoteError

LEASE = timedelta(seconds=100)  # a running reading without a sign of life for longer has crashed
TAKEN_UP_WITHIN = timedelta(seconds=120)  # a waiting one nobody began for longer will not be begun
SIGN_OF_LIFE = timedelta(seconds=5)
POLL_SECONDS = 0.2
State = Reading.State
TOLD = ("state", "message", "finished_at", "seconds", "steps", "body_mark", "loss_accepted")
COUNTED = ("read", "created", "changed", "unchanged", "missing")


def begin(reading: Reading, wait: float = 0) -> Reading:
    """Let it run: a new row, or one that was waiting. PullBusy when another has not ended within `wait` seconds."""
    patience = time.monotonic() + wait
    while True:
        now = timezone.now()
        give_up_crashed(now)
        try:
            with transaction.atomic():
                return _begin(reading, now)
        except IntegrityError as error:
            if time.monotonic() > patience:
                refusal = PullBusy(f"The {reading.kind} are being read at this moment.")
                if reading.pk:
                    settle(reading, State.FAILED, refusal.message)
                raise refusal from error
        time.sleep(POLL_SECONDS)


def _begin(reading: Reading, now: datetime) -> Reading:
    reading.state, reading.started_at, reading.alive_at = State.RUNNING, now, now
    if reading.pk is None:
        return Reading.objects.create(**{name: getattr(reading, name) for name in _given(reading)})
    waiting = Reading.objects.filter(pk=reading.pk, state=State.WAITING)
    if not waiting.update(state=State.RUNNING, started_at=now, alive_at=now):
        raise PullRefused("This reading was begun or given up by somebody else.")
    return reading


def _given(reading: Reading) -> list[str]:
    return [column.attname for column in reading._meta.concrete_fields if not column.primary_key]


@contextmanager
def settled(reading: Reading) -> Iterator[None]:
    """However it ends, the reading says so."""
    try:
        yield
    except RemoteError as error:
        settle(reading, State.FAILED, error.message)
        raise
    except PullRefused as refusal:
        settle(reading, State.REFUSED, refusal.message)
        raise
    except BaseException:
        settle(reading, State.FAILED, "Broken off: see the log.")
        raise
    settle(reading, State.DONE, reading.message)


def settle(reading: Reading, state: str, message: str) -> None:
    """Settle the reading, unless it was given up meanwhile."""
    now = timezone.now()
    reading.state, reading.message, reading.finished_at = state, message, now
    reading.seconds = round((now - reading.started_at).total_seconds(), 3)
    mine = Reading.objects.filter(pk=reading.pk, state__in=[State.RUNNING, State.WAITING])
    mine.update(**{name: getattr(reading, name) for name in (*TOLD, *COUNTED)})


def still_ours(reading: Reading) -> None:
    """A sign of life; PullBusy when the reading was given up for crashed and another may have begun."""
    now = timezone.now()
    if not Reading.objects.filter(pk=reading.pk, state=State.RUNNING).update(alive_at=now):
        raise PullBusy(f"This reading of the {reading.kind} took so long that another has taken its place.")
    reading.alive_at = now


def beat(reading: Reading) -> None:
    """Between slices of long work."""
    if timezone.now() - reading.alive_at > SIGN_OF_LIFE:
        still_ours(reading)


def give_up_crashed(now: datetime) -> None:
    """Readings nobody works on any more."""
    crashed = Reading.objects.filter(state=State.RUNNING, alive_at__lt=now - LEASE)
    if crashed.exists():
        crashed.update(state=State.FAILED, message="Did not finish: it was interrupted.", finished_at=now)
    left = Reading.objects.filter(state=State.WAITING, started_at__lt=now - TAKEN_UP_WITHIN)
    if left.exists():
        left.update(state=State.FAILED, message="The worker did not take it up.", finished_at=now)


def is_on_its_way(kind: str) -> bool:
    """Whether one is running or waiting for the worker: then nobody need ask for another."""
    give_up_crashed(timezone.now())
    return Reading.objects.filter(kind=kind, dry_run=False, state__in=[State.RUNNING, State.WAITING]).exists()
