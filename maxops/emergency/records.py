"""Where an event is kept: the database and the local journal beside it, so that neither's failure can stop the handle.

The database leads. What it did not take waits in the journal and is taken over the next time it answers.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, IntegrityError, connection, transaction
from django.utils import timezone

from maxops.emergency import journal
from maxops.emergency.models import OPEN, Event, Kind, State, Step, What
from maxops.mirror.models import Ledger

log = logging.getLogger(__name__)

# Not reachable, locked, not migrated, without its driver: for the handle it is all the same.
DATABASE_GONE = (Error, ImproperlyConfigured)
SLOW = 0.25  # no statement before the call takes longer, lock or not
BRIEF = 0.03  # seconds for a write before the call
PATIENT = 2.0  # after it
TAKE_OVER = 0.2  # while somebody waits for a page
RETRY_SECONDS = 5.0
DRILL_OVER_AFTER = timedelta(minutes=15)
OUTCOMES = {
    "accepted": Ledger.Outcome.ACCEPTED,
    "refused": Ledger.Outcome.REFUSED,
    "no": Ledger.Outcome.REFUSED,
    "unknown": Ledger.Outcome.UNKNOWN,
}


@contextmanager
def impatient(seconds: float) -> Iterator[None]:
    """For this block a lock in the database is waited for so long and no longer."""
    set_patience(seconds)
    try:
        yield
    finally:
        set_patience(None)


def set_patience(seconds: float | None) -> None:
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        waited = seconds if seconds is not None else connection.settings_dict["OPTIONS"].get("timeout", 5)
        connection.connection.execute(f"PRAGMA busy_timeout = {int(waited * 1000)}")
    elif connection.vendor == "postgresql" and not connection.needs_rollback:
        limit = f"'{int(seconds * 1000)}ms'" if seconds is not None else "DEFAULT"
        slow = f"'{int(max(seconds, SLOW) * 1000)}ms'" if seconds is not None else "DEFAULT"
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout TO {limit}")
            cursor.execute(f"SET statement_timeout TO {slow}")


def claim(event: Event, press: Step) -> Event:
    """Make this the one open emergency, or give back the one that this press, or another before it, has begun."""
    press.event = event
    with journal.lock():
        found = journal.of_press(press.pk)
        if found and found.kind == Kind.PULL:
            return get(found.pk) or found
        found = insert(event)
        if found is None:
            # With its press the event stays the journal's to tell until the answer is saved in the database.
            journal.write(event, [press], in_database=False)
        return found or event


def insert(event: Event) -> Event | None:
    """Into the database, briefly; the emergency that is open already comes back instead."""
    try:
        with impatient(BRIEF):
            return open_pull_now() or insert_row(event)
    except IntegrityError:
        return open_pull() or get(event.pk)
    except DATABASE_GONE as error:
        log.warning("emergency: the call leaves before its record (%s)", type(error).__name__)
        return journal.latest(is_open_pull)


def insert_row(event: Event) -> None:
    with transaction.atomic():
        event.save(force_insert=True)


def why_held() -> str:
    """From the moment of the press, before its call was answered."""
    event = Event.objects.filter(kind=Kind.PULL, state__in=OPEN).order_by("requested_at").first()
    if event is None:
        return ""
    pulled = timezone.localtime(event.requested_at)
    day = "" if pulled.date() == timezone.localdate() else f" on {pulled.day} {pulled:%B}"
    return f"The emergency handle was pulled at {pulled:%H:%M}{day} and is not released yet."


def is_open_pull(event: Event) -> bool:
    return event.kind == Kind.PULL and event.is_open


def open_pull_now() -> Event | None:
    """The open emergency by one query, with nothing taken over first: somebody is pressing."""
    waiting = [entry.event for entry in journal.pending() if is_open_pull(entry.event)]
    return deepcopy(waiting[0]) if waiting else Event.objects.filter(kind=Kind.PULL, state__in=OPEN).first()


def save(event: Event, *steps: Step, patience: float = PATIENT) -> bool:
    """Keep this state and these new lines of its timeline; false when only the journal has them for now."""
    with journal.lock():
        for step in steps:
            step.event = event
        waiting = journal.read().get(event.pk)
        every = {step.pk: step for step in [*(waiting.steps if waiting else []), *steps]}
        # Waited for in vain a moment ago, it is not waited for as long again.
        patience = min(patience, TAKE_OVER) if time.monotonic() < retry.after else patience
        stored = store(event, list(every.values()), patience)
        journal.write(event, list(steps), in_database=stored)
        if not stored and patience > BRIEF:
            retry.after = time.monotonic() + RETRY_SECONDS
    glance.forget()
    return stored


def store(event: Event, steps: list[Step], patience: float) -> bool:
    try:
        with impatient(patience), transaction.atomic():
            if event.state in OPEN and event.kind == Kind.PULL:
                # Two machines may have opened one each while their database was away: the younger goes on.
                others = Event.objects.filter(kind=Kind.PULL, state__in=OPEN).exclude(pk=event.pk)
                others.update(state=State.JOINED, answer="Went on as another event.")
            columns = [column.name for column in Event._meta.concrete_fields if not column.primary_key]
            if not Event.objects.filter(pk=event.pk).update(**{name: getattr(event, name) for name in columns}):
                event.save(force_insert=True)
            add_steps(steps)
    except DATABASE_GONE as error:
        log.warning("emergency: the database did not take the record (%s), the journal has it", type(error).__name__)
        return False
    return True


def add_steps(steps: list[Step]) -> None:
    """Each line once, however often it is offered, and a ledger entry for each call among them."""
    if not steps:
        return
    there = set(Step.objects.filter(pk__in=[step.pk for step in steps]).values_list("pk", flat=True))
    fresh = [step for step in steps if step.pk not in there]
    Step.objects.bulk_create(fresh)
    Ledger.objects.bulk_create(
        Ledger(
            at=step.at,
            staff=step.by,
            source="emergency",
            operation=step.operation,
            outcome=OUTCOMES[step.outcome],
            answer=step.text,
        )
        for step in fresh
        if step.what == What.CALL and step.outcome in OUTCOMES
    )


def take_over() -> None:
    """Into the database with what only the journal has; quietly nothing while the database stays away."""
    for entry in journal.pending():
        if is_under_way(entry.event) or time.monotonic() < retry.after:
            continue  # a call under way is about to be saved by whoever makes it
        if store(entry.event, entry.steps, TAKE_OVER):
            journal.write(entry.event, [], in_database=True)
        else:
            retry.after = time.monotonic() + RETRY_SECONDS


def is_under_way(event: Event) -> bool:
    """A call was begun within the last half minute and its outcome is not recorded yet."""
    recent = timezone.now() - timedelta(seconds=30)
    in_flight = event.state in (State.REQUESTED, State.STANDING_DOWN)
    return bool(in_flight and event.called_at and event.called_at > recent)


def ask(query: Callable[[], Event | None], wanted: Callable[[Event], bool]) -> Event | None:
    """The youngest event that `wanted` holds for: the database's word, corrected by what it could not yet be told."""
    try:
        take_over()
        row = query()
    except DATABASE_GONE:
        return journal.latest(wanted)
    waiting = {entry.event.pk: entry.event for entry in journal.pending()}
    fitting = [event for event in waiting.values() if wanted(event)]
    if row is not None and row.pk not in waiting:
        fitting.append(row)
    return deepcopy(max(fitting, key=lambda event: event.requested_at, default=None))


