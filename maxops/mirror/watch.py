"""Whether anybody looks at the board: then the campaigns are read more often."""

import logging
import time

from django.core.cache import cache
from kombu.exceptions import OperationalError

from maxops.celery import app, enqueue_now

log = logging.getLogger(__name__)

LOOKED_AT = "board_looked_at"
SEEN_FOR = 45  # seconds a look counts; an open board asks again every five
NOTED_EVERY = 10.0  # seconds between two notes of one process
READ_CAMPAIGNS = "maxops.mirror.tasks.pull_one"  # by name: the tasks ask here whether somebody looks

_noted = {"at": float("-inf")}


def note_look() -> None:
    """Somebody looks at the board. After a time in which nobody did, a reading is asked for at once."""
    now = time.monotonic()
    if now - _noted["at"] < NOTED_EVERY:
        return
    _noted["at"] = now
    was_idle = not is_watched()
    cache.set(LOOKED_AT, True, SEEN_FOR)
    if was_idle:
        _ask()


def is_watched() -> bool:
    return bool(cache.get(LOOKED_AT))


def _ask() -> None:
    try:
        enqueue_now(app.tasks[READ_CAMPAIGNS], "campaigns")
    except OperationalError as error:
        # The error's text may hold the broker's address with its password.
        log.warning("The queue does not answer (%s): the board waits for the schedule.", type(error).__name__)
