"""What an answer shows otherwise than the mirror: found by comparing, written into the rows, kept as history."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import ne
from typing import Any

from maxops.mirror import bulk_write
from maxops.mirror.models import Difference, Mirrored, Reading, mirrored_models
from maxops.mirror.records import as_column, changed_fields, columns_of, empty_row, jsonable, slices, titles

Values = tuple[Any, ...]
Sort = Difference.Sort
KEPT_A_READING = 10_000  # one by one; of more only the number is told
COLUMNS = ("reading", "kind", "remote_id", "subject", "at", "source", "sort", "fields", "fingerprint", "taken")


@dataclass(slots=True)
class Delta:
    """One record that differs. `before` and `after` are column values, None where there is no row or no record.

    What people read of it, subject and fields, is worked out only for those that are kept.
    """

    remote_id: int
    sort: str
    before: Values | None = None
    after: Values | None = None
    mark: str = ""
    subject: str = ""
    fields: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def mask(self) -> bulk_write.Mask:
        if self.before is None or self.after is None:
            return None
        return (*map(ne, self.before, self.after), self.sort == Sort.RETURNED)

    def as_dict(self) -> dict[str, Any]:
        new = self.sort == Sort.ADDED
        fields = {} if new else self.fields
        return {"id": self.remote_id, "name": self.subject, "new": new, "sort": str(self.sort), "fields": fields}


@dataclass(slots=True)
class Comparison:
    """`same` are ids whose values are as they were, with their new fingerprints; `newer` moved on meanwhile."""

    deltas: list[Delta] = field(default_factory=list)
    same: list[tuple[int, str]] = field(default_factory=list)
    newer: int = 0


@dataclass(slots=True)
class Stored:
    """What storing did, in rows; `skipped` were written here after the records had been asked for."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0

    def __add__(self, other: "Stored") -> "Stored":
        return Stored(
            self.created + other.created,
            self.changed + other.changed,
            self.unchanged + other.unchanged,
            self.skipped + other.skipped,
        )


def compare(model: type[Mirrored], rows: Sequence[Values], marks: Sequence[str]) -> Comparison:
    """One slice of rows against the mirror."""
    known = known_rows(model, [values[0] for values in rows])
    found = Comparison()
    for values, mark in zip(rows, marks, strict=True):
        row = known.get(values[0])
        if row is None:
            found.deltas.append(Delta(values[0], Sort.ADDED, None, values, mark))
        elif row[-1] is not None:
            found.deltas.append(Delta(values[0], Sort.RETURNED, row[:-1], values, mark))
        elif (before := row[:-1]) != values:
            found.deltas.append(Delta(values[0], Sort.CHANGED, before, values, mark))
        else:
            found.same.append((values[0], mark))
    return found


def known_rows(model: type[Mirrored], ids: Sequence[int]) -> dict[int, Values]:
    """Id -> column values, and behind them since when the row is missing."""
    rows = bulk_write.rows_of(model, ids).values_list(*columns_of(model), "missing_since")
    return {row[0]: row for row in rows}


def describe(model: type[Mirrored], deltas: Sequence[Delta], *, whole: bool = False) -> None:
    """Subject and fields; `whole` lists every value of what is new, for somebody to apply later."""
    title, empty = titles(model), empty_row(model)
    for delta in deltas:
        if delta.after is None:
            continue
        delta.subject = delta.subject or title(delta.after)
        before = delta.before or ((delta.remote_id, *empty[1:]) if whole else delta.after)
        delta.fields = changed_fields(model, before, delta.after)


@dataclass(slots=True)
class Recorder:
    """Keeps the differences of one reading, or of a single look at the dialler when there is none.

    `at` is when the dialler was asked. A `silent` one keeps nothing: into an empty table everything is new.
    """

    kind: str
    at: datetime
    source: str
    reading: Reading | None = None
    limit: int = 0  # 0: every one is kept
    silent: bool = False
    kept: int = 0
    left_out: int = 0

    def keep(self, deltas: Sequence[Delta], *, taken: bool = True) -> None:
        if self.silent:
            return
        fitting = deltas if not self.limit else deltas[: max(0, self.limit - self.kept)]
        self.kept += len(fitting)
        self.left_out += len(deltas) - len(fitting)
        describe(mirrored_models()[self.kind], fitting, whole=not taken)
        reading, beside = self.reading and self.reading.pk, (self.kind, self.at, self.source)
        rows = [_as_difference(delta, reading, beside, taken) for delta in fitting]
        for part in slices(rows):
            bulk_write.insert(Difference, COLUMNS, part)

    @property
    def words(self) -> str:
        return (
            f"{self.kept:,} differences are kept one by one, and {self.left_out:,} more are not."
            if self.left_out
            else ""
        )


def _as_difference(
    delta: Delta, reading: int | None, beside: tuple[str, datetime, str], taken: bool
) -> tuple[Any, ...]:
    kind, at, source = beside
    fields, mark = json.dumps(delta.fields), "" if taken else delta.mark
    return (reading, kind, delta.remote_id, delta.subject, at, source, str(delta.sort), fields, mark, taken)


def store_slice(model: type[Mirrored], found: Comparison, recorder: Recorder) -> Stored:
    """Write one slice: rows, fingerprints, differences, all or none."""
    names = list(columns_of(model))
    with bulk_write.slice_of_many():
        rows = [((*delta.after, delta.mark), delta.mask) for delta in found.deltas]
        written = bulk_write.write(model, names, rows, recorder.at)
        bulk_write.set_fingerprints(model, [pair for pair in found.same if pair[1]], recorder.at)
        done = [delta for delta in found.deltas if delta.remote_id in written]
        recorder.keep(done)
    created = sum(delta.sort == Sort.ADDED for delta in done)
    skipped = found.newer + len(found.deltas) - len(done)
    return Stored(created, len(done) - created, len(found.same) + skipped, skipped)


def mark_missing(model: type[Mirrored], gone: Sequence[int], recorder: Recorder) -> int:
    """Mark these as not seen since they were asked for, unless they were written here since; how many it were."""
    marked = 0
    for part in slices(gone):
        with bulk_write.slice_of_many():
            still = model._default_manager.filter(pk__in=part, missing_since=None, seen_at__lte=recorder.at)
            rows = list(still.select_for_update())
            still.filter(pk__in=[row.pk for row in rows]).update(missing_since=recorder.at)
            recorder.keep([Delta(row.pk, Sort.MISSING, subject=str(row)) for row in rows])
        marked += len(rows)
    return marked


def missing_ones(model: type[Mirrored], gone: Sequence[int]) -> list[Delta]:
    return [
        Delta(row.pk, Sort.MISSING, subject=str(row))
        for part in slices(gone)
        for row in model._default_manager.filter(pk__in=part)
    ]


def after_of(model: type[Mirrored], before: Values, difference: Difference) -> Values | None:
    """The row with this difference laid over it; None when it is no longer what the difference started from."""
    values = list(before)
    for place, (name, column) in enumerate(columns_of(model).items()):
        if name not in difference.fields:
            continue
        old, new = difference.fields[name]
        if jsonable(values[place]) != old:
            return None
        values[place] = as_column(column, column.to_python(new))
    return tuple(values)
