"""maxops' own way: `maxops.mirror.pull.pull`, over HTTP from the loopback dialler into the database."""

import time
from typing import Any

from django.db import connection

from maxops.mirror.errors import PullRefused
from maxops.mirror.models import Difference, Reading, mirrored_models
from maxops.mirror.pull import pull
from maxops.remote.connect import check
from maxops.remote.errors import RemoteError

COUNTED = ("read", "created", "changed", "unchanged", "missing")


def warm() -> None:
    """As a worker is that has read before: logged in, connected both ways, its modules loaded."""
    is_there, _, words = check("maxcontact")
    if not is_there:
        raise RuntimeError(words)
    Reading.latest_good("users")


def read_all(kinds: list[str]) -> dict[str, Any]:
    """Seconds and counts by kind."""
    warm()
    found = {}
    for kind in kinds:
        started = time.perf_counter()
        result = pull(kind, source="command")
        seconds = time.perf_counter() - started
        found[kind] = {"seconds": seconds, **{name: getattr(result, name) for name in COUNTED}}
    steps = {kind: getattr(Reading.latest_good(kind), "steps", {}) for kind in kinds}
    return {"kinds": found, "steps": steps}


def read_counting_writes(kind: str) -> dict[str, Any]:
    """How many rows of the kind's table one pull wrote, as the database itself counts them."""
    warm()
    table = connection.ops.quote_name(mirrored_models()[kind]._meta.db_table)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("CREATE TEMP TABLE written (id)")
            for act in ("INSERT", "UPDATE", "DELETE"):
                row = "OLD" if act == "DELETE" else "NEW"
                cursor.execute(
                    f"CREATE TEMP TRIGGER seen_{act} AFTER {act} ON main.{table}"
                    f" BEGIN INSERT INTO written VALUES ({row}.id); END"
                )
        else:
            cursor.execute("SELECT txid_current()")
            before = cursor.fetchone()[0]
    refused = attempt(kind)
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT count(*) FROM written")
        else:
            cursor.execute(f"SELECT count(*) FROM {table} WHERE xmin::text::bigint > %s", [before])
        return {"written": cursor.fetchone()[0], "refused": refused}


def attempt(kind: str) -> str:
    try:
        pull(kind, source="command")
    except (RemoteError, PullRefused) as error:
        return str(error)
    return ""


def size(kind: str) -> dict[str, Any]:
    """Rows of the kind, and the differences kept."""
    return {"rows": mirrored_models()[kind]._default_manager.count(), "differences": Difference.objects.count()}


def settle() -> dict[str, Any]:
    """What the database does by itself in a quiet minute: statistics, dead rows, the log into the file."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            cursor.execute("VACUUM ANALYZE")
    return {}
