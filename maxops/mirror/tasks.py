"""The scheduled readings and those people ask for: find, call, done.

A dialler that cannot be read is a line in the log, not a crash.
"""

import logging
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from kombu.exceptions import OperationalError

from maxops.celery import app, enqueue, enqueue_now
from maxops.mirror import bulk_runs, leases, retention, watch
from maxops.mirror.author import Author
from maxops.mirror.errors import PullBusy, PullRefused, sentence
from maxops.mirror.models import Reading, mirrored_models
from maxops.mirror.pull import pull
from maxops.remote.connect import configured_systems, maxcontact
from maxops.remote.errors import MaxopsConfigError, RemoteError

log = logging.getLogger(__name__)
BULK_ACT_SECONDS = 60
BOARD_KIND = "campaigns"
PATIENCE = 60  # seconds a reading somebody asked for waits for one that runs


def read_quietly(kind: str, **wish: Any) -> str:
    """What stood in the way, as a sentence; nothing when it was read."""
    if not configured_systems():
        return "No connection to MaxContact is configured."
    try:
        # Ahead of its expiry, so that no click, least of all the emergency one, has to log in first.
        maxcontact().session.warm()
        pull(kind, **({"source": "schedule"} | wish))
    except PullBusy as error:
        log.info("%s are being read already", kind)
        return error.message
    except (RemoteError, PullRefused, MaxopsConfigError) as error:
        log.warning("%s were not read: %s", kind, sentence(error))
        return sentence(error)
    return ""


def ask_for(kind: str, author: Author, *, dry_run: bool = False, loss_accepted: int | None = None) -> Reading:
    """A reading for the worker to take up. kombu's OperationalError, and no reading left, when the queue is down."""
    leases.give_up_crashed(timezone.now())
    reading = Reading.objects.create(
        kind=kind,
        state=Reading.State.WAITING,
        dry_run=dry_run,
        source=author.source,
        staff=author.login,
        loss_accepted=loss_accepted,
    )
    try:
        enqueue_now(read_asked, reading.pk)
    except OperationalError:
        reading.delete()
        raise
    reading.refresh_from_db()
    return reading


@app.task(ignore_result=True)
def read_asked(reading_id: int) -> None:
    reading = Reading.objects.filter(pk=reading_id, state=Reading.State.WAITING).first()
    if reading is None:
        return
    words = read_quietly(reading.kind, reading=reading, wait=PATIENCE)
    reading.refresh_from_db()
    if reading.state == Reading.State.WAITING:
        # It did not even begin: the settings, or the log-in that comes first.
        leases.settle(reading, Reading.State.FAILED, words)


@app.task(ignore_result=True)
def pull_all() -> None:
    for kind in mirrored_models():
        read_quietly(kind)


@app.task(ignore_result=True)
def pull_rest() -> None:
    """All but the campaigns, which have a pace of their own."""
    for kind in mirrored_models():
        if kind != BOARD_KIND and not leases.is_on_its_way(kind):
            read_quietly(kind)
    retention.prune()


@app.task(ignore_result=True)
def pull_board() -> None:
    """The campaigns: at each tick while somebody looks at the board, else when the idle time is over."""
    if leases.is_on_its_way(BOARD_KIND):
        return
    pace = settings.MAXOPS_BOARD_SECONDS if watch.is_watched() else settings.MAXOPS_IDLE_SECONDS
    # Half a tick early rather than a whole tick late.
    since = timezone.now() - timedelta(seconds=max(pace - settings.MAXOPS_BOARD_SECONDS / 2, 0))
    if not Reading.objects.filter(kind=BOARD_KIND, dry_run=False, applies=None, started_at__gt=since).exists():
        read_quietly(BOARD_KIND)


@app.task(ignore_result=True)
def pull_one(kind: str) -> None:
    if not leases.is_on_its_way(kind):
        read_quietly(kind)


@app.task(ignore_result=True)
def run_bulk_act(bulk_act_id: int) -> None:
    """For a while, then behind whatever else waits: a long bulk act must not keep the readings from a worker."""
    if not bulk_runs.run(bulk_act_id, seconds=BULK_ACT_SECONDS):
        enqueue(run_bulk_act, bulk_act_id)


@app.task(ignore_result=True)
def resume_bulk_acts() -> None:
    for bulk_act_id in bulk_runs.left_lying():
        enqueue(run_bulk_act, bulk_act_id)
    bulk_runs.forget_proposals()
