"""A report with very many rejected lines: through maxops' own receiver, and by the usual parsers."""

import re
import shutil
import time
import uuid
from array import array
from pathlib import Path
from typing import Any

import ijson
from django.utils import timezone
from lxml import etree

from bench.posted import counted
from bench.ways.runs import receive, resident
from maxops.imports import bookings, matching
from maxops.imports.answers import answers_folder
from maxops.imports.mapping import files_of
from maxops.imports.models import Answer, Part, Run
from maxops.imports.rejections import start_outcomes

SPOKEN = re.compile(r"\s*Line:\s*(\d+)\s+Reason:\s*(.*\S)\s*", re.DOTALL)


def wait_for_report(folder: str, rows: int) -> dict[str, Any]:
    """A run of so many short rows, sent as one part that waits for its report."""
    path = Path(folder) / "short.csv"
    with path.open("w", encoding="ascii") as file:
        file.write("phone,id\n")
        file.writelines(f"07{number * 7_368_787 % 1_000_000_000:09},{number}\n" for number in range(rows))
    found = receive(str(path), ["phone", "id"], f"Reports {uuid.uuid4().hex[:8]}")
    run = Run.objects.get(pk=found["run"])
    start_outcomes(files_of(run))
    part = Part.objects.create(
        run=run, number=1, first_row=0, last_row=rows - 1, rows=rows, bytes=path.stat().st_size, first_line=2
    )
    part.sent_at = timezone.now()
    Run.objects.filter(pk=run.pk).update(state=Run.State.WAITING)
    bookings.set_part(part, Part.State.WAITING, 2, "")
    run.mapping.line_base = "record"
    run.mapping.save()
    path.unlink()
    return {"run": run.pk}


def settle(run_id: int, body: str) -> dict[str, Any]:
    """From the stored body to the counted run."""
    run = Run.objects.select_related("mapping").get(pk=run_id)
    answers_folder().mkdir(parents=True, exist_ok=True)
    name = uuid.uuid4().hex
    shutil.copyfile(body, answers_folder() / name)
    answer = Answer.objects.create(mapping=run.mapping, file=name, sha256=name, size=Path(body).stat().st_size)
    before = resident()
    started = time.perf_counter()
    matching.settle_answer(answer.pk)
    seconds = time.perf_counter() - started
    answer.refresh_from_db()
    run.refresh_from_db()
    rejected = {tally.reason: tally.rows for tally in run.tallies.all()}
    kept = files_of(run).outcomes.stat().st_size
    return {
        "seconds": seconds,
        "before": before,
        "state": answer.state,
        "evidence": answer.evidence,
        "accepted": run.accepted,
        "rejected": rejected,
        "kept": kept,
    }


def truth(errors: int, rows: int) -> dict[str, Any]:
    return {"rejected": counted(errors, rows)[1], "accepted": rows - errors}


class Kept:
    """Line numbers in an array, a byte for each reason: as sparing as can be."""

    def __init__(self) -> None:
        self.lines = array("I")
        self.codes = bytearray()
        self.names: dict[str, int] = {}

    def add(self, text: str) -> None:
        if match := SPOKEN.fullmatch(text):
            self.lines.append(int(match[1]))
            self.codes.append(self.names.setdefault(match[2], len(self.names)))


def iterparse(body: str) -> dict[str, Any]:
    """lxml's iterparse with the elements cleared behind it."""
    started = time.perf_counter()
    kept = Kept()
    for _, element in etree.iterparse(body, resolve_entities=False, no_network=True, huge_tree=True):
        tag = element.tag.rpartition("}")[2]
        if tag == "ErrorText":
            kept.add(element.text or "")
        elif tag == "APIError":
            element.clear()
            holder = element.getparent()
            while element.getprevious() is not None:
                del holder[0]
    return {"seconds": time.perf_counter() - started, "errors": len(kept.lines)}


def iterparse_filtered(body: str) -> dict[str, Any]:
    """The same, with the tags filtered inside lxml: the quickest of its kind."""
    started = time.perf_counter()
    kept = Kept()
    wanted = ["{*}APIError", "{*}ErrorText"]
    for _, element in etree.iterparse(body, tag=wanted, resolve_entities=False, no_network=True, huge_tree=True):
        if element.tag.endswith("}ErrorText"):
            kept.add(element.text or "")
            continue
        element.clear()
        holder = element.getparent()
        while element.getprevious() is not None:
            del holder[0]
    return {"seconds": time.perf_counter() - started, "errors": len(kept.lines)}


def items(body: str) -> dict[str, Any]:
    """ijson's items, with its C backend."""
    started = time.perf_counter()
    kept = Kept()
    with Path(body).open("rb") as file:
        for error in ijson.items(file, "Errors.item"):
            kept.add(error["ErrorText"])
    return {"seconds": time.perf_counter() - started, "errors": len(kept.lines), "backend": ijson.backend}
