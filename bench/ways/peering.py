"""What one would install instead, in its own project: django-import-export, and rejections as database rows."""

import csv
import io
import time
from itertools import islice
from pathlib import Path
from typing import Any

import tablib
from django.core.management import call_command
from django.db import transaction

from bench.peer.models import Reject
from bench.peer.resources import LeadResource, TunedResource

BATCH = 2000


def dry_run(path: str, rows: int, *, tuned: bool) -> dict[str, Any]:
    """Rows a second of the dry run that its admin makes before it asks; rows it would refuse whole are left out."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    text = io.StringIO(newline="")
    with Path(path).open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        header = next(reader)
        writer = csv.writer(text)
        writer.writerow(["ext_id" if name == "id" else name for name in header])
        writer.writerows(row for row in islice(reader, rows) if len(row) == len(header))
    started = time.perf_counter()
    dataset = tablib.Dataset().load(text.getvalue(), format="csv")
    resource = TunedResource() if tuned else LeadResource()
    resource.import_data(dataset, dry_run=True, raise_errors=False)
    return {"seconds": time.perf_counter() - started, "rows": len(dataset)}


def bulk_create(rows: int) -> dict[str, Any]:
    """So many rejections as rows of a database in memory: faster than any on a disk."""
    call_command("migrate", run_syncdb=True, verbosity=0)
    started = time.perf_counter()
    with transaction.atomic():
        for first in range(0, rows, BATCH):
            batch = [Reject(run=1, line=line, reason="Duplicate") for line in range(first, min(first + BATCH, rows))]
            Reject.objects.bulk_create(batch)
    return {"seconds": time.perf_counter() - started}
