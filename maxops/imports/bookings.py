"""What came of sending a part, kept with the part, its rows and its run: taken, refused, not sent, or nobody knows."""

import logging

from django.db import transaction
from django.utils import timezone

from maxops.imports import outages, sent_parts, slips
from maxops.imports.counts import note, recount
from maxops.imports.decisions import detail_of, is_missing
from maxops.imports.errors import RecordTooLarge, WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import Part, Run
from maxops.imports.planning import learn_limit, plan_anew, too_large_words
from maxops.imports.rejections import NOT_ATTEMPTED, UNKNOWN, WAITING, mark_rows
from maxops.imports.settling import remember_answer
from maxops.mirror.models import Ledger
from maxops.remote.errors import Busy, MaxopsConfigError, Refused, RemoteError, TooLarge, Unanswered, Unreachable

SMALLEST_PART = 1_000  # bytes; a dialler that refuses less refuses for another reason
MAP_ANSWERS = {
    "NoMapFound": "MaxContact knows no import mapping '{name}': give the mapping here the very name that it has there",
    "NoMapMatch": "The columns of the file do not fit MaxContact's import mapping '{name}': correct the mapping",
}
MAP_REFUSED = "Refused for its mapping"  # how the detail of such a part begins
AWAY = (Unreachable, Busy, Unanswered)  # kinds of failure that pass by themselves
# How the message of a run begins that goes on by itself.
AWAY_WORDS = "MaxContact cannot be reached since"
DISK_WORDS = "maxops cannot write to its own disk"
log = logging.getLogger(__name__)


def pause(run: Run, staff: str) -> None:
    """No further part goes out; one on its way goes to its end."""
    words = f"Stopped by {staff}. What was not sent can still be sent."
    changed = Run.objects.filter(pk=run.pk, state=Run.State.SENDING).update(state=Run.State.INTERRUPTED, message=words)
    if not changed:
        raise WrongState("This run is not being sent.")
    note(run, f"Stopped by {staff}.")
    # One that was to go out once more has not; what became of its first try is as open as before.
    run.parts.filter(state=Part.State.PLANNED, in_doubt=True).update(state=Part.State.UNKNOWN)
    recount(run.pk)


def stop(run: Run, words: str, state: str = Run.State.INTERRUPTED) -> bool:
    recount(run.pk, state=state, message=words)
    return False


def set_part(part: Part, state: str, code: int, detail: str) -> None:
    """The part and its rows' outcomes together; the rows first, since the part's state is what is believed."""
    files = files_of(part.run)
    mark_rows(files, part.first_row, part.last_row, code)
    looked_up = part.state == Part.State.UNKNOWN
    part.state, part.detail = state, detail_of(part, state, detail)
    part.save()
    if looked_up:
        taken = state == Part.State.ANSWERED
        sent_parts.settle_later(part, Ledger.Outcome.ACCEPTED if taken else Ledger.Outcome.REFUSED, detail)


def book_taken(run: Run, part: Part, slip: slips.Slip) -> None:
    part.reference, part.rejected_at_once = slip.reference, slip.rejected_at_once
    part.tries = max(part.tries, slip.attempt)
    with transaction.atomic():
        detail = " ".join(filter(None, [slip.detail, part.detail if part.in_doubt else ""]))
        set_part(part, Part.State.WAITING, WAITING, detail)
        note(run, f"Part {part.number}: {part.rows:,} rows taken{reference_words(slip.reference)}.")
        recount(run.pk)


def reference_words(reference: str) -> str:
    return f" under import id {reference}" if reference else ""


def book_failure(run: Run, part: Part, error: RemoteError | MaxopsConfigError) -> bool:
    """Whether the run is to go on at once."""
    with transaction.atomic():
        if isinstance(error, RemoteError) and error.taken == "unknown":
            return book_unknown(run, part, error)
        if part.in_doubt:
            return book_doubt(run, part, error)
        if isinstance(error, MaxopsConfigError):
            set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, "")
            return stop(run, str(error))
        if isinstance(error, TooLarge) and part.bytes // 2 >= SMALLEST_PART and part.rows > 1:
            return recut(run, part)
        if isinstance(error, Refused):
            return book_refusal(run, part, error)
        if is_away(error):
            return book_away(run, part, error)
        set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, error.message)
        note(run, f"Part {part.number} could not be sent: {error.message}")
        return stop(run, f"{error.message} Nothing of part {part.number} was taken; it can be sent again.")


def is_away(error: RemoteError) -> bool:
    """Not a byte of the part has left, and the trouble may pass by itself."""
    return error.unsent and isinstance(error, AWAY)


def book_refusal(run: Run, part: Part, error: Refused) -> bool:
    words = detail = error.message
    if error.code in MAP_ANSWERS:
        remember_answer(run.mapping, f"{error.code}: {error.message}")
        words = f"{MAP_ANSWERS[error.code].format(name=run.mapping.name)}, then send again."
        detail = f"{MAP_REFUSED} ({error.code}){f': {error.words}' if error.words else ''}"
    set_part(part, Part.State.REFUSED, NOT_ATTEMPTED, detail)
    note(run, f"Part {part.number} was refused{f' ({error.code})' if detail != words else f': {words}'}")
    others = run.parts.exclude(state__in=[Part.State.PLANNED, Part.State.REFUSED]).exists()
    return stop(run, words, Run.State.PARTLY_SENT if others else Run.State.FAILED)


