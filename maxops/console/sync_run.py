"""What the page of one reading shows: counts and steps, what it found to differ, and what may be done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count
from django.http import QueryDict
from django.urls import reverse

from maxops.console.sync import FAULTY, MOVING, changelist_of
from maxops.mirror.models import Difference, Mirrored, Reading, mirrored_models
from maxops.mirror.timeline import containing
from maxops.mirror.wording import Wording
from maxops.remote.maxcontact.entities import ENTITIES

ROWS_A_PAGE = 100
LAST_PAGE = 100_000
Sort = Difference.Sort
SORTS = (
    (Sort.ADDED, "New", "created"),
    (Sort.CHANGED, "Changed", "changed"),
    (Sort.MISSING, "Not there any more", "missing"),
    (Sort.RETURNED, "There again", ""),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One difference in words. `address` is the record's own page, where the mirror has the record."""

    difference: Difference
    changes: list[tuple[str, str, str]]
    address: str

    @property
    def is_new(self) -> bool:
        return self.difference.sort == Sort.ADDED


@dataclass(frozen=True, slots=True)
class Tally:
    sort: str
    label: str
    tone: str
    count: int
    kept: int


def model_of(reading: Reading) -> type[Mirrored]:
    return mirrored_models()[reading.kind]


def change_permission(kind: str) -> str:
    options = mirrored_models()[kind]._meta
    return f"{options.app_label}.change_{options.model_name}"


def tallies(reading: Reading) -> list[Tally]:
    """How many of each sort the reading counted, and how many of them are kept one by one."""
    found = reading.differences.order_by().values_list("sort").annotate(n=Count("id"))
    kept = dict(found)
    rows = []
    for sort, label, column in SORTS:
        count = getattr(reading, column) if column else kept.get(sort, 0)
        if sort == Sort.CHANGED and reading.changed >= kept.get(Sort.RETURNED, 0):
            count = max(reading.changed - kept.get(Sort.RETURNED, 0), kept.get(sort, 0))
        rows.append(Tally(sort, label, Difference(sort=sort).sort_tone, count, kept.get(sort, 0)))
    return rows


def rows_of(reading: Reading, sort: str, words: str, page: int) -> tuple[list[Row], bool]:
    """One page of the differences, and whether there is another one."""
    rows = reading.differences.order_by("sort", "id")
    if sort in Sort.values:
        rows = rows.filter(sort=sort)
    start = (page - 1) * ROWS_A_PAGE
    shown = list(rows.filter(containing(words, "subject"))[start : start + ROWS_A_PAGE + 1])
    return in_words(reading, shown[:ROWS_A_PAGE]), len(shown) > ROWS_A_PAGE


def in_words(reading: Reading, shown: list[Difference]) -> list[Row]:
    wording = Wording.of((row.kind, row.fields) for row in shown)
    options = model_of(reading)._meta
    known = model_of(reading)._default_manager.in_bulk([row.remote_id for row in shown])
    name = f"admin:{options.app_label}_{options.model_name}_change"
    return [
        Row(
            row,
            wording.changes(row.kind, row.fields, is_new=row.sort == Sort.ADDED),
            reverse(name, args=[row.remote_id]) if row.remote_id in known else "",
        )
        for row in shown
    ]


def number_in(text: str | None, largest: int) -> int:
    return min(max(int(text), 1), largest) if text and text.isdecimal() and len(text) < 10 else 1


def screen_of(reading: Reading, asked: QueryDict, may_change: bool) -> dict[str, Any]:
    """Everything `_run.html` is filled from."""
    sort, words = asked.get("sort", ""), asked.get("q", "").replace("\x00", "").strip()
    page = number_in(asked.get("page"), LAST_PAGE)
    rows, has_more = rows_of(reading, sort, words, page)
    counts = tallies(reading)
    kept = sum(tally.kept for tally in counts)
    return {
        "reading": reading,
        "label": ENTITIES[reading.kind].label,
        "is_moving": reading.state in MOVING,
        "is_faulty": reading.state in FAULTY,
        "tallies": counts,
        "kept": kept,
        "not_kept": max(sum(tally.count for tally in counts) - kept, 0),
        "steps": steps_of(reading.steps),
        "rows": rows,
        "sort": sort if sort in Sort.values else "",
        "words": words,
        "page": page,
        "has_more": has_more,
        "may_change": may_change,
        "changelist": changelist_of(reading.kind),
        **choices(reading),
    }


def steps_of(steps: Mapping[str, Any]) -> list[tuple[str, float]]:
    return [(name, seconds) for name, seconds in steps.items() if isinstance(seconds, int | float)]


def choices(reading: Reading) -> dict[str, Any]:
    """What may still be done with it: a dry run taken over once, a loss taken over with its number.

    Neither once a later reading has been taken over whole: that one knows better of every row.
    """
    is_dry_run_done = reading.dry_run and reading.state == Reading.State.DONE and reading.differs > 0
    is_refused = reading.state == Reading.State.REFUSED and reading.missing > 0
    if not (is_dry_run_done or is_refused):
        return {}
    applied = reading.applied_by.filter(state=Reading.State.DONE).first()
    good = Reading.latest_good(reading.kind)
    outrun_by = good if good and good.started_at > reading.started_at else None
    present = model_of(reading)._default_manager.filter(missing_since=None).count()
    return {
        "applied": applied,
        "outrun_by": None if applied else outrun_by,
        "may_apply": is_dry_run_done and not (applied or outrun_by),
        "may_accept": is_refused and outrun_by is None,
        "is_wide": reading.missing * 3 > present,
        "present": present,
    }
