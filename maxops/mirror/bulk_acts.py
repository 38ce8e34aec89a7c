"""One act over many records: proposed, confirmed by a person exactly once, then run here or by the worker."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet, TextField
from django.utils import timezone

from maxops.celery import enqueue
from maxops.mirror.author import Author
from maxops.mirror.bulk_runs import run
from maxops.mirror.bulk_write import insert
from maxops.mirror.models import BulkAct, BulkRow, Mirrored
from maxops.mirror.offers import Offer, offer_of
from maxops.mirror.tasks import run_bulk_act
from maxops.remote.errors import Refused

__all__ = ["ROWS_AT_ONCE", "again", "cancel", "confirm", "counts", "propose", "run"]

ROWS_AT_ONCE = 10  # so many a person waits for
SECONDS_AT_ONCE = 8  # ... but no longer than this: the worker does the rest
SLICE = 1000
Outcome, State = BulkRow.Outcome, BulkAct.State


def propose(offer: Offer, rows: Iterable[Mirrored], parameters: Mapping[str, Any], author: Author) -> BulkAct:
    """Nothing is sent yet. Rows of one kind; parameters may still be missing."""
    found = _named(rows) if isinstance(rows, QuerySet) else ((row.kind(), row.pk, str(row)) for row in rows)
    first = next(found, None)
    if first is None:
        raise Refused("Nothing was chosen, so there is nothing to do.")
    bulk_act = _new(first[0], offer.name, parameters, author)
    _write_rows(bulk_act, ((pk, subject) for _, pk, subject in chain([first], found)))
    return bulk_act


def _named(rows: QuerySet[Mirrored]) -> Iterator[tuple[str, int, str]]:
    """In the order given. Never read while writing: SQLite would refuse it, had somebody else written meanwhile."""
    kind = rows.model.kind()
    ids = iter(list(rows.values_list("pk", flat=True)))
    long = [column.name for column in rows.model._meta.concrete_fields if isinstance(column, TextField)]
    named = rows.model._default_manager.defer(*long)
    while part := list(islice(ids, SLICE)):
        known = named.in_bulk(part)
        yield from ((kind, pk, str(known[pk])) for pk in part if pk in known)


def _new(kind: str, offer: str, parameters: Mapping[str, Any], author: Author) -> BulkAct:
    """Nobody can confirm it before its last row is written; if that never comes, it stays as one cancelled."""
    return BulkAct.objects.create(
        kind=kind,
        offer=offer,
        state=State.CANCELLED,
        finished_at=timezone.now(),
        parameters=dict(parameters),
        staff=author.login,
        source=author.source,
        address=author.address,
    )


def _write_rows(bulk_act: BulkAct, found: Iterator[tuple[int, str]]) -> None:
    """In slices, each a transaction of its own: a hundred thousand rows must neither fill memory nor block anybody.

    Then it is proposed.
    """
    names = ("bulk_act", "remote_id", "subject", "outcome", "words")
    while part := list(islice(found, SLICE)):
        with transaction.atomic():
            insert(BulkRow, names, [(bulk_act.pk, pk, subject, Outcome.OPEN.value, "") for pk, subject in part])
    bulk_act.state, bulk_act.finished_at = State.PROPOSED, None
    bulk_act.save(update_fields=["state", "finished_at"])


def confirm(bulk_act: BulkAct, author: Author, parameters: Mapping[str, Any] | None = None) -> bool:
    """Whether this was the click that set it going; a second one does nothing. Refused when a parameter is wrong.

    A few rows are done before this returns; `bulk_act.state` says whether it is through.
    """
    chosen = offer_of(bulk_act.kind, bulk_act.offer).read({**bulk_act.parameters, **(parameters or {})})
    proposed = BulkAct.objects.filter(pk=bulk_act.pk, state=State.PROPOSED)
    now = timezone.now()
    mine = proposed.update(
        state=State.WAITING,
        parameters=chosen,
        staff=author.login,
        source=author.source,
        address=author.address,
        alive_at=now,
    )
    if mine:
        few = not bulk_act.rows.order_by().values("pk")[ROWS_AT_ONCE : ROWS_AT_ONCE + 1].exists()
        if not (few and run(bulk_act.pk, seconds=SECONDS_AT_ONCE)):
            enqueue(run_bulk_act, bulk_act.pk)
    bulk_act.refresh_from_db()
    return bool(mine)


def cancel(bulk_act: BulkAct) -> bool:
    """Before anything was sent; one that runs stops after the row it is at. Whether there was something to cancel."""
    now = timezone.now()
    unsent = BulkAct.objects.filter(pk=bulk_act.pk, state__in=[State.PROPOSED, State.WAITING])
    running = BulkAct.objects.filter(pk=bulk_act.pk, state=State.RUNNING)
    changed = unsent.update(state=State.CANCELLED, finished_at=now) or running.update(
        state=State.STOPPED, message="Stopped by hand.", finished_at=now
    )
    bulk_act.refresh_from_db()
    return bool(changed)


def go_on(bulk_act: BulkAct) -> bool:
    """Let one that stopped run again over its open rows, for the command. Whether it may run now."""
    stopped = BulkAct.objects.filter(pk=bulk_act.pk, state=State.STOPPED)
    stopped.update(state=State.WAITING, message="", finished_at=None)
    bulk_act.refresh_from_db()
    return bulk_act.state in (State.WAITING, State.RUNNING)


def again(bulk_act: BulkAct, author: Author) -> BulkAct:
    """A new proposal of the rows that were not done."""
    bulk_act.refresh_from_db()
    if bulk_act.state not in (State.FINISHED, State.STOPPED):
        raise Refused("It is still on its way: wait until it has ended.")
    left = bulk_act.rows.exclude(outcome=Outcome.DONE)
    if not left.exists():
        raise Refused("Every row is done, so there is nothing to try again.")
    new = _new(bulk_act.kind, bulk_act.offer, bulk_act.parameters, author)
    _write_rows(new, _listed(left))
    return new


def _listed(lines: QuerySet[BulkRow]) -> Iterator[tuple[int, str]]:
    last = 0
    while part := list(lines.filter(pk__gt=last).order_by("pk").values_list("pk", "remote_id", "subject")[:SLICE]):
        yield from ((remote_id, subject) for _, remote_id, subject in part)
        last = part[-1][0]


def counts(bulk_act: BulkAct) -> dict[str, int]:
    """Rows by outcome; "" are those not tried."""
    found = bulk_act.rows.order_by().values_list("outcome").annotate(number=Count("pk"))
    return dict.fromkeys(Outcome.values, 0) | dict(found)


def told(bulk_act: BulkAct) -> str:
    """How it ended in a sentence: "3 done, 1 not done, 2 not tried. MaxContact could not be reached." """
    labels = {Outcome.DONE: "done", Outcome.REFUSED: "not done", Outcome.UNKNOWN: "unknown"}
    labels |= {Outcome.SENDING: "on their way", Outcome.OPEN: "not tried"}
    numbers = counts(bulk_act)
    said = ", ".join(f"{numbers[outcome]:,} {words}" for outcome, words in labels.items() if numbers[outcome])
    return f"{said or 'no rows'}. {bulk_act.message}".strip()
