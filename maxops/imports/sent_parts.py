"""The ledger's side of a part sent out: who sent how many rows and bytes, what came of it; no file name, no lead."""

import logging

from django.db import DatabaseError

from maxops.imports.decisions import DECIDED
from maxops.imports.models import Part
from maxops.mirror.models import Ledger

log = logging.getLogger(__name__)
COMMAND_LINE = "command line"  # what a run's staff starts with when it came by a command


def enter(part: Part) -> Ledger:
    """Before the first byte: if we die on the way, it stands there as unknown."""
    staff = part.run.staff
    return Ledger.objects.create(
        staff=staff,
        source="command" if staff.startswith(COMMAND_LINE) else "page",
        operation=operation_of(part),
        subject=part.run.mapping.name,
        changes={"rows": [None, part.rows], "bytes": [None, part.bytes]},
        answer="Sent; no answer yet.",
    )


def operation_of(part: Part) -> str:
    return f"upload part {part.number} of run {part.run_id}"


def settle(entry: Ledger, outcome: str, answer: str) -> None:
    """The part itself is booked already, so a ledger that cannot be written stops nobody."""
    try:
        Ledger.objects.filter(pk=entry.pk).update(outcome=outcome, answer=answer)
    except DatabaseError:
        log.exception("%s was %s, but the ledger could not be written", entry.operation, outcome)


def settle_later(part: Part, outcome: str, answer: str) -> None:
    """What was unknown has been found out: by a report that came after all, or by a person who looked.

    A report counts more than what a person found, unless the part was taken since.
    """
    entries = Ledger.objects.filter(kind="", operation=operation_of(part), at__gte=part.run.created_at)
    was_taken = False
    for entry in entries.order_by("-at"):
        is_decided = entry.answer.startswith(DECIDED) and not was_taken
        if entry.outcome == Ledger.Outcome.UNKNOWN or is_decided:
            settle(entry, outcome, answer)
            return
        was_taken = was_taken or entry.outcome == Ledger.Outcome.ACCEPTED
