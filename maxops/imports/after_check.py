"""What follows the reading of a file, in the worker: corrections already accepted, recent uploads, and the counts.

The findings of a run are kept as its page needs them; whatever costs a pass over the rows is worked out here, once.
"""

import csv
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice
from typing import Any

from django.utils import timezone

from maxops.imports.checks import count_findings
from maxops.imports.counts import note
from maxops.imports.errors import WrongState
from maxops.imports.files import RunFiles
from maxops.imports.findings import KINDS, Finding
from maxops.imports.headers import key_of
from maxops.imports.mapping import files_of, phone_column, region_of
from maxops.imports.models import Part, Run
from maxops.imports.overlap import attempts_before, mark_overlap
from maxops.imports.phone_fixes import FIXES, Corrector
from maxops.imports.phones import shapes_of
from maxops.imports.repeats import mark_repeats
from maxops.imports.rewriting import Edit, Rewriter, read_cells, rows_to_correct
from maxops.imports.row_rules import RowRules
from maxops.imports.versions import as_checked

Told = dict[str, Any]
EXAMPLES = 3
OVERTAKEN = "Another attempt of this upload went out meanwhile: look at the check again before you send this one."


def phone_place(run: Run, files: RunFiles) -> int:
    """Which cell of a row holds the number, by the header that is sent; -1 where none does."""
    phone = phone_column(as_checked(run))
    names = map(key_of, sent_columns(files))
    return next((place for place, name in enumerate(names) if phone and name == key_of(phone)), -1)


def sent_columns(files: RunFiles) -> list[str]:
    """The header as it is sent: the names that the mapping has."""
    return next(csv.reader([files.header_bytes().decode()]), [])


def rules_of(run: Run, files: RunFiles) -> RowRules:
    """What a row is judged by once it was read."""
    mapping, columns = as_checked(run), sent_columns(files)
    required = {key_of(name) for name in mapping.required}
    places = tuple(place for place, name in enumerate(columns) if key_of(name) in required)
    place = phone_place(run, files)
    return RowRules(len(columns), shapes_of(region_of(mapping)), None if place < 0 else place, places)


def edit_of(run: Run, files: RunFiles, kind: str) -> Edit | None:
    """The correction of one kind of finding as an edit of rows; None where there is none, or no number to correct."""
    rules = rules_of(run, files)
    if kind not in FIXES or rules.phone is None:
        return None
    corrector = Corrector(rules.shapes, region_of(as_checked(run)))
    return Edit(KINDS[kind].code, rules.phone, partial(corrector.correct, kind), rules.judge)


def make_fix(run: Run, files: RunFiles, fix: Told) -> Told:
    """Carries out one accepted correction; repeats are found anew, because more rows have a good number now."""
    edit = edit_of(run, files, fix["kind"])
    start = files.rewritten.stat().st_size if files.rewritten.exists() else 0
    rows = Rewriter(files, edit).run(progress_of(run)) if edit else 0
    if rows and files.keys.exists():
        mark_repeats(files, partial(judge_row, files, edit))
    if fix["rows"] is None:
        note(run, f"{FIXES[fix['kind']].words('done', rows, region_of(run.mapping))}, accepted by {fix['by']}.")
    return {**fix, "rows": rows, "start": start}


def judge_row(files: RunFiles, edit: Edit, number: int) -> int:
    """The code of a row that no longer repeats another."""
    ((_, _, content),) = files.row_bytes([number])
    return edit.judge(read_cells(content))[0]


def progress_of(run: Run) -> Callable[[int], None]:
    """Tells the database how many rows are corrected, at most once a second."""
    told = float("-inf")

    def progress(rows: int) -> None:
        nonlocal told
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            fixes = [*run.fixes[:-1], {**run.fixes[-1], "done": rows}]
            Run.objects.filter(pk=run.pk).update(fixes=fixes, heartbeat=timezone.now())

    return progress


def follow(run: Run, files: RunFiles, findings: Iterable[Finding]) -> dict[str, list[Told]]:
    """After a check from the beginning: what is kept of it, corrections made that were accepted before."""
    fixes = [make_fix(run, files, fix) for fix in run.fixes]
    return {"fixes": fixes, "findings": finish(run, files, [finding.as_json() for finding in findings])}


def finish(run: Run, files: RunFiles, findings: list[Told]) -> list[Told]:
    """The findings as they are kept: row by row ones counted anew, choices of a person kept."""
    overlap = mark_overlap(run, files)
    told = [finding for finding in findings if not KINDS[finding["kind"]].code and finding["kind"] != "not_compared"]
    before = {finding["kind"]: finding for finding in findings}
    for finding in count_findings(files):
        row = {**finding.as_json(), **overlap.found.get(finding.kind, {})}
        if known := before.get(finding.kind):
            row["holds_back"] = known["holds_back"]
            row["detail"] = row["detail"] or known["detail"]
        told.append(row | offer(run, files, finding))
    if overlap.not_compared:
        words = ", ".join(f"run {other.pk}" for other in overlap.not_compared)
        runs = [other.pk for other in overlap.not_compared]
        gone = f"Their numbers are no longer here, or are of another region: {words}"
        told.append({**Finding("not_compared", len(runs), [], gone).as_json(), "runs": runs})
    return told


def offer(run: Run, files: RunFiles, finding: Finding) -> Told:
    """How many rows of this kind could be corrected on a person's word, and the first of them."""
    fix = FIXES.get(finding.kind)
    edit = edit_of(run, files, finding.kind)
    if edit is None:
        return {}
    rows = rows_to_correct(files, edit)
    first = list(islice(rows, EXAMPLES))
    count = len(first) + sum(1 for _ in rows) if fix.needs_count else finding.count
    return {"fix": {"count": count, "rows": first}} if first else {}


def parts_of_attempts(run: Run) -> list[tuple[int, str]]:
    """What has gone out, or is about to, of the other attempts of this upload."""
    others = attempts_before(run)
    parts = Part.objects.filter(run__in=others).order_by("pk")
    return list(parts.values_list("pk", "run__state")) if others else []


def look_again(run: Run) -> list[tuple[int, str]]:
    """Before an attempt goes: WrongState when another one went out since its check, with rows that this one has too.

    What it returns must still be so when the run's own parts are made.
    """
    parts, files = parts_of_attempts(run), files_of(run)
    if parts and run.state == Run.State.READY and files.keys.exists() and not run.parts.exists():
        known = count_kind(run.findings, "accepted_before")
        findings = finish(run, files, run.findings)
        if count_kind(findings, "accepted_before") > known:
            Run.objects.filter(pk=run.pk, state=Run.State.READY).update(findings=findings)
            raise WrongState(OVERTAKEN)
    return parts


def count_kind(findings: list[Told], kind: str) -> int:
    return sum(finding["count"] for finding in findings if finding["kind"] == kind)
