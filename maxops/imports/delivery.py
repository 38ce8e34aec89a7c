"""The sending of a run in parts, told apart from what is not known (contract section 4).

A part is marked "sending" before its first byte. Found so without anybody holding the run, its fate is unknown: it is
shown to a person and never sent again by itself, since its leads may already be in the dialler.
"""

from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from maxops.imports import sent_parts
from maxops.imports.counts import note, recount
from maxops.imports.errors import RecordTooLarge, SentBefore, WrongState
from maxops.imports.findings import HOLDING_CODES
from maxops.imports.intake import earlier_run, same_file
from maxops.imports.mapping import files_of, options_of, platform_of, split_list
from maxops.imports.matching import remember_answer, settle_open
from maxops.imports.models import SENDABLE, Mapping, Part, Run
from maxops.imports.parts import cut, cut_unlike, empty_batch, make_batch
from maxops.imports.rejections import (
    NOT_ATTEMPTED,
    UNKNOWN,
    WAITING,
    keep_early_report,
    mark_rows,
    start_outcomes,
)
from maxops.locks import hold
from maxops.mirror.models import Ledger
from maxops.remote.errors import MaxopsConfigError, Refused, RemoteError, TooLarge
from maxops.remote.platforms.interface import Platform, Receipt

SMALLEST_PART = 1_000  # bytes; a dialler that refuses less refuses for another reason
SENT_BEFORE = "This very file was sent before. Say that it is to be sent again, if you mean to."
MAP_ANSWERS = frozenset({"NoMapFound", "NoMapMatch"})
MAPPING_ADVICE = "Correct the mapping, then send again: nothing of this part was taken."


def send(run: Run, held_back: str, staff: str, *, again: bool = False) -> None:
    """From ready, or from where it stopped, to sending; the delivery itself is `deliver`, in the queue or here.

    SentBefore when another run sent this very file, unless `again` says that it is meant.
    """
    if not again and not run.parts.exists() and (earlier := earlier_run(run)):
        refuse_repeat(run, earlier)
    with transaction.atomic():
        # Two runs of one file, sent at once: the second waits here, and then sees that the first is sending.
        Mapping.objects.select_for_update().get(pk=run.mapping_id)
        run = Run.objects.select_for_update().select_related("mapping").get(pk=run.pk)
        if run.state not in SENDABLE or not run.rows:
            raise WrongState(f"This run is {run.get_state_display().lower()}: there is nothing to send.")
        if not again and not run.parts.exists() and earlier_run(run):
            raise SentBefore(SENT_BEFORE)
        if run.parts.exists():
            run.parts.filter(state=Part.State.REFUSED).update(state=Part.State.PLANNED, detail="")
            note(run, f"Sending again what was not sent, asked by {staff}.")
        else:
            _plan(run, held_back, staff)
        Run.objects.filter(pk=run.pk).update(state=Run.State.SENDING, message="")
        recount(run.pk)


def refuse_repeat(run: Run, earlier: Run) -> None:
    """The finding goes to the run, so that its page can ask."""
    if not any(finding["kind"] == "same_file" for finding in run.findings):
        run.findings = [*run.findings, same_file(earlier)]
        run.save(update_fields=["findings"])
    raise SentBefore(SENT_BEFORE)


def _plan(run: Run, held_back: str, staff: str) -> None:
    files = files_of(run)
    codes = HOLDING_CODES if held_back == Run.HeldBack.DROP else ()
    run.held_back = start_outcomes(files, codes)
    run.held_back_choice = held_back
    # Frozen here: a mapping edited meanwhile must not send the second part elsewhere than the first.
    run.options, list_id = split_list(options_of(run))
    run.list_id = list_id or run.list_id
    if run.held_back == run.rows:
        raise WrongState("Every row would be held back: there is nothing to send.")
    run.save(update_fields=["held_back", "held_back_choice", "options", "list"])
    note(run, f"{run.rows - run.held_back:,} rows to be sent, {run.held_back:,} held back, asked by {staff}.")
    try:
        plan_parts(run, 0, 1)
    except RecordTooLarge as error:
        raise WrongState(_too_large_words(run, error)) from error


