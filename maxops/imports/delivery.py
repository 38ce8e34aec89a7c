"""The sending of a run in parts, told apart from what is not known (contract section 4).

A part is marked "sending" before its first byte. Found so without anybody holding the run, its slip tells what came of
it, or its fate is unknown: then it is shown to a person and never sent again by itself, since its leads may already be
in the dialler.
"""

import contextlib
import logging
from collections.abc import Callable
from functools import partial

from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from maxops.imports import after_check, departures, outages, resuming, sent_parts, slips
from maxops.imports.bookings import (
    book_disk,
    book_failure,
    book_taken,
    forget_trouble,
    is_away,
    recover,
    reference_words,
    stop,
    wait_for_platform,
    was_sent,
)
from maxops.imports.counts import note, recount
from maxops.imports.decisions import is_missing
from maxops.imports.errors import RecordTooLarge, SentBefore, WrongState
from maxops.imports.holding import codes_to_hold
from maxops.imports.intake import earlier_run, same_file
from maxops.imports.mapping import files_of, options_of, platform_of, split_list
from maxops.imports.matching import settle_open
from maxops.imports.models import SENDABLE, Part, Run
from maxops.imports.parts import make_batch
from maxops.imports.planning import part_name, plan_parts, too_large_words
from maxops.imports.rejections import keep_early_report, start_outcomes
from maxops.locks import hold
from maxops.mirror.models import Ledger
from maxops.remote.errors import MaxopsConfigError, RemoteError
from maxops.remote.platforms.interface import Batch, Receipt

SENT_BEFORE = "This very file was sent before. Say that it is to be sent again, if you mean to."
FILE_GONE = "The lead file is no longer as it was checked, so nothing more of it can be sent. Upload it again."
log = logging.getLogger(__name__)


def send(run: Run, held_back: str, staff: str, *, again: bool = False) -> None:
    """From ready, or from where it stopped, to sending; the delivery itself is `deliver`, in the queue or here.

    SentBefore when another run sent this very file, unless `again` says that it is meant.
    """
    if not again and not run.parts.exists() and (earlier := earlier_run(run)):
        refuse_repeat(run, earlier)
    seen = after_check.look_again(run)
    with resuming.kept_still(run) as is_still, transaction.atomic():
        # Two runs of one file, sent at once: the second waits here, and then sees that the first is sending.
        resuming.lock_mappings(run.mapping.platform)
        run = Run.objects.select_for_update().select_related("mapping").get(pk=run.pk)
        if run.state not in SENDABLE or not run.rows:
            raise WrongState(f"This run is {run.get_state_display().lower()}: there is nothing to send.")
        if not again and not run.parts.exists() and earlier_run(run):
            raise SentBefore(SENT_BEFORE)
        if not run.parts.exists() and after_check.parts_of_attempts(run) != seen:
            raise WrongState(after_check.OVERTAKEN)
        if (outage := outages.read(run.mapping.platform)) and outage.is_given_up:
            outages.end(run.mapping.platform)  # whoever presses now begins anew
        if not run.parts.exists():
            _plan(run, held_back, staff)
        elif not resuming.plan_again(run, staff, is_still=is_still):
            return
        Run.objects.filter(pk=run.pk).update(state=Run.State.SENDING, message="")
        recount(run.pk)


def refuse_repeat(run: Run, earlier: Run) -> None:
    """The finding goes to the run, so that its page can ask."""
    run.findings = [*(finding for finding in run.findings if finding["kind"] != "same_file"), same_file(earlier)]
    run.save(update_fields=["findings"])
    raise SentBefore(SENT_BEFORE)


def _plan(run: Run, held_back: str, staff: str) -> None:
    files = files_of(run)
    run.held_back = start_outcomes(files, codes_to_hold(run, held_back))
    run.held_back_choice = held_back
    # Frozen here: a mapping edited meanwhile must not send the second part elsewhere than the first.
    run.options, list_id = split_list(options_of(run))
    run.list_id = list_id or run.list_id
    if run.held_back == run.rows:
        raise WrongState("Every row would be held back: there is nothing to send.")
    run.save(update_fields=["held_back", "held_back_choice", "options", "list"])
    count = run.rows - run.held_back
    note(run, f"{count:,} row{'' if count == 1 else 's'} to be sent, {run.held_back:,} held back, asked by {staff}.")
    try:
        plan_parts(run)
    except RecordTooLarge as error:
        raise WrongState(too_large_words(run, error)) from error


def cancel(run: Run, staff: str) -> None:
    """Only before anything was sent."""
    changed = Run.objects.filter(pk=run.pk, state__in=["ready", "failed"], sent=0).update(
        state=Run.State.CANCELLED, message=f"Cancelled by {staff}. Nothing was sent."
    )
    if not changed:
        raise WrongState("This run can no longer be cancelled.")
    note(run, f"Cancelled by {staff}.")
    recount(run.pk)


def never() -> bool:
    return False


