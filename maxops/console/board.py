"""What the board shows, from our tables alone: campaigns by status, how old the reading is, the latest imports.

One look serves every viewer of a process for a second, however many boards are open (screens.md 6).
"""

import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db.models import Count

from maxops.campaigns.models import Campaign
from maxops.imports.models import Run
from maxops.mirror.models import LastSet, Reading
from maxops.remote.maxcontact.choices import CampaignStatus

KIND = "campaigns"
TIES = ("lists", "teams")
KEEP_SECONDS = 1.0
KEEP_DRAWINGS = 40
LATEST_RUNS = 5
AGEING_AFTER = 3  # readings missed before the age turns amber
STALE_AFTER = 6  # ... and grey, with the rows faded: nobody should act on them without a look


@dataclass(frozen=True)
class Group:
    """A heading of the board. `key` is what the address calls it."""

    key: str
    title: str
    tone: str
    rows: tuple[Campaign, ...] = ()


GROUPS = (
    Group("running", "Running", "ok"),
    Group("paused", "Paused", "warn"),
    Group("not-running", "Not running", "mute"),
    Group("flushed", "Flushed", "warn"),
    Group("inactive", "Inactive", "mute"),
    Group("other", "Status unknown here", "bad"),
    Group("missing", "No longer in MaxContact", "bad"),
)
STATUS_GROUPS = {
    CampaignStatus.RUNNING: "running",
    CampaignStatus.PAUSED: "paused",
    CampaignStatus.FLUSHED: "flushed",
    CampaignStatus.NOT_RUNNING: "not-running",
}
DIALLING = ("running", "paused")


def group_of(campaign: Campaign) -> str:
    """A campaign that dials is shown as dialling, whatever its activity flag says."""
    if campaign.missing_since:
        return "missing"
    by_status = STATUS_GROUPS.get(campaign.status, "other")
    if campaign.active is False and by_status not in DIALLING:
        return "inactive"
    return by_status


@dataclass(frozen=True)
class Picture:
    """Everything the board shows at one moment."""

    groups: tuple[Group, ...]
    total: int
    reading: Reading | None
    failure: Reading | None
    failing_since: datetime | None
    runs: tuple[Run, ...]
    mark: str
    rows_mark: str

    @cached_property
    def read_at(self) -> datetime | None:
        """The moment from which every row shown is known; rows seen since then carry an age of their own."""
        if self.reading is None:
            return None
        # An emergency reads all campaigns outside the schedule: then the oldest row tells the age of the whole.
        seen = [row.seen_at for group in self.groups for row in group.rows if not row.missing_since]
        return max(self.reading.started_at, min(seen, default=self.reading.started_at))

    def freshness(self, interval: int, now: datetime) -> str:
        """fresh, ageing or stale: the same words and limits as in ui.js."""
        age = now - self.read_at if self.read_at else timedelta.max
        if age > timedelta(seconds=STALE_AFTER * interval):
            return "stale"
        return "ageing" if age > timedelta(seconds=AGEING_AFTER * interval) else "fresh"

    def due_at(self, interval: int) -> datetime | None:
        return self.read_at + timedelta(seconds=interval) if self.read_at else None

    def shown(self, only: str, words: str) -> tuple[Group, ...]:
        """The groups that are not empty, narrowed to one of them and to names containing every word."""
        wanted = words.lower().split()
        groups = [group for group in self.groups if not only or group.key == only]
        narrowed = [
            Group(group.key, group.title, group.tone, tuple(row for row in group.rows if matches(row, wanted)))
            for group in groups
        ]
        return tuple(group for group in narrowed if group.rows)


def matches(campaign: Campaign, words: list[str]) -> bool:
    text = f"{campaign.name} {campaign.get_type_display()} {campaign.get_status_display()}".lower()
    return all(word in text for word in words)


