"""What the sync page shows, from our tables alone: a card for each kind, and the latest readings in one list.

The schedule reads every few seconds and mostly finds nothing new: such readings, and such failures, stand as one line.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.urls import reverse

from maxops.mirror.models import Mirrored, Reading, mirrored_models

RUNS_SHOWN = 25
BITE = 500  # readings looked at in one go while the list is put together ...
READ_AT_MOST = 5000  # ... and in all, however quiet the schedule was
MARKED = 60  # the newest readings, by which the page knows whether anything it shows has changed
MOVING = (Reading.State.WAITING, Reading.State.RUNNING)
FAULTY = (Reading.State.FAILED, Reading.State.REFUSED)
ICONS = {"campaigns": "campaign", "lists": "list", "teams": "team", "users": "user"}


@dataclass(frozen=True)
class Card:
    """One kind: how old what we have is, how much of it there is, and what stands in the way."""

    kind: str
    label: str
    one: str
    icon: str
    good: Reading | None
    failure: Reading | None
    moving: list[Reading]
    present: int
    missing: int
    address: str

    @property
    def tone(self) -> str:
        return "bad" if self.failure else "ok" if self.good else "mute"


@dataclass(frozen=True, slots=True)
class Line:
    """One reading, or several scheduled ones in a row of which nothing is to be told but their number."""

    reading: Reading
    count: int = 1
    oldest: Reading | None = None

    @property
    def kinds(self) -> str:
        return self.reading.kind if self.oldest is None or self.oldest.kind == self.reading.kind else ""


def cards() -> list[Card]:
    moving = list(Reading.objects.filter(state__in=MOVING).order_by("id"))
    return [card_of(kind, model, moving) for kind, model in mirrored_models().items()]


def card_of(kind: str, model: type[Mirrored], moving: list[Reading]) -> Card:
    good = Reading.latest_good(kind)
    options = model._meta
    rows = model._default_manager
    return Card(
        kind=kind,
        label=str(options.verbose_name_plural).capitalize(),
        one=str(options.verbose_name),
        icon=ICONS[kind],
        good=good,
        failure=latest_failure(kind, good),
        moving=[reading for reading in moving if reading.kind == kind],
        present=rows.filter(missing_since=None).count(),
        missing=rows.exclude(missing_since=None).count(),
        address=changelist_of(kind),
    )


def latest_failure(kind: str, good: Reading | None) -> Reading | None:
    """What came to nothing since the last good reading; a dry run stands in nobody's way."""
    failed = Reading.objects.filter(kind=kind, state__in=FAULTY, dry_run=False)
    if good:
        failed = failed.filter(started_at__gt=good.started_at)
    return failed.order_by("-started_at").first()


def changelist_of(kind: str) -> str:
    options = mirrored_models()[kind]._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_changelist")


def lines(before: int | None, each: bool) -> tuple[list[Line], int | None]:
    """A page of readings, newest first, and the id from which the next one goes on, if there is more."""
    found: list[Line] = []
    for line in gathered(before, each):
        if len(found) == RUNS_SHOWN:
            return found, found[-1].oldest.pk if found[-1].oldest else found[-1].reading.pk
        found.append(line)
    return found, None


def gathered(before: int | None, each: bool) -> Iterator[Line]:
    for key, run in groupby(newest_first(before), key=lambda reading: None if each else quiet_key(reading)):
        if key is None:
            yield from map(Line, run)
            continue
        alike = list(run)
        yield Line(alike[0], len(alike), alike[-1] if len(alike) > 1 else None)


def newest_first(before: int | None) -> Iterator[Reading]:
    for _ in range(READ_AT_MOST // BITE):
        older = Reading.objects.order_by("-id")
        bite = list((older.filter(pk__lt=before) if before else older).select_related("applies")[:BITE])
        yield from (reading for reading in bite if not (reading.state in MOVING and reading.source == "schedule"))
        if len(bite) < BITE:
            return
        before = bite[-1].pk


def quiet_key(reading: Reading) -> tuple[Any, ...] | None:
    """The same for readings that may share a line: scheduled ones that found no difference, or came to nothing."""
    is_news = reading.state == Reading.State.DONE and reading.differs
    if reading.source != "schedule" or reading.dry_run or is_news or reading.state in MOVING:
        return None
    return (reading.state,)


def mark() -> str:
    """A short text that differs whenever something shown differs; the ETag is made of it."""
    newest = Reading.objects.order_by("-id").values_list("id", "state", "finished_at", "message")[:MARKED]
    moving = Reading.objects.filter(state__in=MOVING).order_by("id").values_list("id", "state")
    return hashlib.sha256(repr((list(newest), list(moving))).encode()).hexdigest()[:24]