def plan_parts(run: Run, first_row: int, first_number: int) -> None:
    """Cuts the rows from `first_row` on under the limits, with room for everything a request carries besides rows."""
    files, platform, mapping = files_of(run), platform_of(run.mapping.platform), run.mapping
    header = files.header_bytes()
    limit = platform.limits.max_request_bytes
    frame = platform.request_size(empty_batch(header, part_name(run, 99999), mapping.name), options_of(run))
    sizes = [size for size in (limit, mapping.part_limit) if size]
    capacity = min(sizes) - frame if sizes else run.size * 4 + len(header)
    taken = set(run.parts.filter(number__lt=first_number).values_list("rows", flat=True))
    pieces = cut_unlike(partial(cut, files, capacity=capacity), first_row, platform.limits.max_rows, taken)
    for number, piece in enumerate(pieces, first_number):
        Part.objects.create(
            run=run,
            number=number,
            first_row=piece.first_row,
            last_row=piece.last_row,
            rows=piece.rows,
            bytes=piece.bytes + len(header),
            first_line=files.lines_of(piece.first_row, 1)[0],
        )


def part_name(run: Run, number: int) -> str:
    stem = Path(run.file_name).stem[:100] or "leads"
    return f"{stem}-{number}.csv" if number > 1 else f"{stem}.csv"


def cancel(run: Run, staff: str) -> None:
    """Only before anything was sent."""
    changed = Run.objects.filter(pk=run.pk, state__in=["ready", "failed"], sent=0).update(
        state=Run.State.CANCELLED, message=f"Cancelled by {staff}. Nothing was sent."
    )
    if not changed:
        raise WrongState("This run can no longer be cancelled.")
    note(run, f"Cancelled by {staff}.")
    recount(run.pk)


def deliver(run_id: int) -> None:
    """Sends what is planned, part by part, until all is out or one does not go. Whoever holds the lock does it."""
    run = Run.objects.select_related("mapping").get(pk=run_id)
    with hold(files_of(run).folder / "lock") as mine:
        run.refresh_from_db()
        if not mine or run.state != Run.State.SENDING:
            return
        platform = platform_of(run.mapping.platform)
        crashed = mark_crashed(run)
        going = not crashed
        while going and (part := run.parts.filter(state=Part.State.PLANNED).order_by("number").first()):
            going = send_part(run, part, platform)
        if going:
            recount(run.pk)  # also when a worker died between its last part and this line
    settle_open(run.mapping)


@transaction.atomic
def mark_crashed(run: Run) -> bool:
    """Parts whose sender died: it is not known how far it came."""
    parts = list(run.parts.filter(state=Part.State.SENDING))
    for part in parts:
        set_part(part, Part.State.UNKNOWN, UNKNOWN, "maxops stopped while this part was being sent.")
        note(run, f"Part {part.number}: maxops stopped while it was being sent; it is not known whether it was taken.")
    if parts:
        stop(run, "maxops stopped while a part was being sent: it is not known whether MaxContact took it.")
    return bool(parts)


def send_part(run: Run, part: Part, platform: Platform) -> bool:
    """Whether to go on with the next part."""
    files = files_of(run)
    batch = make_batch(files, part.first_row, part.last_row, part_name(run, part.number), run.mapping.name)
    entry = sent_parts.enter(part)
    part.state, part.tries, part.sent_at = Part.State.SENDING, part.tries + 1, timezone.now()
    part.save()
    recount(run.pk)
    try:
        receipt = platform.deliver(batch, options_of(run))
    except (RemoteError, MaxopsConfigError) as error:
        going = book_any_failure(run, part, error)
        unknown = isinstance(error, RemoteError) and error.taken == "unknown"
        outcome = Ledger.Outcome.UNKNOWN if unknown else Ledger.Outcome.REFUSED
        sent_parts.settle(entry, outcome, getattr(error, "message", str(error)))
        return going
    accept_part(run, part, receipt)
    sent_parts.settle(entry, Ledger.Outcome.ACCEPTED, _reference_words(receipt.reference).strip())
    return True


def book_any_failure(run: Run, part: Part, error: RemoteError | MaxopsConfigError) -> bool:
    if isinstance(error, MaxopsConfigError):
        set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, "")
        return stop(run, str(error))
    return recut(run, part, error) if isinstance(error, TooLarge) else book_failure(run, part, error)


