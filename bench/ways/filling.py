"""Tables filled by the shortest road, and somebody to look at them."""

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection, models, transaction
from django.test import Client
from django.utils import timezone

from bench.bodies import rows_of
from bench.ways.upserts import values_of
from maxops.mirror.models import Mirrored, Reading, mirrored_models

MISSING = 100  # more than a page of them, however many rows there are


def fill(counts: dict[str, int]) -> dict[str, Any]:
    """So many rows of each kind, a hundred of them missing in MaxContact, and a good reading of each."""
    now = timezone.now()
    for kind, count in counts.items():
        model = mirrored_models()[kind]
        rows = values_of(model, rows_of(kind, count, "base"))
        for place, values in enumerate(rows):
            values |= {"seen_at": now, "fingerprint": "", "missing_since": now if place < MISSING else None}
        with transaction.atomic():
            write(model, rows)
        Reading.objects.create(kind=kind, state=Reading.State.DONE, read=count, finished_at=now, seconds=1.0)
    return {}


def write(model: type[Mirrored], rows: list[dict[str, Any]]) -> None:
    columns = [column for column in model._meta.concrete_fields if not column.generated]
    prepared = (tuple(prepare(column, row[column.attname]) for column in columns) for row in rows)
    table = connection.ops.quote_name(model._meta.db_table)
    names = ", ".join(connection.ops.quote_name(column.column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", prepared)
            return
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in prepared:
                copy.write_row(row)


def prepare(column: models.Field, value: Any) -> Any:
    return column.get_db_prep_save(value, connection) if value is not None else None


def manager() -> Client:
    """A browser of somebody in the group Manager, logged in: an administrator needs no permission looked up."""
    staff, is_new = get_user_model().objects.get_or_create(username="bench.manager", defaults={"is_staff": True})
    if is_new:
        staff.groups.add(Group.objects.get(name="Manager"))
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(staff)
    return client


def log_in() -> dict[str, Any]:
    """The cookie of a manager's session."""
    return {"cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in manager().cookies.items())}
