"""Stored answers are read, given to the part they belong to, and booked there; harmless when done twice.

One at a time for each mapping: two reports must not be given to one part, nor one be read while a part is decided on.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import DataError, IntegrityError, transaction

from maxops.imports.candidates import Choice, Claim, by_reference, choose_part, earlier_try, possible_parts
from maxops.imports.counts import note, recount
from maxops.imports.decisions import REPORTABLE, is_missing
from maxops.imports.mapping import files_of
from maxops.imports.models import Answer, Mapping, Part, Run
from maxops.imports.settling import book, read_stored
from maxops.locks import FOREVER, hold
from maxops.remote.errors import Garbled
from maxops.remote.platforms.interface import Report

RETRIED = 50
OPEN = (Answer.State.NEW, Answer.State.UNMATCHED)
log = logging.getLogger(__name__)


def settle_answer(answer_id: int, part: Part | None = None) -> None:
    """Reads a stored answer and books it on its part; `part` when a person says which."""
    answer = Answer.objects.select_related("mapping").get(pk=answer_id)
    with hold(lock_path(answer.mapping), patience=FOREVER):
        booked = _settle_locked(answer, part)
    if booked:
        settle_open(answer.mapping)


def settle_open(mapping: Mapping) -> None:
    """Tries the answers of a mapping that have no part yet: a part has changed, and may now be the only one left."""
    while True:
        oldest = Part.objects.filter(REPORTABLE, run__mapping=mapping).order_by("run__created_at").first()
        if oldest is None:
            return
        waiting = Answer.objects.filter(mapping=mapping, state__in=OPEN, received_at__gte=oldest.run.created_at)
        with hold(lock_path(mapping), patience=FOREVER):
            booked = [_settle_locked(answer, None) for answer in waiting.order_by("id")[:RETRIED]]
        if not any(booked):
            return


def put_aside(answer_id: int, staff: str) -> bool:
    """A person says that an unmatched answer is none of ours. False when it is no longer unmatched."""
    words = f"Put aside by {staff}: not about anything sent from here."
    found = Answer.objects.filter(pk=answer_id, state=Answer.State.UNMATCHED)
    return bool(found.update(state=Answer.State.ASIDE, evidence=words))


def take_up(answer_id: int) -> bool:
    """The other way round; it is tried anew."""
    found = Answer.objects.filter(pk=answer_id, state=Answer.State.ASIDE)
    changed = bool(found.update(state=Answer.State.UNMATCHED, evidence="Taken up again.", facts={}))
    if changed:
        settle_answer(answer_id)
    return changed


def lock_path(mapping: Mapping) -> Path:
    return apps.get_app_config("imports").answers_folder / f"{mapping.pk}.lock"


def _settle_locked(answer: Answer, part: Part | None) -> bool:
    answer.refresh_from_db()
    if answer.state not in OPEN or (part is None and is_as_before(answer)):
        return False
    try:
        report = read_stored(answer)
    except Garbled as error:
        return _close(answer, Answer.State.UNREADABLE, error.message)
    except FileNotFoundError:
        return _close(answer, Answer.State.UNREADABLE, "The stored body is no longer there.")
    answer.imported, answer.rejected = report.imported, sum(report.rejected.values())
    seen = _open_now(answer, Claim.of(report))  # before the choice: what changes meanwhile must be seen to have changed
    choice = Choice(part, "Assigned by a person.") if part else choose_part(answer, report)
    answer.facts = facts_of(report, choice) | ({} if choice.wait else {"open": seen})
    if choice.part is None:
        return _put_aside(answer, choice, Claim.of(report))
    try:
        with kept_from_leaving(choice.part) as may_book:
            if not may_book:
                return _close_for_now(answer, by_person=part is not None)
            # A part that a person decided on has no report yet: what MaxContact says of it counts more.
            if choice.part.state == Part.State.ANSWERED and choice.part.answers.exists():
                return _close_second(answer, choice.part)
            book(answer, choice.part, report, choice.evidence)
    except (DataError, IntegrityError, OverflowError, ValueError):
        log.exception("answer %s of mapping %s cannot be booked", answer.pk, answer.mapping_id)
        return _close(answer, Answer.State.UNREADABLE, "It holds figures or words that cannot be kept.")
    except FileNotFoundError:
        return _close(answer, Answer.State.UNREADABLE, f"The folder of run {choice.part.run_id} is no longer there.")
    return True


@contextmanager
def kept_from_leaving(part: Part) -> Iterator[bool]:
    """A part that is to be sent again stays here while its report is booked: both locks of its run are held.

    False while somebody sends the run; nobody is waited for, since that may be the caller.
    """
    part.refresh_from_db()
    if not is_missing(part):
        yield True
        return
    with hold(files_of(part.run).folder / "lock") as mine, transaction.atomic():
        Run.objects.select_for_update().get(pk=part.run_id)
        part.refresh_from_db()
        yield mine


def _close_for_now(answer: Answer, *, by_person: bool) -> bool:
    """Tried again by itself; one that a person assigns stays where the person finds it."""
    del answer.facts["open"]
    state = answer.state if by_person else Answer.State.NEW
    return _close(answer, state, "The run of its part is being sent just now: wait until it stops.")


def _put_aside(answer: Answer, choice: Choice, claim: Claim) -> bool:
    if choice.wait:
        return _close(answer, Answer.State.NEW, choice.evidence)
    if choice.weighed:
        return _close(answer, Answer.State.UNMATCHED, choice.evidence)
    matched = Answer.objects.filter(mapping=answer.mapping, sha256=answer.sha256, state=Answer.State.MATCHED)
    if matched.exists():
        words = "The same report was booked before, and no part waits for another."
        return _close(answer, Answer.State.DUPLICATE, words)
    if part := earlier_try(answer, claim):
        return _close_second(answer, part)
    return _close(answer, Answer.State.UNMATCHED, choice.evidence)


def _close_second(answer: Answer, part: Part) -> bool:
    """Nothing is counted twice. A part that was sent twice may well be reported on twice."""
    recount(part.run_id)
    if part.tries < 2:
        return _close(answer, Answer.State.DUPLICATE, "This part has been reported before; the first report stands.")
    figures = f"{answer.imported or 0:,} loaded, {answer.rejected or 0:,} rejected"
    words = f"Report on another try of part {part.number}, which was sent {part.tries} times: {figures}."
    note(part.run, f"{words} The first report stands; this one is not counted.")
    return _close(answer, Answer.State.DUPLICATE, f"{words} The first report stands.", part)


def _close(answer: Answer, state: str, evidence: str, part: Part | None = None) -> bool:
    answer.state, answer.evidence, answer.part = state, evidence, part
    answer.save()
    return False


def facts_of(report: Report, choice: Choice) -> dict[str, Any]:
    """What the page shows of an answer, and what it claims: figures, ids, reasons; no lead."""
    claim = Claim.of(report)
    return {
        "total": claim.total,
        "references": list(claim.references[:100]),
        "reasons": dict(report.rejected),
        "lines": len(report.lines),
        "failure": report.failure,
        "weighed": list(choice.weighed),
    }


def is_as_before(answer: Answer) -> bool:
    """Whether it has been read, and no part that it could be about has changed since."""
    if "open" not in answer.facts:
        return False
    claim = Claim(answer.facts["total"], tuple(answer.facts["references"]))
    return answer.facts["open"] == _open_now(answer, claim) and by_reference(answer, claim) is None


def _open_now(answer: Answer, claim: Claim) -> list[list[Any]]:
    return [[part.pk, part.state] for part in possible_parts(answer, claim)]