def deliver(run_id: int, gives_way: Callable[[], bool] = never) -> bool:
    """Sends what is planned, part by part, until all is out, one does not go, or another run is to have its turn.

    Whoever holds the lock does it. True when a part has gone out.
    """
    run = Run.objects.select_related("mapping").get(pk=run_id)
    try:
        with hold(files_of(run).folder / "lock") as mine:
            run.refresh_from_db()
            if not mine:
                return False
            has_sent = False
            if run.state == Run.State.SENDING:
                has_sent = go_on(run, gives_way)
            else:
                recover(run)  # somebody stopped it, and then its sender died
        settle_open(run.mapping)
    except (OperationalError, InterfaceError) as error:
        # Nothing can be said where it would be read; the slip keeps what is known, the schedule tries again.
        log.error("run %s: sending stopped, the database failed: %s", run_id, type(error).__name__)
        close_old_connections()
        return False
    except OSError as error:
        return book_disk(run, error)
    return has_sent


def go_on(run: Run, gives_way: Callable[[], bool]) -> bool:
    recover(run)
    if not outages.may_try(run.mapping.platform):
        outage = outages.read(run.mapping.platform)
        return wait_for_platform(run, outage) if outage else False
    run.refresh_from_db()
    forget_trouble(run)
    platform, has_sent = platform_of(run.mapping.platform), False
    deliver_batch = partial(platform.deliver, options=options_of(run))
    while part := next_part(run):
        if was_sent(run, part):
            continue
        if is_missing(part) and (reported := resuming.reported_part(run, settles=True)):
            stop(run, resuming.words_of_report(reported))
            return has_sent
        if not send_part(run, part, deliver_batch):
            return has_sent
        has_sent = True
        if gives_way():
            return has_sent
    recount(run.pk)  # also when a worker died between its last part and this line
    return has_sent


def next_part(run: Run) -> Part | None:
    """None also when somebody stopped the run meanwhile."""
    waiting = run.parts.filter(state=Part.State.PLANNED, run__state=Run.State.SENDING)
    return waiting.order_by("number").first()


def send_part(run: Run, part: Part, deliver_batch: Callable[[Batch], Receipt]) -> bool:
    """Whether to go on with the next part."""
    files, number, attempt = files_of(run), part.number, part.tries + 1
    batch = batch_of(run, part)
    if batch is None:
        return book_failure(run, part, MaxopsConfigError(FILE_GONE))
    slips.enter(files, number, attempt)
    with transaction.atomic():
        entry = sent_parts.enter(part)
        part.state, part.tries, part.sent_at = Part.State.SENDING, attempt, timezone.now()
        part.save()
        count_as_sent(run, part)
    leave = partial(slips.leave, files, number, attempt)
    try:
        receipt = deliver_batch(departures.watched(batch, files, number, leave))
    except (RemoteError, MaxopsConfigError) as error:
        return settle_failure(run, part, error, entry)
    settle_receipt(run, part, receipt)
    outages.end(run.mapping.platform)
    sent_parts.settle(entry, Ledger.Outcome.ACCEPTED, reference_words(receipt.reference).strip())
    return True


def count_as_sent(run: Run, part: Part) -> None:
    """What `recount` would say now, at a fraction of its cost."""
    rows = part.rows
    Run.objects.filter(pk=run.pk).update(
        sent=F("sent") + rows,
        waiting=F("waiting") + rows,
        not_attempted=Greatest(F("not_attempted") - rows, 0),
        heartbeat=timezone.now(),
    )


def batch_of(run: Run, part: Part) -> Batch | None:
    """None when the folder no longer holds what was planned."""
    files = files_of(run)
    try:
        batch = make_batch(files, part.first_row, part.last_row, part_name(run, part.number), run.mapping.name)
        is_whole = files.sendable != files.original or files.original.stat().st_size == run.size
    except FileNotFoundError:
        return None
    return batch if is_whole and (batch.size, len(batch.lines)) == (part.bytes, part.rows) else None


def settle_receipt(run: Run, part: Part, receipt: Receipt) -> None:
    """The slip before the database: what the platform said must not be lost with either."""
    files, slip = files_of(run), slips.taken(part.tries, receipt)
    with contextlib.suppress(OSError):  # then the database alone must do
        slips.write(files, part.number, slip)
    if receipt.report:
        with contextlib.suppress(OSError):  # its rows will be missing in the sums, which the page says
            keep_early_report(files, part.number, receipt.report)
    book_taken(run, part, slip)
    settle_open(run.mapping)


def settle_failure(run: Run, part: Part, error: RemoteError | MaxopsConfigError, entry: Ledger) -> bool:
    unknown = isinstance(error, RemoteError) and error.taken == "unknown"
    if not unknown:
        slips.enter(files_of(run), part.number, part.tries)
    going = book_failure(run, part, error)
    if isinstance(error, RemoteError) and not is_away(error):
        outages.end(run.mapping.platform)
    outage = outages.read(run.mapping.platform)
    if outage and outage.tries > 1:
        entry.delete()  # one line tells of an outage, not one for each knock at the door
        return going
    outcome = Ledger.Outcome.UNKNOWN if unknown else Ledger.Outcome.REFUSED
    sent_parts.settle(entry, outcome, getattr(error, "message", str(error)))
    return going
