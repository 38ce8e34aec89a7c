"""What a person decides about a part of which MaxContact gave no answer (docs/decisions/0005).

Nothing is sent from here. A part said to be missing becomes one that was not sent, for somebody to send again; one that
may be there is sent once more only where MaxContact was told to leave duplicates out.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.utils import timezone

from maxops.imports import slips, untold
from maxops.imports.bookings import set_part
from maxops.imports.counts import is_untold, note, recount
from maxops.imports.decisions import DECIDED, NOT_THERE
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of, options_of
from maxops.imports.matching import lock_path
from maxops.imports.models import Part, Run
from maxops.imports.rejections import ACCEPTED, NOT_ATTEMPTED
from maxops.imports.resuming import IS_MOVING, leave_out, lock_mappings, refuse_reported
from maxops.locks import FOREVER, hold

NOT_OPEN = "It is no longer open what became of this part."
HAS_REFERENCE = "MaxContact gave this part an import id, so it was taken; its report will settle it."
PARTLY_TOLD = "MaxContact's report names some rows of this part, so it was taken and cannot be sent again as a whole."
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
        # Whatever else of the run was not sent goes as well.
        lock_mappings(run.mapping.platform)
        refuse_reported(run)
        leave_out(run, is_still=True)
        run.refresh_from_db()
        tried = f"{timezone.localtime(part.sent_at):%H:%M on %d %B}" if part.sent_at else "an earlier hour"
        part.detail = f"Sent once more, asked by {staff}; the try of {tried} may have arrived."
        part.state, part.in_doubt = Part.State.PLANNED, True
        part.save()
        note(run, f"Part {part.number}: sent once more, asked by {staff}. Leads that are there already are duplicates.")
        recount(run.pk, state=Run.State.SENDING, message="")


@contextmanager
def open_part(part: Part, *, or_unreported: bool = False) -> Iterator[Run]:
    """Neither a report being booked nor a sender may come in between: both locks are held.

    With `or_unreported` also one that was taken, once its report has not come in time, or told next to nothing.
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
        is_open = part.state == Part.State.UNKNOWN or (or_unreported and (is_unreported or is_untold(part)))
        if not is_open:
            raise WrongState(NOT_OPEN)
        yield run


def _book_taken(part: Part, staff: str) -> None:
    rows = part.unknown if is_untold(part) else part.rows
    if rows < part.rows:
        untold.count_rest(part, f"{DECIDED} {staff}: the leads that the report leaves open are there.")
    else:
        untold.set_report_aside(part, staff)
        part.accepted, part.unknown, part.answered_at = part.rows, 0, timezone.now()
        set_part(part, Part.State.ANSWERED, ACCEPTED, f"{DECIDED} {staff}: the leads are there.")
    are = f"{rows:,} row{' is' if rows == 1 else 's are'}"
    words = f"Part {part.number}: {staff} looked in MaxContact, the {are} there. Counted as loaded."
    note(part.run, words)
    recount(part.run_id, message=words)


def _book_missing(part: Part, staff: str) -> None:
    if part.reference:
        raise WrongState(HAS_REFERENCE)
    if is_untold(part) and part.unknown < part.rows:
        raise WrongState(PARTLY_TOLD)
    untold.set_report_aside(part, staff)
    part.unknown = 0
    part.rejected_at_once, part.in_doubt = 0, False
    files = files_of(part.run)
    (files.folder / f"early-{part.number}").unlink(missing_ok=True)
    slips.forget(files, [part.number])
    set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, f"{DECIDED} {staff}{NOT_THERE}")
    are = f"{part.rows:,} row{' is' if part.rows == 1 else 's are'}"
    words = f"Part {part.number}: {staff} looked in MaxContact, the {are} not there. Not sent yet."
    note(part.run, words)
    recount(part.run_id, state=Run.State.INTERRUPTED, message=words)
