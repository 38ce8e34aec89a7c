"""The campaigns as last seen, whoever looked: the mirror's rows, or our own reading kept in a small file beside them.

The file (ids, names, statuses) serves while the database is away, and tells how fresh a reading of ours is.
"""

import json
import logging
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Subquery
from django.utils import timezone

from maxops.campaigns.models import Campaign
from maxops.emergency import calls, journal
from maxops.emergency.records import DATABASE_GONE, impatient
from maxops.mirror.models import Reading
from maxops.mirror.pull import store
from maxops.remote.connect import maxcontact
from maxops.remote.errors import Garbled, RemoteError
from maxops.remote.fields import Record
from maxops.remote.maxcontact.choices import CampaignStatus

log = logging.getLogger(__name__)

READ_SECONDS = 3.0
STORE_SECONDS = 0.5
OWN_SECONDS = 15.0


@dataclass(frozen=True)
class Sight:
    """Every campaign's id, name and status, and when they were asked for; `problem` instead when nothing was read."""

    at: datetime
    campaigns: tuple[dict[str, Any], ...] = ()
    problem: str = ""
    seconds: float = 0.0
    watched: bool = False  # read on a schedule or for the panel, not because of a call of ours

    def with_status(self, status: int) -> list[dict[str, Any]]:
        return [row for row in self.campaigns if row["status"] == status]

    @property
    def running(self) -> list[dict[str, Any]]:
        return self.with_status(CampaignStatus.RUNNING)

    @property
    def paused(self) -> list[dict[str, Any]]:
        return self.with_status(CampaignStatus.PAUSED)

    def is_younger_than(self, seconds: float) -> bool:
        return timezone.now() - self.at < timedelta(seconds=seconds)


def rows_of(records: Iterable[Mapping[str, Any]]) -> tuple[dict[str, Any], ...]:
    rows = (
        {"id": record["id"], "name": record.get("name") or "", "status": record.get("status")} for record in records
    )
    return tuple(sorted(rows, key=lambda row: row["name"].lower()))


def ask() -> list[Record]:
    return maxcontact().management.campaigns.all()


class Look:
    """A reading begun just before a call and waited for only as long as one likes; nothing of it is kept here."""

    def __init__(self) -> None:
        self.at = timezone.now()
        self.work = calls.Work(ask)

    def wait(self, seconds: float) -> Sight | None:
        try:
            return Sight(self.at, rows_of(self.work.wait(seconds)))
        except (RemoteError, ImproperlyConfigured):
            return None


def read_now(seconds: float = READ_SECONDS, *, watched: bool = False) -> Sight:
    """Ask the dialler, and let mirror and file know what it said."""
    at, began = timezone.now(), time.monotonic()
    try:
        records = calls.Work(ask).wait(seconds)
    except RemoteError as error:
        return Sight(at, problem=error.message, seconds=round(time.monotonic() - began, 3))
    except ImproperlyConfigured as error:
        return Sight(at, problem=str(error))
    sight = Sight(at, rows_of(records), seconds=round(time.monotonic() - began, 3), watched=watched)
    keep_file(sight)
    try:
        with impatient(STORE_SECONDS):
            store("campaigns", records, at=at)
    except (*DATABASE_GONE, Garbled) as error:
        log.warning("emergency: the mirror did not take the reading over (%s)", type(error).__name__)
    return sight


def newest() -> Sight | None:
    """The youngest reading at hand, without asking the dialler: one query, and none right after a reading of ours."""
    own = from_file()
    if own and own.is_younger_than(OWN_SECONDS):
        return own
    kept = [sight for sight in (own, from_mirror()) if sight]
    return max(kept, key=lambda sight: sight.at, default=None)


def from_mirror() -> Sight | None:
    whole = Reading.objects.filter(kind="campaigns", state=Reading.State.DONE, dry_run=False, applies=None)
    good = whole.order_by("-started_at")
    rows = Campaign.objects.filter(missing_since=None).annotate(read=Subquery(good.values("started_at")[:1]))
    try:
        with impatient(STORE_SECONDS):
            found = list(rows.values("id", "name", "status", "seen_at", "read"))
    except DATABASE_GONE:
        return None
    if not found:
        return None
    at = found[0]["read"] or max(row["seen_at"] for row in found)
    return Sight(at, rows_of(found), watched=True)


def place() -> Path:
    return journal.place().with_name("emergency-campaigns.json")


def keep_file(sight: Sight) -> None:
    fresh = place().with_suffix(f".{os.getpid()}.new")
    try:
        kept = {"at": sight.at.isoformat(), "watched": sight.watched, "campaigns": sight.campaigns}
        fresh.write_text(json.dumps(kept), "utf-8")
        fresh.replace(place())
    except OSError as error:
        log.warning("emergency: the reading could not be kept in a file (%s)", error.strerror)


def from_file() -> Sight | None:
    try:
        kept = json.loads(place().read_text("utf-8"))
        return Sight(datetime.fromisoformat(kept["at"]), tuple(kept["campaigns"]), watched=kept["watched"])
    except (OSError, ValueError, KeyError):
        return None
