"""A run that was stopped goes on: what happened meanwhile may have brought some of its rows to MaxContact already.

A report may have come on a part that a person said is missing; another attempt of the upload may have sent its rows.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import compress
from typing import Any

from maxops.imports.checks import count_findings
from maxops.imports.counts import note, recount
from maxops.imports.decisions import MISSING, decision_on, is_missing
from maxops.imports.errors import RecordTooLarge, WrongState
from maxops.imports.files import RunFiles
from maxops.imports.findings import KINDS
from maxops.imports.mapping import files_of
from maxops.imports.matching import OPEN, lock_path, settle_open
from maxops.imports.models import Answer, Mapping, Part, Run
from maxops.imports.overlap import (
    ACCEPTED_BEFORE,
    Other,
    attempts_before,
    describe,
    earlier_runs,
    find_common,
    is_comparable,
)
from maxops.imports.planning import plan_anew, too_large_words
from maxops.imports.rejections import HELD_BACK, NOT_ATTEMPTED, read_outcomes
from maxops.locks import FOREVER, hold

IS_MOVING = "This run is being sent just now. Wait until it stops."
NOTHING_LEFT = "Nothing is left to send: other attempts of this upload have sent these rows, or are about to."


@contextmanager
def kept_still(run: Run) -> Iterator[bool]:
    """Neither a report being booked nor a sender may come in between; False while a sender is still at work."""
    if not run.parts.exists():
        yield True
        return
    if run.parts.filter(MISSING).exists():
        settle_open(run.mapping)  # what fits no other part is booked, and nothing of it is sent
    with hold(lock_path(run.mapping), patience=FOREVER), hold(files_of(run).folder / "lock") as mine:
        yield mine


def lock_mappings(platform: str) -> None:
    """Who is to send waits for whoever is about to: for all mappings, because several may lead to one list."""
    list(Mapping.objects.select_for_update().filter(platform=platform).order_by("pk").values_list("pk"))


def plan_again(run: Run, staff: str, *, is_still: bool) -> bool:
    """What was not taken becomes planned, but for rows that are there; False when nothing of it is left."""
    refuse_reported(run)
    for part in run.parts.filter(state=Part.State.REFUSED):
        part.state, part.detail = Part.State.PLANNED, decision_on(part)
        part.save(update_fields=["state", "detail"])
    note(run, f"Sending again what was not sent, asked by {staff}.")
    return leave_out(run, is_still=is_still)


def refuse_reported(run: Run) -> None:
    if part := reported_part(run):
        raise WrongState(words_of_report(part))


def words_of_report(part: Part) -> str:
    return f"A report came that may be of part {part.number}: assign it first, under Reports received."


def reported_part(run: Run, *, settles: bool = False) -> Part | None:
    """A part that a person said is missing, of which a report may be that waits for its part.

    `settles` reads what has come just now, for whoever does not hold the mapping's lock.
    """
    if settles:
        settle_open(run.mapping)
    missing = list(run.parts.filter(MISSING))
    if not missing:
        return None
    waiting = Answer.objects.filter(mapping=run.mapping_id, state__in=OPEN, received_at__gte=run.created_at)
    totals = {facts.get("total") for facts in waiting.values_list("facts", flat=True)}
    return next((part for part in missing if totals & {None, part.rows, part.rows - part.rejected_at_once}), None)


def leave_out(run: Run, *, is_still: bool) -> bool:
    """Holds back planned rows that another attempt of the upload has sent, or is about to. False: nothing is left."""
    chain, files = attempts_before(run), files_of(run)
    others = [other for other in earlier_runs(run) if other.pk in chain] if chain else []
    others = [other for other in others if is_comparable(run, other)]
    if not others or not files.keys.exists():
        return True
    if not is_still or run.parts.filter(state=Part.State.SENDING).exists():
        raise WrongState(IS_MOVING)
    counts = _hold_back(files, others)
    # By the rows' bytes and not by what was found now: whoever died between the two is taken up here.
    planned = list(run.parts.filter(state=Part.State.PLANNED, in_doubt=False))
    changed = {part.pk for part in planned if rows_to_send(files, part) != part.rows}
    if not changed:
        return True
    try:
        plan_anew(run, [part for part in planned if part.pk in changed or not is_missing(part)])
    except RecordTooLarge as error:
        raise WrongState(too_large_words(run, error)) from error
    return _keep(run, files, [(counts[place], other) for place, other in enumerate(others) if counts[place]])


def rows_to_send(files: RunFiles, part: Part) -> int:
    outcomes = read_outcomes(files, part.first_row, part.last_row - part.first_row + 1)
    return len(outcomes) - outcomes.count(HELD_BACK)


def _hold_back(files: RunFiles, others: list[Run]) -> Counter[int]:
    """Marks the rows that have not left; those that a person chose to send all the same have their code already."""
    counts: Counter[int] = Counter()
    with files.outcomes.open("r+b") as fates, files.codes.open("r+b") as kinds:
        for first, labels in find_common(files, list(map(Other.of, others))):
            outcomes = bytearray(os.pread(fates.fileno(), len(labels), first))
            codes = bytearray(os.pread(kinds.fileno(), len(labels), first))
            for row in compress(range(len(labels)), labels):
                if outcomes[row] == NOT_ATTEMPTED and codes[row] != ACCEPTED_BEFORE:
                    outcomes[row], codes[row] = HELD_BACK, ACCEPTED_BEFORE
                    counts[labels[row] - 1] += 1
            # Fates first: a row with the code alone would be taken for one that is to go all the same.
            os.pwrite(fates.fileno(), outcomes, first)
            os.fsync(fates.fileno())
            os.pwrite(kinds.fileno(), codes, first)
    return counts


def _keep(run: Run, files: RunFiles, told: list[tuple[int, Run]]) -> bool:
    held = read_outcomes(files).count(HELD_BACK)
    words = f"{held - run.held_back:,} rows held back: other attempts of this upload sent them, or are about to."
    run.held_back, run.findings = held, _findings(run, files, told)
    run.save(update_fields=["held_back", "findings"])
    note(run, words)
    if run.parts.filter(state=Part.State.PLANNED).exists():
        return True
    note(run, NOTHING_LEFT)
    # By its other parts, if it has any: they tell what became of it.
    recount(run.pk, state=run.state if run.parts.exists() else Run.State.FINISHED, message=NOTHING_LEFT)
    return False


def _findings(run: Run, files: RunFiles, told: list[tuple[int, Run]]) -> list[dict[str, Any]]:
    """As the rows are counted now; a row has one finding, and those held back here have another than before."""
    counted = {finding.kind: finding.as_json() for finding in count_findings(files)}
    known = {finding["kind"]: finding for finding in run.findings}
    kept = [finding for finding in run.findings if not KINDS[finding["kind"]].code]
    for kind, finding in counted.items():
        figures = {"count": finding["count"], "lines": finding["lines"]}
        kept.append({**known.get(kind, finding), **figures})
        if kind == "accepted_before" and told:
            news, before = describe(told, kind), known.get(kind, finding)
            kept[-1]["detail"] = " ".join(filter(None, [before["detail"], news["detail"]]))
            kept[-1]["runs"] = list(dict.fromkeys([*before.get("runs", []), *news["runs"]]))
    return kept
