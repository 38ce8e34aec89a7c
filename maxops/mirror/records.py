"""Between a record (a dict keyed by our attribute names) and a row: columns, fingerprint, storing, differences."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation, localcontext
from functools import cache
from typing import Any

from django.db import connection, models, transaction

from maxops.mirror.models import Mirrored
from maxops.remote.errors import Garbled

SLICE = 500  # rows a write: short enough that no other writer waits long


@dataclass(frozen=True, slots=True)
class Stored:
    """What storing did, in rows; `skipped` were written here after the records had been asked for."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0


@cache
def columns_of(model: type[Mirrored]) -> dict[str, models.Field]:
    """Attribute -> column, for every field of the entity that can be read; foreign keys stand under their `_id`."""
    by_attribute = {column.attname: column for column in model._meta.concrete_fields}
    return {field.attribute: by_attribute[field.attribute] for field in model.entity.fields if not field.write_only}


def as_column(column: models.Field, value: Any) -> Any:
    """The value as this column gives it back once stored; what the API left out or blank is its kind of empty."""
    if isinstance(column, models.CharField | models.TextField):
        return ("" if value is None else str(value)).replace("\x00", "")
    if value is None:
        return None
    if isinstance(column, models.DecimalField):
        return _rounded(column, Decimal(value))
    if isinstance(column, models.IntegerField | models.ForeignKey):
        kind = getattr(column, "target_field", column).get_internal_type()
        low, high = connection.ops.integer_field_range(kind)
        if low is not None and not low <= value <= high:
            raise Garbled(f"MaxContact gave {value} as {column.verbose_name}: too large a number.")
    return value


def _rounded(column: models.DecimalField, value: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = column.max_digits
        try:
            return value.quantize(Decimal(1).scaleb(-column.decimal_places))
        except InvalidOperation as error:
            raise Garbled(
                f"MaxContact gave the number {value} as {column.verbose_name}, too long to be one."
            ) from error


def values_of(model: type[Mirrored], record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as column values, whole: what it does not name is empty."""
    return {name: as_column(column, record.get(name)) for name, column in columns_of(model).items()}


def fingerprint_of(record: Mapping[str, Any]) -> str:
    """Equal for equal records, whether they came as XML or JSON; left out, null and blank are one kind of empty."""
    filled = {name: value for name, value in record.items() if value not in (None, "")}
    text = json.dumps(filled, sort_keys=True, default=_plain, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def is_so(model: type[Mirrored], record: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether the record already shows this value. A secret never does."""
    column = columns_of(model).get(name)
    return column is not None and name in record and as_column(column, record[name]) == as_column(column, value)


def slices(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + SLICE] for start in range(0, len(rows), SLICE))


def as_row(model: type[Mirrored], record: Mapping[str, Any], at: datetime) -> Mirrored:
    return model(**values_of(model, record), seen_at=at, missing_since=None, fingerprint=fingerprint_of(record))


def write_rows(rows: Sequence[Mirrored]) -> None:
    """Insert or overwrite; one statement a slice, never one a row."""
    if not rows:
        return
    model = type(rows[0])
    update_fields = [column.attname for column in model._meta.concrete_fields if not column.primary_key]
    names = [model._meta.get_field(name).name for name in update_fields]
    model._default_manager.bulk_create(
        rows, batch_size=SLICE, update_conflicts=True, update_fields=names, unique_fields=["id"]
    )


def keep(model: type[Mirrored], record: Mapping[str, Any], at: datetime) -> Mirrored:
    """Store the remote's answer about one record and give back its row."""
    row = as_row(model, record, at)
    write_rows([row])
    return model._default_manager.get(pk=row.pk)


def store_records(model: type[Mirrored], records: Sequence[Mapping[str, Any]], at: datetime) -> Stored:
    """Write those that differ from their row. `at` is when they were asked for: a row written since then is newer."""
    known = {
        row_id: (fingerprint, missing)
        for row_id, fingerprint, missing in model._default_manager.values_list("id", "fingerprint", "missing_since")
    }
    differing = [record for record in records if known.get(record["id"]) != (fingerprint_of(record), None)]
    created = changed = skipped = 0
    for part in slices(differing):
        rows = {record["id"]: as_row(model, record, at) for record in part}
        with transaction.atomic():
            newer = _written_since(model, list(rows), at)
            write_rows([row for row_id, row in rows.items() if row_id not in newer])
        skipped += len(newer)
        created += sum(row_id not in known for row_id in rows.keys() - newer)
        changed += sum(row_id in known for row_id in rows.keys() - newer)
    return Stored(created, changed, len(records) - created - changed - skipped, skipped)


def _written_since(model: type[Mirrored], row_ids: list[int], at: datetime) -> set[int]:
    later = model._default_manager.select_for_update().filter(pk__in=row_ids, seen_at__gt=at)
    return set(later.values_list("pk", flat=True))


def differences(model: type[Mirrored], records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What storing these records would change: [{"id", "name", "new", "fields": {name: [before, after]}}]."""
    rows = {row.pk: row for row in model._default_manager.all()}
    found = []
    for record in records:
        row = rows.get(record["id"])
        if row is not None and row.fingerprint == fingerprint_of(record) and not row.missing_since:
            continue
        values = values_of(model, record)
        fields = {} if row is None else changed_fields(row, values)
        found.append({"id": record["id"], "name": str(model(**values)), "new": row is None, "fields": fields})
    return found


def changed_fields(row: Mirrored, values: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{attribute: [before, after]} for the values that differ from the row, in a form that JSON can hold."""
    return {
        name: [jsonable(getattr(row, name)), jsonable(value)]
        for name, value in values.items()
        if getattr(row, name) != value
    }


def jsonable(value: Any) -> Any:
    return _plain(value) if isinstance(value, Decimal | datetime) else value
