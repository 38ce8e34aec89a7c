"""The scheduled readings: find, call, done. A dialler that cannot be read is a line in the log, not a crash."""

import logging

from maxops.celery import app
from maxops.mirror.errors import PullBusy, PullRefused
from maxops.mirror.models import mirrored_models
from maxops.mirror.pull import pull
from maxops.remote.connect import configured_systems, maxcontact
from maxops.remote.errors import MaxopsConfigError, RemoteError

log = logging.getLogger(__name__)


def read_quietly(kind: str) -> None:
    if not configured_systems():
        return
    try:
        # Ahead of its expiry, so that no click, least of all the emergency one, has to log in first.
        maxcontact().session.warm()
        pull(kind, source="schedule")
    except PullBusy:
        log.info("%s are being read already", kind)
    except (RemoteError, PullRefused, MaxopsConfigError) as error:
        log.warning("%s were not read: %s", kind, getattr(error, "message", error))


@app.task(ignore_result=True)
def pull_all() -> None:
    for kind in mirrored_models():
        read_quietly(kind)


@app.task(ignore_result=True)
def pull_one(kind: str) -> None:
    read_quietly(kind)
