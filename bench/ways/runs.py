"""A lead file through maxops' own functions, with a database: check, send, report, rejected rows."""

import csv
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

from django.db import connection

from bench.leads import HEADER
from maxops.imports import delivery, intake
from maxops.imports.chosen_rows import SELECTIONS
from maxops.imports.downloads import write_csv
from maxops.imports.models import Mapping, Part, Run
from maxops.remote.connect import check


def resident() -> float:
    """MB of this process now."""
    line = next(line for line in Path("/proc/self/status").read_text("ascii").splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def receive(path: str, columns: list[str], name: str = "Bench") -> dict[str, Any]:
    """A run of this file, checked; nothing is sent."""
    columns = columns or list(HEADER)
    mapping, _ = Mapping.objects.get_or_create(name=name, defaults={"columns": columns, "fields": {"phone": "phone"}})
    copy = Path(path).with_name(str(uuid.uuid4()))
    shutil.copyfile(path, copy)
    run = intake.receive(intake.Staged(copy, uuid.uuid4().hex, copy.stat().st_size), "leads.csv", intake.Wish(mapping))
    told: list[float] = []
    spent = 0.0

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal spent
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            spent += time.perf_counter() - begun
            if sql.startswith("UPDATE") and "heartbeat" in sql:
                told.append(time.perf_counter())

    started = time.perf_counter()
    with connection.execute_wrapper(watch):
        intake.check(run.pk)
    seconds = time.perf_counter() - started
    run.refresh_from_db()
    return {
        "run": run.pk,
        "rows": run.rows,
        "state": run.state,
        "seconds": seconds,
        "first_told": told[0] - started if told else seconds,
        "told": len(told),
        "spent": spent,
    }


def send(run_id: int) -> dict[str, Any]:
    """From the press of Send to the last part taken; memory beyond what the process had before."""
    check("maxcontact")
    run = Run.objects.get(pk=run_id)
    before = resident()
    started = time.perf_counter()
    delivery.send(run, Run.HeldBack.SEND, "bench", again=True)
    planned = time.perf_counter()
    delivery.deliver(run.pk)
    ended = time.perf_counter()
    run.refresh_from_db()
    parts = list(run.parts.values_list("bytes", "rows", "state"))
    return {
        "seconds": ended - planned,
        "planning": planned - started,
        "before": before,
        "parts": len(parts),
        "bytes": sum(part[0] for part in parts),
        "rows": sum(part[1] for part in parts if part[2] == Part.State.WAITING),
    }


def reject(run_id: int, every: int) -> dict[str, Any]:
    """Marks each so manieth row as rejected, as a report would have done."""
    run = Run.objects.get(pk=run_id)
    run.tallies.all().delete()
    run.tallies.create(reason="Duplicate", fate="duplicate", code=10, rows=len(range(0, run.rows, every)))
    outcomes = bytearray(b"\x03" * run.rows)
    outcomes[::every] = b"\x0a" * len(range(0, run.rows, every))
    intake.files_of(run).outcomes.write_bytes(outcomes)
    return {}


def export(run_id: int, target: str) -> dict[str, Any]:
    """The rejected rows as they are downloaded."""
    run = Run.objects.get(pk=run_id)
    before = resident()
    started = time.perf_counter()
    first = 0.0
    with Path(target).open("wb") as file:
        for block in write_csv(run, SELECTIONS["rejected"]):
            first = first or time.perf_counter() - started
            file.write(block)
    return {"seconds": time.perf_counter() - started, "first": first, "before": before}


def rescan(path: str, target: str, every: int) -> dict[str, Any]:
    """What one writes without an index: the file read again, the chosen rows written."""
    started = time.perf_counter()
    with (
        Path(path).open(encoding="utf-8", newline="") as source,
        Path(target).open("w", encoding="utf-8", newline="") as file,
    ):
        reader, writer = csv.reader(source), csv.writer(file)
        writer.writerow([*next(reader), "reason"])
        for number, row in enumerate(row for row in reader if row):
            if number % every == 0:
                writer.writerow([*row, "Duplicate"])
    return {"seconds": time.perf_counter() - started}