def book_unknown(run: Run, part: Part, error: RemoteError) -> bool:
    part.reference = error.reference or part.reference
    set_part(part, Part.State.UNKNOWN, UNKNOWN, error.message)
    note(run, f"Part {part.number}: it is not known whether MaxContact took it. {error.message}")
    words = (
        f"It is not known whether MaxContact took part {part.number} ({part.rows:,} rows). It is not sent again by "
        f"itself, as its leads may be in the dialler; MaxContact's report will settle it. {error.message}"
    )
    return stop(run, words)


def book_doubt(run: Run, part: Part, error: RemoteError | MaxopsConfigError) -> bool:
    """This try of a part came to nothing; whether the one before it did is as open as it was."""
    words = getattr(error, "message", str(error))
    set_part(part, Part.State.UNKNOWN, UNKNOWN, f"{words} Nothing was taken this time; the earlier try is still open.")
    note(run, f"Part {part.number} was not taken this time: {words} Whether it was before is still not known.")
    return stop(run, f"{words} Whether MaxContact took part {part.number} the time before is still not known.")


def book_away(run: Run, part: Part, error: RemoteError) -> bool:
    """Nothing has left: the part keeps its place, and the schedule tries again until the platform is back."""
    outage = outages.begin(run.mapping.platform, getattr(error, "retry_after", None))
    part.tries -= 1
    part.sent_at = part.sent_at if part.tries else None
    set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, error.message)
    if outage.tries == 1:
        note(run, f"Part {part.number} could not be sent: {error.message} It is tried again until it can.")
    return wait_for_platform(run, outage, "" if isinstance(error, Unreachable) else error.message)


def wait_for_platform(run: Run, outage: outages.Outage, why: str = "") -> bool:
    """The run says since when it waits and when it goes on; after a day it needs a person."""
    if outage.is_given_up:
        note(run, f"Given up: MaxContact could not be reached since {outage.since_words}.")
        return stop(
            run,
            f"MaxContact could not be reached since {outage.since_words}, for more than a day. The rows that were not "
            "sent stay here: send again once it is back.",
        )
    words = f"{AWAY_WORDS} {outage.since_words}; trying again at {outage.next_words}. It goes on by itself."
    if why or not run.message.startswith(words):
        recount(run.pk, message=f"{words} {why}".strip())
    return False


def book_disk(run: Run, error: OSError) -> bool:
    """Our own disk is full or broken: the run keeps its state, and the schedule tries again."""
    reason = error.strerror or type(error).__name__
    log.error("run %s: sending stopped, as its folder cannot be written or read: %s", run.pk, reason)
    words = f"{DISK_WORDS} ({reason}). Sending stopped there and goes on by itself once there is room."
    last = run.events.last()
    if last is None or last.text != words:
        note(run, words)
    recount(run.pk, message=words)
    return False


def forget_trouble(run: Run) -> None:
    """What was said of a trouble that passes by itself, now that the run goes on."""
    if run.message.startswith((AWAY_WORDS, DISK_WORDS)):
        run.message = ""
        run.save(update_fields=["message"])


def recut(run: Run, part: Part) -> bool:
    """The dialler takes less than documented: half of it from here on, remembered with the mapping."""
    half = part.bytes // 2
    learn_limit(run.mapping, half)
    note(run, f"Part {part.number} was too large for MaxContact; parts are at most {half:,} bytes from here on.")
    later = run.parts.filter(first_row__gt=part.first_row, state=Part.State.PLANNED)
    try:
        plan_anew(run, [part, *(other for other in later if not is_missing(other))])
    except RecordTooLarge as record:
        return stop(run, too_large_words(run, record), Run.State.FAILED)
    return True


def recover(run: Run) -> None:
    """Parts whose sender died, or could not write down what came of them: the slip tells, or nobody knows."""
    for part in run.parts.filter(state=Part.State.SENDING):
        slip = slips.read(files_of(run), part, part.tries)
        with transaction.atomic():
            if slip and slip.step == slips.ENTERED and not part.in_doubt:
                set_part(part, Part.State.PLANNED, NOT_ATTEMPTED, "")
                note(run, f"Part {part.number}: maxops stopped before anything of it was taken. It goes on with it.")
            else:
                book_left(run, part, slip)


def was_sent(run: Run, part: Part) -> bool:
    """A part that counts as not sent, though its slip says more: the machine stopped before its database was safe."""
    slip = slips.read(files_of(run), part, part.tries + 1)
    if slip is None or slip.step == slips.ENTERED:
        return False
    part.tries, part.sent_at = slip.attempt, part.sent_at or timezone.now()
    with transaction.atomic():
        book_left(run, part, slip)
    return True


def book_left(run: Run, part: Part, slip: slips.Slip | None) -> None:
    if slip and slip.step == slips.TAKEN:
        book_taken(run, part, slip)
    else:
        book_crash(run, part)


def book_crash(run: Run, part: Part) -> None:
    """It is not known how far it came. The parts after it hold other leads, and go on."""
    set_part(part, Part.State.UNKNOWN, UNKNOWN, "maxops stopped while this part was being sent.")
    note(run, f"Part {part.number}: maxops stopped while it was being sent; it is not known whether it was taken.")
    words = (
        f"maxops stopped while part {part.number} ({part.rows:,} rows) was being sent: it is not known whether "
        "MaxContact took it. It is not sent again by itself; MaxContact's report will settle it."
    )
    recount(run.pk, message=words)


def give_up_waiting(run: Run) -> None:
    """No report came in time. One that comes later still settles the run."""
    note(run, "No report from MaxContact in time.")
    words = (
        "MaxContact has not reported. Its report still counts whenever it comes; look in the Portal's import history."
    )
    Run.objects.filter(pk=run.pk, state=Run.State.WAITING).update(state=Run.State.NO_ANSWER)
    recount(run.pk, message=words)