def take(before: Picture | None = None) -> Picture:
    """A new look at the tables; the rows themselves are those of the look before while none of them has moved."""
    ties = ties_set_here()
    rows_mark = mark_of_rows(ties)
    groups = before.groups if before and before.rows_mark == rows_mark else grouped(ties)
    reading = Reading.latest_good(KIND)
    failures = failures_since(reading)
    runs = tuple(Run.objects.select_related("mapping", "list").order_by("-id")[:LATEST_RUNS])
    return Picture(
        groups=groups,
        total=sum(len(group.rows) for group in groups),
        reading=reading,
        failure=failures[0] if failures else None,
        failing_since=failures[-1].started_at if failures else None,
        runs=runs,
        mark=mark_of(rows_mark, reading, failures, runs),
        rows_mark=rows_mark,
    )


def grouped(ties: dict[int, list[str]]) -> tuple[Group, ...]:
    by_group: dict[str, list[Campaign]] = {group.key: [] for group in GROUPS}
    for campaign in Campaign.objects.select_related("default_list"):
        campaign.ties = ", ".join(ties.get(campaign.pk, ()))
        by_group[group_of(campaign)].append(campaign)
    return tuple(Group(group.key, group.title, group.tone, tuple(by_group[group.key])) for group in GROUPS)


def ties_set_here() -> dict[int, list[str]]:
    """{campaign: ["2 lists", "1 team"]}, as last set from here: MaxContact takes these and never reports them."""
    known = LastSet.objects.filter(kind=KIND, name__in=TIES, value__gt=0, is_certain=True)
    found: dict[int, list[str]] = {}
    for campaign, name, number in (
        known.order_by("remote_id", "name").values_list("remote_id", "name").annotate(number=Count("pk"))
    ):
        found.setdefault(campaign, []).append(f"{number:,} {name.removesuffix('s') if number == 1 else name}")
    return found


def failures_since(reading: Reading | None) -> list[Reading]:
    """Readings that came to nothing after the last good one: the newest, and the one it began with."""
    failed = Reading.objects.filter(
        kind=KIND, state__in=(Reading.State.FAILED, Reading.State.REFUSED), dry_run=False
    ).order_by("-started_at")
    if reading:
        failed = failed.filter(started_at__gt=reading.started_at)
    newest, oldest = failed.first(), failed.last()
    return [newest, oldest] if newest and oldest else []


def mark_of_rows(ties: dict[int, list[str]]) -> str:
    """Of all campaigns in a small part of the time that reading them takes."""
    told = ("pk", "fingerprint", "seen_at", "missing_since", "default_list__name")
    rows = list(Campaign.objects.order_by("pk").values_list(*told))
    return hashlib.sha256(repr((rows, sorted(ties.items()))).encode()).hexdigest()


def mark_of(rows_mark: str, reading: Reading | None, failures: list[Reading], runs: tuple[Run, ...]) -> str:
    """A short text that differs whenever something shown differs; the ETag is made of it."""
    digest = hashlib.sha256(rows_mark.encode())
    for row in (reading, *failures):
        digest.update(f"{row.pk if row else None},{row.message if row else None};".encode())
    for run in runs:
        digest.update(f"{run.pk},{run.state},{run.rows},{run.accepted},{run.waiting},{run.held_back};".encode())
    return digest.hexdigest()[:32]


class Glance:
    """The picture of this process: one thread looks, the others take what it saw, drawings included."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.picture: Picture | None = None
        self.drawings: dict[str, bytes] = {}
        self.until = 0.0

    def look(self) -> Picture:
        with self.lock:
            if self.picture is None or time.monotonic() >= self.until:
                before, self.picture = self.picture, take(self.picture)
                if before is None or before.mark != self.picture.mark:
                    self.drawings = {}
                self.until = time.monotonic() + KEEP_SECONDS
            return self.picture

    def drawn(self, key: str, draw: Callable[[], str]) -> bytes:
        """The drawing kept under this key since the picture last changed, else a new one; as it goes out."""
        drawings = self.drawings
        if key not in drawings:
            if len(drawings) >= KEEP_DRAWINGS:
                drawings.clear()
            drawings[key] = draw().encode()
        return drawings.get(key) or draw().encode()

    def forget(self) -> None:
        with self.lock:
            self.until = 0.0
            self.picture = None
            self.drawings = {}


glance = Glance()