def accept_part(run: Run, part: Part, receipt: Receipt) -> None:
    part.reference = receipt.reference
    part.save(update_fields=["reference"])  # first of all: without it a report may never find this part
    if receipt.report:
        part.rejected_at_once = len(receipt.report.lines)
        keep_early_report(files_of(run), part.number, receipt.report)
    with transaction.atomic():
        set_part(part, Part.State.WAITING, WAITING, receipt.detail)
        note(run, f"Part {part.number}: {part.rows:,} rows taken{_reference_words(receipt.reference)}.")
        recount(run.pk)
    settle_open(run.mapping)


def _reference_words(reference: str) -> str:
    return f" under import id {reference}" if reference else ""


@transaction.atomic
def book_failure(run: Run, part: Part, error: RemoteError) -> bool:
    """A part that did not go: refused (not taken), not taken now, or nobody knows. Never goes on by itself."""
    if isinstance(error, Refused):
        set_part(part, Part.State.REFUSED, NOT_ATTEMPTED, error.message)
        note(run, f"Part {part.number} was refused: {error.message}")
        if error.code in MAP_ANSWERS:
            remember_answer(run.mapping, f"{error.code}: {error.message}")
        words = f"{error.message} {MAPPING_ADVICE}" if error.code in MAP_ANSWERS else error.message
        others = run.parts.exclude(state__in=[Part.State.PLANNED, Part.State.REFUSED]).exists()
        return stop(run, words, Run.State.PARTLY_SENT if others else Run.State.FAILED)
    if error.taken == "no":
        set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, error.message)
        note(run, f"Part {part.number} could not be sent: {error.message}")
        return stop(run, f"{error.message} Nothing of part {part.number} was taken; it can be sent again.")
    part.reference = error.reference or part.reference
    set_part(part, Part.State.UNKNOWN, UNKNOWN, error.message)
    note(run, f"Part {part.number}: it is not known whether MaxContact took it. {error.message}")
    words = (
        f"It is not known whether MaxContact took part {part.number} ({part.rows:,} rows). It is not sent again by "
        f"itself, as its leads may be in the dialler; MaxContact's report will settle it. {error.message}"
    )
    return stop(run, words)


def stop(run: Run, words: str, state: str = Run.State.INTERRUPTED) -> bool:
    recount(run.pk, state=state, message=words)
    return False


def recut(run: Run, part: Part, error: TooLarge) -> bool:
    """The dialler takes less than documented: half of it from here on, remembered with the mapping."""
    half = part.bytes // 2
    if half < SMALLEST_PART or part.rows < 2:
        return book_failure(run, part, error)
    mapping = run.mapping
    mapping.part_limit = half
    mapping.save(update_fields=["part_limit"])
    note(run, f"Part {part.number} was too large for MaxContact; parts are at most {half:,} bytes from here on.")
    with transaction.atomic():
        first_row, number = part.first_row, part.number
        run.parts.filter(number__gte=number, state__in=[Part.State.PLANNED, Part.State.SENDING]).delete()
        try:
            plan_parts(run, first_row, number)
        except RecordTooLarge as record:
            return stop(run, _too_large_words(run, record), Run.State.FAILED)
    return True


def _too_large_words(run: Run, error: RecordTooLarge) -> str:
    line = files_of(run).lines_of(error.row, 1)[0]
    return f"The row on line {line} alone is larger than MaxContact takes in one request."


def set_part(part: Part, state: str, code: int, detail: str) -> None:
    """The part and its rows' outcomes together; the rows first, since the part's state is what is believed."""
    files = files_of(part.run)
    mark_rows(files, part.first_row, part.last_row, code)
    looked_up = part.state == Part.State.UNKNOWN
    part.state, part.detail = state, detail
    part.save()
    if looked_up:
        taken = state == Part.State.ANSWERED
        sent_parts.settle_later(part, Ledger.Outcome.ACCEPTED if taken else Ledger.Outcome.REFUSED, detail)


def give_up_waiting(run: Run) -> None:
    """No report came in time. One that comes later still settles the run."""
    note(run, "No report from MaxContact in time.")
    words = (
        "MaxContact has not reported. Its report still counts whenever it comes; look in the Portal's import history."
    )
    Run.objects.filter(pk=run.pk, state=Run.State.WAITING).update(state=Run.State.NO_ANSWER)
    recount(run.pk, message=words)
