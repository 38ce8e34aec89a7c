"""Many rows in one statement, past the ORM: it builds an object and a parameter list a row, which costs the most.

The caller holds a transaction, no longer than a slice takes. Names in statements come from our own models.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zlib import crc32

from django.db import connection, models, transaction

from maxops.mirror.models import Mirrored

MARKS = ("seen_at", "missing_since", "fingerprint")
INCOMING = "mirror_incoming"
DENSE = 4  # ids a row, up to which a range of them is read
GROUPS = 24  # statements a slice: beyond, one that sets all columns any row of it changed

Values = Sequence[Any]
# Which columns a row changes, in the order of its values, and whether it was marked as missing; None for a new row.
Mask = tuple[bool, ...] | None


def fingerprints(model: type[Mirrored]) -> dict[int, str]:
    """Of every row that is not marked as missing, by id."""
    # Nearly all of them: one walk through the table, where an index on the bare column would be asked row by row.
    present = "WHERE COALESCE(missing_since, NULL) IS NULL"
    statement = ["SELECT id, fingerprint FROM", _quoted(model._meta.db_table), present]
    with connection.cursor() as cursor:
        cursor.execute(" ".join(statement))
        return dict(cursor)


def write(model: type[Mirrored], names: Sequence[str], rows: Sequence[tuple[Values, Mask]], at: datetime) -> set[int]:
    """Insert or overwrite rows of the values of `names`, the id first, and a fingerprint; gives the ids written.

    A row known to be newer than `at` stays as it is.
    """
    if connection.vendor != "sqlite":
        return upsert(model, names, [values for values, _ in rows], at)
    later = _later(model, [values[0] for values, _ in rows], at)
    written = [(values, mask) for values, mask in rows if values[0] not in later]
    upsert(model, names, [values for values, mask in written if mask is None], at)
    # SQLite writes an index anew for each column a statement names, changed or not.
    groups: dict[Mask, list[Values]] = defaultdict(list)
    for values, mask in written:
        if mask is not None:
            groups[mask].append(values)
    if len(groups) > GROUPS:
        groups = {tuple(map(any, zip(*groups, strict=True))): [row for part in groups.values() for row in part]}
    for mask, part in groups.items():
        _update(model, names, mask, part, at)
    return {values[0] for values, _ in written}


def _update(model: type[Mirrored], names: Sequence[str], mask: Mask, rows: Sequence[Values], at: datetime) -> None:
    *changes, was_missing = mask
    places = [place for place, changes_it in enumerate(changes) if changes_it]
    columns = [model._meta.get_field(names[place]) for place in places]
    until = _prepared(model._meta.get_field("seen_at"), [at])[0]
    sets = ", ".join([f"{_quoted(column.column)} = %s" for column in columns] + ["seen_at = %s", "fingerprint = %s"])
    missing = ", missing_since = NULL" if was_missing else ""
    stored = [_prepared(column, [row[place] for row in rows]) for column, place in zip(columns, places, strict=True)]
    beside = ([until] * len(rows), [row[-1] for row in rows], [row[0] for row in rows], [until] * len(rows))
    statement = ["UPDATE", _quoted(model._meta.db_table), "SET", sets, missing, "WHERE id = %s AND seen_at <= %s"]
    with connection.cursor() as cursor:
        cursor.executemany(" ".join(statement), list(zip(*stored, *beside, strict=True)))


def upsert(
    model: type[Mirrored], names: Sequence[str], rows: Sequence[Values], at: datetime, *, force: bool = False
) -> set[int]:
    """All columns of each row, whether it is there or not; by `force` over one that is newer than `at` too."""
    if not rows:
        return set()
    columns = [model._meta.get_field(name) for name in (*names, *MARKS)]
    table, (key, *rest) = _quoted(model._meta.db_table), [_quoted(column.column) for column in columns]
    conflict = ["ON CONFLICT (", key, ") DO UPDATE SET", ", ".join(f"{name} = excluded.{name}" for name in rest)]
    if not force:
        conflict += ["WHERE", table, ".seen_at <= excluded.seen_at"]
    return _insert(model, columns, [(*row[:-1], at, None, row[-1]) for row in rows], [*conflict, "RETURNING", key])


@contextmanager
def slice_of_many() -> Iterator[None]:
    """A transaction that need not reach the disk by itself: what is settled after the last one brings all along."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO off")
        yield


