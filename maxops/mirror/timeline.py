"""Our own writes and what changed in MaxContact behind our back, in one order of time and in the same words."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice

from django.db.models import Q, QuerySet
from django.urls import reverse

from maxops.mirror.acts import act_of, sentence_of
from maxops.mirror.models import Difference, Ledger, mirrored_models
from maxops.mirror.wording import Wording
from maxops.remote.maxcontact.entities import ENTITIES

Period = tuple[datetime | None, datetime | None]

SOMEBODY = "MaxContact, by somebody else"
# Seen outside a reading of the schedule: it may follow from what we did ourselves.
WHOSE = {"emergency": "MaxContact, around an emergency", "save": "MaxContact, seen while saving"}
OURS, THEIRS = 0, 1
DIGITS = 18  # longer numbers are no ids, and no database takes them
SORT_ICONS = {
    Difference.Sort.ADDED: "plus",
    Difference.Sort.CHANGED: "pen",
    Difference.Sort.MISSING: "close",
    Difference.Sort.RETURNED: "undo",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a timeline. `changes` are (label, before, after), in words; `url` is the record's own history."""

    at: datetime
    who: str
    source: str
    what: str
    changes: list[tuple[str, str, str]]
    outcome: str
    tone: str
    answer: str
    url: str
    kind: str = ""
    remote_id: int | None = None
    subject: str = ""
    address: str = ""
    icon: str = "send"
    is_ours: bool = True
    says_all: bool = False  # `what` tells the changes already
    key: str = ""
    reading_id: int | None = None


def of_record(kind: str, remote_id: int, limit: int, offset: int = 0) -> list[Entry]:
    """The latest of one record, newest first."""
    only = Q(kind=kind, remote_id=remote_id)
    return merged(Ledger.objects.filter(only), taken().filter(only), limit, offset)


def latest(
    kinds: Sequence[str], *, period: Period = (None, None), words: str = "", limit: int = 50, offset: int = 0
) -> list[Entry]:
    """The latest of these kinds within the period; every word is in what was written, or is the id."""
    since, until = period
    within = (Q(at__gte=since) if since else Q()) & (Q(at__lt=until) if until else Q())
    ours = Ledger.objects.filter(within & of_kinds(kinds))
    theirs = taken().filter(within & (Q() if set(kinds) == set(ENTITIES) else of_kinds(kinds)))
    ours = ours.filter(containing(words, "subject", "operation", "answer", "staff"))
    theirs = theirs.filter(containing(words, "subject"))
    return merged(ours, theirs, limit, offset)


def taken() -> QuerySet[Difference]:
    return Difference.objects.filter(taken=True)


def of_kinds(kinds: Sequence[str]) -> Q:
    """All kinds have the emergencies beside them, which concern every campaign; leads sent change no record."""
    if set(kinds) == set(ENTITIES):
        return ~(Q(kind="") & ~Q(operation__startswith="emergency"))
    return Q(kind=kinds[0]) if len(kinds) == 1 else Q(kind__in=kinds)


def containing(words: str, *columns: str) -> Q:
    """Every word in one of the columns, or as the record's id."""
    found = Q()
    for word in words.split():
        anywhere = Q(remote_id=int(word)) if word.isdecimal() and len(word) <= DIGITS else Q()
        for column in columns:
            anywhere |= Q(**{f"{column}__icontains": word})
        found &= anywhere
    return found


def merged(ours: QuerySet[Ledger], theirs: QuerySet[Difference], limit: int, offset: int) -> list[Entry]:
    """One order of time out of two tables: the keys first, then the rows of this page alone."""
    keys = (
        [(at, pk, origin) for at, pk in rows.order_by("-at", "-id").values_list("at", "id")[: offset + limit]]
        for origin, rows in ((OURS, ours), (THEIRS, theirs))
    )
    page = list(islice(merge(*keys, reverse=True), offset, offset + limit))
    entries = Ledger.objects.in_bulk([pk for _, pk, origin in page if origin == OURS])
    differences = Difference.objects.in_bulk([pk for _, pk, origin in page if origin == THEIRS])
    rows = [(entries if origin == OURS else differences).get(pk) for _, pk, origin in page]
    return told([row for row in rows if row is not None])


def told(rows: Iterable[Ledger | Difference]) -> list[Entry]:
    """Each row in words, the names in them looked up for all together."""
    rows = list(rows)
    wording = Wording.of((row.kind, row.changes if isinstance(row, Ledger) else row.fields) for row in rows)
    return [of_ledger(row, wording) if isinstance(row, Ledger) else of_difference(row, wording) for row in rows]


def of_ledger(entry: Ledger, wording: Wording) -> Entry:
    act = act_of(entry, wording)
    return Entry(
        at=entry.at,
        who=entry.staff or "maxops",
        source=entry.source,
        what=sentence_of(entry, wording),
        changes=wording.changes(entry.kind, entry.changes, is_new=entry.operation.startswith("create ")),
        outcome=entry.get_outcome_display(),
        tone=entry.outcome_tone,
        answer=entry.answer,
        url=history_address(entry.kind, entry.remote_id),
        kind=entry.kind,
        remote_id=entry.remote_id,
        subject=entry.subject,
        address=entry.address or "",
        icon=act.icon,
        says_all=act.says_all,
        key=f"sent-{entry.pk}",
    )


def of_difference(difference: Difference, wording: Wording) -> Entry:
    return Entry(
        at=difference.at,
        who=WHOSE.get(difference.source, SOMEBODY),
        source=difference.source,
        what=seen_words(difference),
        changes=wording.changes(difference.kind, difference.fields, is_new=difference.sort == Difference.Sort.ADDED),
        outcome=difference.get_sort_display(),
        tone=difference.sort_tone,
        answer="",
        url=history_address(difference.kind, difference.remote_id),
        kind=difference.kind,
        remote_id=difference.remote_id,
        subject=difference.subject,
        icon=SORT_ICONS.get(Difference.Sort(difference.sort), "eye"),
        is_ours=False,
        key=f"seen-{difference.pk}",
        reading_id=difference.reading_id,
    )


def seen_words(difference: Difference) -> str:
    thing = f"{ENTITIES[difference.kind].label} “{difference.subject}” ({difference.remote_id})"
    if difference.sort == Difference.Sort.ADDED:
        return f"New in MaxContact: {thing}"
    start = f"{thing[:1].upper()}{thing[1:]}"
    if difference.sort == Difference.Sort.MISSING:
        return f"{start} is not in MaxContact any more"
    if difference.sort == Difference.Sort.RETURNED:
        return f"{start} is in MaxContact again"
    return f"{start} was changed in MaxContact"


def history_address(kind: str, remote_id: int | None) -> str:
    model = mirrored_models().get(kind)
    if model is None or remote_id is None:
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_history", args=[remote_id])
