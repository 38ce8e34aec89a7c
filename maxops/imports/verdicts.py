"""What a person decides about a part of which MaxContact gave no answer (docs/decisions/0005).

Nothing is sent from here. A part said to be missing becomes one that was not sent, for somebody to send again; one that
may be there is sent once more only where MaxContact was told to leave duplicates out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from maxops.imports import slips
from maxops.imports.bookings import set_part
from maxops.imports.counts import note, recount
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of, options_of
from maxops.imports.matching import lock_path
from maxops.imports.models import Part, Run
from maxops.imports.rejections import ACCEPTED, NOT_ATTEMPTED
from maxops.locks import FOREVER, hold

DECIDED = "Looked up in MaxContact by"  # what a decided part's detail starts with
NOT_OPEN = "It is no longer open what became of this part."
IS_MOVING = "This run is being sent just now. Wait until it stops."
HAS_REFERENCE = "MaxContact gave this part an import id, so it was taken; its report will settle it."
DEDUPE = "Dedupe"
NO_DEDUPE = (
    "This upload was sent without the option that leaves duplicates out, so leads that are there already would be "
    "loaded twice."
)


def may_send_again(run: Run) -> bool:
    """Whether leads that are there already are rejected as duplicates: only if the upload itself asked for it."""
    return options_of(run).get(DEDUPE) is True


def decide(part: Part, *, taken: bool, staff: str) -> None:
    with open_part(part, or_unreported=True) as run:
        part.run = run
        if taken:
            _book_taken(part, staff)
        else:
            _book_missing(part, staff)


def send_again(part: Part, staff: str) -> None:
    """The run goes to sending, for the queue; a report on either try settles the part."""
    with open_part(part) as run:
        if part.reference:
            raise WrongState(HAS_REFERENCE)
        if not may_send_again(run):
            raise WrongState(NO_DEDUPE)
        tried = f"{timezone.localtime(part.sent_at):%H:%M on %d %B}" if part.sent_at else "an earlier hour"
        part.detail = f"Sent once more, asked by {staff}; the try of {tried} may have arrived."
        part.state, part.in_doubt = Part.State.PLANNED, True
        part.save()
        note(run, f"Part {part.number}: sent once more, asked by {staff}. Leads that are there already are duplicates.")
        recount(run.pk, state=Run.State.SENDING, message="")


@contextmanager
def open_part(part: Part, *, or_unreported: bool = False) -> Iterator[Run]:
    """Neither a report being booked nor a sender may come in between: both locks are held.

    With `or_unreported` also one that was taken, once its report has not come in time.
    """
    with (
        hold(lock_path(part.run.mapping), patience=FOREVER),
        hold(files_of(part.run).folder / "lock") as mine,
        transaction.atomic(),
    ):
        run = Run.objects.select_for_update().get(pk=part.run_id)
        part.refresh_from_db()
        if not mine or run.state == Run.State.SENDING:
            raise WrongState(IS_MOVING)
        is_unreported = part.state == Part.State.WAITING and run.state == Run.State.NO_ANSWER
        if part.state != Part.State.UNKNOWN and not (or_unreported and is_unreported):
            raise WrongState(NOT_OPEN)
        yield run


def _book_taken(part: Part, staff: str) -> None:
    part.accepted, part.unknown, part.answered_at = part.rows, 0, timezone.now()
    set_part(part, Part.State.ANSWERED, ACCEPTED, f"{DECIDED} {staff}: the leads are there.")
    words = f"Part {part.number}: {staff} looked in MaxContact, the {part.rows:,} rows are there. Counted as loaded."
    note(part.run, words)
    recount(part.run_id, message=words)


def _book_missing(part: Part, staff: str) -> None:
    if part.reference:
        raise WrongState(HAS_REFERENCE)
    part.rejected_at_once, part.in_doubt = 0, False
    files = files_of(part.run)
    (files.folder / f"early-{part.number}").unlink(missing_ok=True)
    slips.forget(files, [part.number])
    set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, f"{DECIDED} {staff}: the leads are not there.")
    words = f"Part {part.number}: {staff} looked in MaxContact, the {part.rows:,} rows are not there. Not sent yet."
    note(part.run, words)
    recount(part.run_id, state=Run.State.INTERRUPTED, message=words)