def insert(model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """New rows of these columns; the key is the database's to give. Here alone no caller needs a transaction."""
    with transaction.atomic():  # the rows that come in live as long as one
        _insert(model, [model._meta.get_field(name) for name in names], rows, [])


def set_fingerprints(model: type[Mirrored], marks: Sequence[tuple[int, str]], at: datetime) -> None:
    """(id, fingerprint) of rows whose values came in other bytes than before: no change of the row itself."""
    if not marks:
        return
    columns = [model._meta.get_field(name) for name in ("id", "fingerprint")]
    table, until = _quoted(model._meta.db_table), _prepared(model._meta.get_field("seen_at"), [at])[0]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            statement = ["UPDATE", table, "SET fingerprint = %s WHERE id = %s AND seen_at <= %s"]
            cursor.executemany(" ".join(statement), [(mark, row_id, until) for row_id, mark in marks])
            return
        incoming = _copy(cursor, columns, marks)
        statement = ["UPDATE", table, "SET fingerprint = fresh.fingerprint FROM", incoming, "AS fresh WHERE"]
        cursor.execute(" ".join([*statement, table, ".id = fresh.id AND", table, ".seen_at <= %s"]), [until])


def rows_of(model: type[Mirrored], ids: Sequence[int]) -> models.QuerySet:
    """At least the rows with these ids; where they lie close together, a range is far cheaper than their list."""
    low, high = min(ids, default=0), max(ids, default=-1)
    if high - low < DENSE * len(ids):
        return model._default_manager.filter(pk__gte=low, pk__lte=high)
    return model._default_manager.filter(pk__in=ids)


def _later(model: type[Mirrored], ids: Sequence[int], at: datetime) -> set[int]:
    return set(rows_of(model, ids).filter(seen_at__gt=at).values_list("pk", flat=True))


def _insert(
    model: type[models.Model], columns: Sequence[models.Field], rows: Sequence[Sequence[Any]], ending: list[str]
) -> set[int]:
    """The first values of the rows written."""
    if not rows:
        return set()
    names = ", ".join(_quoted(column.column) for column in columns)
    start = ["INSERT INTO", _quoted(model._meta.db_table), "(", names, ")"]
    stored = zip(*map(_prepared, columns, zip(*rows, strict=True)), strict=True)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join(["%s"] * len(columns))
            statement = [*start, "VALUES (", places, ")", *ending[: ending.index("RETURNING") if ending else 0]]
            cursor.executemany(" ".join(statement), list(stored))
            return {row[0] for row in rows}
        incoming = _copy(cursor, columns, stored)
        cursor.execute(" ".join([*start, "SELECT * FROM", incoming, "WHERE true" if ending else "", *ending]))
        return {row[0] for row in cursor.fetchall()} if ending else set()


def _copy(cursor: Any, columns: Sequence[models.Field], rows: Iterable[Sequence[Any]]) -> str:
    """Into a table of this connection's own, the quickest way in that PostgreSQL has; gives the table's name.

    One for each shape, made once: hundreds of them a reading would be work for its catalogue.
    """
    shape = ", ".join(f"{_quoted(column.column)} {column.db_type(connection)}" for column in columns)
    table = f"{INCOMING}_{crc32(shape.encode()):08x}"
    made = ["CREATE TEMPORARY TABLE IF NOT EXISTS", table, "(", shape, ") ON COMMIT DELETE ROWS;"]
    cursor.execute(" ".join([*made, "DELETE FROM", table]))  # what an earlier use in the same transaction left
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    return table


def _prepared(column: models.Field, values: Values) -> Values:
    """Only dates and decimals look otherwise in a database than in Python, and few of them differ."""
    if not isinstance(column, models.DateTimeField | models.DecimalField):
        return values
    prepared = {value: column.get_db_prep_save(value, connection) for value in set(values)}
    return [prepared[value] for value in values]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
