"""While a platform cannot be reached: since when, and when it is tried again. One run tries for all of them.

Kept in a file beside the runs, so that the database need not be asked; whoever finds it due puts the next try off
before his own, and the first answer ends the outage.
"""

import json
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.apps import apps
from django.utils import timezone

from maxops.imports.files import write_atomically
from maxops.locks import FOREVER, hold

# A try is three connections at most, and the schedule looks every 20 seconds: no more than six calls a minute, and
# back within a minute of the platform.
FIRST_PAUSE, LONGEST_PAUSE, GROWTH = 30.0, 38.0, 2.0
LONGEST_ASKED = 3600.0  # a platform that names a time is believed so far
GIVEN_UP = timedelta(hours=24)
JITTER = random.SystemRandom()


class Outage(NamedTuple):
    since: float
    next: float
    tries: int

    @property
    def since_words(self) -> str:
        return clock_words(self.since)

    @property
    def next_words(self) -> str:
        return clock_words(self.next)

    @property
    def is_given_up(self) -> bool:
        return time.time() - self.since > GIVEN_UP.total_seconds()


def clock_words(moment: float) -> str:
    """The time of day, with the day where it is another."""
    local = timezone.localtime(datetime.fromtimestamp(moment, UTC))
    return f"{local:%H:%M}" if local.date() == timezone.localdate() else f"{local:%H:%M} on {local.day} {local:%B}"


def path_of(platform: str) -> Path:
    return apps.get_app_config("imports").runs_folder / f"outage-{platform}.json"


def read(platform: str) -> Outage | None:
    path = path_of(platform)
    try:
        return Outage(**json.loads(path.read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def may_try(platform: str) -> bool:
    """True for everybody while all is well, and for one at a time when an outage's next try is due."""
    if read(platform) is None:
        return True
    with hold(path_of(platform).with_suffix(".lock"), patience=FOREVER):
        outage = read(platform)
        if outage is None:
            return True
        now = time.time()
        # A clock that was set back must not make us wait for hours.
        if now < outage.next <= now + LONGEST_ASKED:
            return False
        write(platform, outage._replace(next=now + FIRST_PAUSE))
        return True


def begin(platform: str, asked: float | None = None) -> Outage:
    """After a try that did not get through; `asked` is how many seconds the platform asked to wait."""
    with hold(path_of(platform).with_suffix(".lock"), patience=FOREVER):
        now = time.time()
        known = read(platform) or Outage(now, now, 0)
        pause = JITTER.uniform(FIRST_PAUSE, min(LONGEST_PAUSE, FIRST_PAUSE + GROWTH * (known.tries + 1)))
        outage = known._replace(tries=known.tries + 1, next=now + max(pause, min(asked or 0, LONGEST_ASKED)))
        write(platform, outage)
    return outage


def end(platform: str) -> bool:
    """The platform has answered, whatever it said. True when it had been away."""
    if read(platform) is None:
        return False
    path_of(platform).unlink(missing_ok=True)
    return True


def write(platform: str, outage: Outage) -> None:
    write_atomically(path_of(platform), json.dumps(outage._asdict()).encode())