def is_current(event: Event) -> bool:
    """Open, and for a drill not forgotten: one nobody ended is over after a quarter of an hour."""
    return event.is_open and (not event.is_drill or event.requested_at > timezone.now() - DRILL_OVER_AFTER)


def get(pk: UUID) -> Event | None:
    return ask(lambda: Event.objects.filter(pk=pk).first(), lambda event: event.pk == pk)


def open_pull() -> Event | None:
    return ask(
        lambda: Event.objects.filter(kind=Kind.PULL, state__in=OPEN).first(),
        is_open_pull,
    )


def open_drill() -> Event | None:
    return ask(
        lambda: Event.objects.filter(kind=Kind.DRILL, state=State.DRILL).first(),
        lambda event: event.is_drill and is_current(event),
    )


def last_event(kinds: tuple[Kind, ...]) -> Event | None:
    """The youngest event of these kinds, open or not."""
    return ask(
        lambda: Event.objects.filter(kind__in=kinds).exclude(state=State.JOINED).first(),
        lambda event: event.kind in kinds and event.state != State.JOINED,
    )


def steps_of(event: Event) -> list[Step]:
    waiting = journal.read().get(event.pk)
    every = {step.pk: step for step in (waiting.steps if waiting else [])}
    try:
        every |= {step.pk: step for step in event.steps.all()}
    except DATABASE_GONE:
        log.warning("emergency: the timeline is shown from the local journal")
    return sorted(every.values(), key=lambda step: step.at)


def look_up() -> Event | None:
    """What the bar shows: the open pull, else a drill under way. One query while all is quiet."""

    def from_database() -> Event | None:
        rows = Event.objects.filter(state__in=[*OPEN, State.DRILL], kind__in=[Kind.PULL, Kind.DRILL])
        return next((event for event in rows.order_by("-kind", "-requested_at") if is_current(event)), None)

    return ask(from_database, lambda event: event.kind != Kind.RELEASE and is_current(event))


def is_database_there() -> bool:
    try:
        Event.objects.exists()
    except DATABASE_GONE:
        return False
    return True


class Glance:
    """The open event as last looked up by this process: at most one look a second, however many pages are drawn."""

    KEEP_SECONDS = 1.0

    def __init__(self) -> None:
        self.event: Event | None = None
        self.until = 0.0

    def look(self) -> Event | None:
        if time.monotonic() >= self.until:
            self.event = look_up()
            self.until = time.monotonic() + self.KEEP_SECONDS
        return self.event

    def forget(self) -> None:
        self.until = 0.0


class Retry:
    """When a take-over may be tried again: a locked database is not to be waited for on every page."""

    after = 0.0


glance = Glance()
retry = Retry()
