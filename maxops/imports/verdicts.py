"""What a person found out about a part of which MaxContact gave no answer (docs/decisions/0005).

Nothing is sent from here: a part said to be missing becomes one that was not sent, for somebody to send again.
"""

from django.db import transaction
from django.utils import timezone

from maxops.imports.counts import note, recount
from maxops.imports.delivery import set_part
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.matching import lock_path
from maxops.imports.models import Part, Run
from maxops.imports.rejections import ACCEPTED, NOT_ATTEMPTED
from maxops.locks import FOREVER, hold

DECIDED = "Looked up in MaxContact by"  # what a decided part's detail starts with
NOT_OPEN = "It is no longer open what became of this part."
IS_MOVING = "This run is being sent just now. Wait until it stops."
HAS_REFERENCE = "MaxContact gave this part an import id, so it was taken; its report will settle it."


def decide(part: Part, *, taken: bool, staff: str) -> None:
    """Neither a report being booked nor a sender may come in between: both locks are held."""
    with (
        hold(lock_path(part.run.mapping), patience=FOREVER),
        hold(files_of(part.run).folder / "lock") as mine,
        transaction.atomic(),
    ):
        run = Run.objects.select_for_update().get(pk=part.run_id)
        part.refresh_from_db()
        if not mine or run.state == Run.State.SENDING:
            raise WrongState(IS_MOVING)
        if part.state != Part.State.UNKNOWN:
            raise WrongState(NOT_OPEN)
        if taken:
            _book_taken(part, staff)
        else:
            _book_missing(part, staff)


def _book_taken(part: Part, staff: str) -> None:
    part.accepted, part.unknown, part.answered_at = part.rows, 0, timezone.now()
    set_part(part, Part.State.ANSWERED, ACCEPTED, f"{DECIDED} {staff}: the leads are there.")
    words = f"Part {part.number}: {staff} looked in MaxContact, the {part.rows:,} rows are there. Counted as loaded."
    note(part.run, words)
    recount(part.run_id, message=words)


def _book_missing(part: Part, staff: str) -> None:
    if part.reference:
        raise WrongState(HAS_REFERENCE)
    part.rejected_at_once = 0
    (files_of(part.run).folder / f"early-{part.number}").unlink(missing_ok=True)
    set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, f"{DECIDED} {staff}: the leads are not there.")
    words = f"Part {part.number}: {staff} looked in MaxContact, the {part.rows:,} rows are not there. Not sent yet."
    note(part.run, words)
    recount(part.run_id, state=Run.State.INTERRUPTED, message=words)
