"""What one would write instead of maxops' pull: Django's own ways to bring a table to a decoded collection."""

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from maxops.mirror.models import Mirrored, mirrored_models

BATCH = 1000


def values_of(model: type[Mirrored], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    names = {field.wire: field.attribute for field in model.entity.fields if not field.write_only}
    dates = {c.attname for c in model._meta.concrete_fields if isinstance(c, models.DateTimeField)}
    found = [{attribute: row.get(wire) for wire, attribute in names.items()} for row in rows]
    for name in dates & set(names.values()):
        for values in found:
            values[name] = timezone.make_aware(datetime.fromisoformat(values[name])) if values[name] else None
    return found


def bulk_create(kinds: dict[str, str]) -> dict[str, Any]:
    """All rows of each body by `bulk_create(update_conflicts=True)`, in one transaction; seconds by kind."""
    seconds = {}
    for kind, body in kinds.items():
        model = mirrored_models()[kind]
        content = Path(body).read_bytes()
        started = time.perf_counter()
        now = timezone.now()
        made = [model(**values, seen_at=now) for values in values_of(model, json.loads(content)["Data"])]
        written = (column for column in model._meta.concrete_fields if not column.generated)
        columns = [column.name for column in written if not column.primary_key]
        with transaction.atomic():
            model._default_manager.bulk_create(
                made, batch_size=BATCH, update_conflicts=True, unique_fields=["id"], update_fields=columns
            )
        seconds[kind] = time.perf_counter() - started
    return {"seconds": seconds}


def loop(kind: str, body: str, sample: int) -> dict[str, Any]:
    """`update_or_create` for each of the first `sample` rows, a transaction each; seconds for these."""
    model = mirrored_models()[kind]
    rows = values_of(model, json.loads(Path(body).read_bytes())["Data"][:sample])
    started = time.perf_counter()
    for values in rows:
        model._default_manager.update_or_create(id=values.pop("id"), defaults=values)
    return {"seconds": time.perf_counter() - started}
