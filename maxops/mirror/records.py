"""Between a record (a dict keyed by our attribute names) and a row: columns, values as stored, keeping one record."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation, localcontext
from functools import cache
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Q

from maxops.mirror import bulk_write
from maxops.mirror.models import Difference, Mirrored, Reading
from maxops.remote.errors import Garbled

# Rows a write: short enough that no other writer waits long, on SQLite for the whole file, else for one of these rows.
SLICES = {"sqlite": 2500, "postgresql": 500}


@cache
def columns_of(model: type[Mirrored]) -> dict[str, models.Field]:
    """Attribute -> column, for every field of the entity that can be read; foreign keys stand under their `_id`."""
    by_attribute = {column.attname: column for column in model._meta.concrete_fields}
    return {field.attribute: by_attribute[field.attribute] for field in model.entity.fields if not field.write_only}


def as_column(column: models.Field, value: Any) -> Any:
    """The value as this column gives it back once stored; what the API left out or blank is its kind of empty."""
    return as_stored(column, [value])[0]


def as_stored(column: models.Field, values: Iterable[Any]) -> list[Any]:
    """Many values of one column, each as it comes back once stored."""
    if isinstance(column, models.CharField | models.TextField):
        return [("" if value is None else str(value)).replace("\x00", "") for value in values]
    if isinstance(column, models.DecimalField):
        return [None if value is None else _rounded(column, Decimal(value)) for value in values]
    found = list(values)
    if isinstance(column, models.IntegerField | models.ForeignKey):
        _refuse_too_large(column, [value for value in found if value is not None])
    return found


def _refuse_too_large(column: models.Field, values: list[int]) -> None:
    kind = getattr(column, "target_field", column).get_internal_type()
    low, high = connection.ops.integer_field_range(kind)
    if low is None or not values:
        return
    for value in (min(values), max(values)):
        if not low <= value <= high:
            raise Garbled(f"MaxContact gave {value} as {column.verbose_name}: too large a number.")


def _rounded(column: models.DecimalField, value: Decimal) -> Decimal:
    with localcontext() as context:
        context.prec = column.max_digits
        try:
            return value.quantize(Decimal(1).scaleb(-column.decimal_places))
        except InvalidOperation as error:
            raise Garbled(
                f"MaxContact gave the number {value} as {column.verbose_name}, too long to be one."
            ) from error


def as_columns(model: type[Mirrored], values: Mapping[str, Sequence[Any]], rows: int) -> list[list[Any]]:
    """Column after column, in the order of `columns_of`, as stored; what was not named is empty."""
    nothing = [None] * rows
    return [as_stored(column, values.get(name, nothing)) for name, column in columns_of(model).items()]


@cache
def empty_row(model: type[Mirrored]) -> tuple[Any, ...]:
    """Each column's kind of empty."""
    return tuple(column[0] for column in as_columns(model, {}, 1))


def is_so(model: type[Mirrored], record: Mapping[str, Any], name: str, value: Any) -> bool:
    """Whether the record already shows this value. A secret never does."""
    column = columns_of(model).get(name)
    return column is not None and name in record and same(as_column(column, record[name]), as_column(column, value))


def same(one: Any, other: Any) -> bool:
    """Equal to a person: a browser ends the lines of a text in its own way, and the dialler in another."""
    return one == other or (isinstance(one, str) and isinstance(other, str) and lines_of(one) == lines_of(other))


def lines_of(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def slices(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    size = SLICES[connection.vendor]
    return (rows[start : start + size] for start in range(0, len(rows), size))


def jsonable(value: Any) -> Any:
    """The same for equal values: 7.50 and 7.5 are one."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, datetime) else value


def titles(model: type[Mirrored]) -> Callable[[Sequence[Any]], str]:
    """What a row of column values is called: what str() of the row says, without building one for each."""
    shell, names = model(), list(columns_of(model))

    def title(values: Sequence[Any]) -> str:
        shell.__dict__.update(zip(names, values, strict=True))
        return str(shell)

    return title


def changed_fields(model: type[Mirrored], before: Sequence[Any], after: Sequence[Any]) -> dict[str, list[Any]]:
    """{attribute: [before, after]} where they differ, in a form that JSON can hold."""
    pairs = zip(columns_of(model), before, after, strict=True)
    return {name: [jsonable(old), jsonable(new)] for name, old, new in pairs if old != new}


def keep(
    model: type[Mirrored],
    record: Mapping[str, Any],
    at: datetime,
    *,
    ours: Iterable[str] = (),
    source: str = "save",
) -> Mirrored:
    """Store the remote's answer about one record and give back its row.

    What differs from the row beside the attributes in `ours` was changed by somebody else, and is noted as that.
    """
    values = tuple(column[0] for column in as_columns(model, {name: [value] for name, value in record.items()}, 1))
    rows = model._default_manager
    with transaction.atomic():
        row = rows.select_for_update().filter(pk=values[0]).first()
        # Blank: the next reading of all knows the bytes of this row, a single answer may have others.
        bulk_write.upsert(model, list(columns_of(model)), [(*values, "")], at, force=True)
        if row is not None:
            before = [getattr(row, name) for name in columns_of(model)]
            theirs = changed_fields(model, before, values)
            theirs = {name: pair for name, pair in theirs.items() if name not in set(ours)}
            if theirs or row.missing_since:
                _note(row, theirs, at, source)
    return rows.get(pk=values[0])


def _note(row: Mirrored, fields: dict[str, list[Any]], at: datetime, source: str) -> None:
    sort = Difference.Sort.RETURNED if row.missing_since else Difference.Sort.CHANGED
    Difference.objects.create(
        kind=row.kind(), remote_id=row.pk, subject=str(row), at=at, source=source, sort=sort, fields=fields
    )


def reclaim(row: Mirrored, ours: Iterable[str], since: datetime, *, is_new: bool = False) -> None:
    """Take back what a look during our own write, sent at `since`, noted as somebody else's change of this row."""
    during = Q(at__gte=since) | Q(reading__finished_at__gte=since) | Q(reading__state=Reading.State.RUNNING)
    values = {name: jsonable(getattr(row, name)) for name in ours if name in columns_of(type(row))}
    for seen in Difference.objects.filter(during, kind=row.kind(), remote_id=row.pk, taken=True):
        theirs = {name: pair for name, pair in seen.fields.items() if name not in values or pair[1] != values[name]}
        if seen.sort == Difference.Sort.ADDED if is_new else seen.sort == Difference.Sort.CHANGED and not theirs:
            seen.delete()
        elif theirs != seen.fields:
            seen.fields = theirs
            seen.save(update_fields=["fields"])
