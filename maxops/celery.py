"""The Celery application, its schedule, and `enqueue`: the one way work reaches the queue."""

import logging
import os
from functools import partial
from typing import Any

from celery import Celery, Task, signals
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from maxops import embedded_broker

log = logging.getLogger(__name__)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "maxops.settings")

WORKER_SEEN = "worker_seen"  # cache key: when a worker last finished something

# A person's request waits for the broker no longer than about two seconds, whether it refuses or keeps silent.
IMPATIENCE = {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2}
BROKER_SECONDS = 1

app = Celery("maxops")
app.config_from_object("django.conf:settings", namespace="CELERY")


def impatient_options() -> dict[str, Any]:
    """How long a broker elsewhere is waited for. The worker and beat keep trying by rules of their own."""
    return {
        "broker_connection_timeout": BROKER_SECONDS,
        "broker_transport_options": {
            **IMPATIENCE,
            "connect_retries_timeout": BROKER_SECONDS,
            "socket_connect_timeout": BROKER_SECONDS,
            "socket_timeout": 2 * BROKER_SECONDS,  # Redis answers a waiting worker each second
        },
        "task_publish_retry_policy": IMPATIENCE,
    }


def scheduled(task: str, seconds: int) -> dict[str, Any]:
    """One not begun before the next is due is dropped: a slow dialler, or a stopped worker, must never pile them up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


def configure() -> None:
    """Queue, pool and schedule. State of long work lives in our own tables, so no results are kept."""
    if settings.CELERY_BROKER_URL:
        app.conf.update(impatient_options())
    else:
        app.conf.update(embedded_broker.options(settings.DATA_DIR / "queue"))
    app.conf.update(
        task_ignore_result=True,
        task_default_queue="maxops",
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        timezone=settings.TIME_ZONE,
        beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
        beat_schedule={
            "pull campaigns": scheduled("maxops.mirror.tasks.pull_board", settings.MAXOPS_BOARD_SECONDS),
            "pull the rest": scheduled("maxops.mirror.tasks.pull_rest", settings.MAXOPS_PULL_SECONDS),
            "pick up stale bulk acts": scheduled("maxops.mirror.tasks.resume_bulk_acts", 20),
            "pick up stale runs": scheduled("maxops.imports.tasks.resume_stale", 20),
            "sweep old lead files": scheduled("maxops.imports.tasks.sweep", 3600),
        },
    )


configure()
app.autodiscover_tasks()


def enqueue(task: Task, *args: Any) -> None:
    """Queue a task once the present transaction has committed; a worker never looks for a row that is not there yet.

    A broker that is down is no failure of what was just committed: the schedule finds what was not queued.
    """
    transaction.on_commit(partial(_enqueue_or_log, task, args))


def enqueue_now(task: Task, *args: Any) -> None:
    """Queue a task at once, for a person who is to hear it when the queue is down: kombu's OperationalError."""
    try:
        task.delay(*args)
    except OSError as error:
        raise OperationalError(str(error)) from error


def _enqueue_or_log(task: Task, args: tuple[Any, ...]) -> None:
    try:
        enqueue_now(task, *args)
    except OperationalError as error:
        # The error's text may hold the broker's address with its password.
        log.error(
            "The queue does not answer (%s): %s waits for the schedule.", type(error.__cause__).__name__, task.name
        )


@signals.worker_ready.connect
def read_at_start(**_: Any) -> None:
    """A worker that starts reads the dialler at once: nobody waits a scheduler's interval for a first picture."""
    app.send_task("maxops.mirror.tasks.pull_all")


@signals.task_postrun.connect
def note_worker(**_: Any) -> None:
    """The schedule keeps every worker busy now and then, so a missing mark means a missing worker."""
    cache.set(WORKER_SEEN, timezone.now(), timeout=600)
