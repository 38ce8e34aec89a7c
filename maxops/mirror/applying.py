"""`apply`: write exactly the differences a dry run showed, as of the moment it read, and nothing else."""

from collections.abc import Sequence

from maxops.mirror import leases
from maxops.mirror.author import Author
from maxops.mirror.bulk_write import rows_of
from maxops.mirror.differences import (
    Comparison,
    Delta,
    Recorder,
    Sort,
    Stored,
    Values,
    after_of,
    known_rows,
    mark_missing,
    store_slice,
)
from maxops.mirror.errors import PullRefused
from maxops.mirror.models import Difference, Mirrored, Reading, mirrored_models
from maxops.mirror.records import empty_row

SLICE = 1000
PATIENCE = 20  # seconds to wait for a reading that is running


def apply(dry: Reading, author: Author) -> Reading:
    """A new reading that took over what `dry` found. Rows that moved on since are left alone, and counted.

    PullRefused when it was applied before, is no finished dry run, or would mark too many rows as missing.
    """
    if not dry.dry_run or dry.state != Reading.State.DONE:
        raise PullRefused("Only a dry run that came to its end can be applied.")
    fresh = Reading(kind=dry.kind, source=author.source, staff=author.login, applies=dry)
    reading = leases.begin(fresh, PATIENCE)
    with leases.settled(reading):
        _refuse(dry, reading)
        _take_over(dry, reading)
    return reading


def _refuse(dry: Reading, reading: Reading) -> None:
    if Reading.objects.filter(applies=dry, state=Reading.State.DONE).exists():
        raise PullRefused("This dry run was applied before.")
    lost = Difference.objects.filter(reading=dry, sort=Sort.MISSING).count()
    present = mirrored_models()[dry.kind]._default_manager.filter(missing_since=None).count()
    reading.loss_accepted = dry.loss_accepted
    if lost * 3 > present and (dry.loss_accepted is None or lost > dry.loss_accepted):
        raise PullRefused(
            f"{lost} of the {present} known {dry.kind} would be marked as missing. That is over a third, so nothing "
            "was taken over. If it is right, read them with the loss accepted.",
            missing=lost,
            present=present,
        )


def _take_over(dry: Reading, reading: Reading) -> None:
    model, total = mirrored_models()[dry.kind], Stored()
    recorder = Recorder(dry.kind, dry.started_at, reading.source, reading=reading)
    every = Difference.objects.filter(reading=dry)
    reading.read = every.count()
    if _is_outrun(dry):
        reading.unchanged = reading.read
        reading.message = _left_words(reading.read)
        return
    last = 0
    while part := list(every.exclude(sort=Sort.MISSING).filter(pk__gt=last).order_by("pk")[:SLICE]):
        last = part[-1].pk
        total += store_slice(model, _still_so(model, part, dry), recorder)
        leases.beat(reading)
    gone = list(every.filter(sort=Sort.MISSING).values_list("remote_id", flat=True))
    reading.missing = mark_missing(model, gone, recorder)
    reading.created, reading.changed = total.created, total.changed
    reading.unchanged = reading.read - reading.differs
    reading.message = _left_words(reading.unchanged)


def _is_outrun(dry: Reading) -> bool:
    """A whole reading since then knows better of every row."""
    good = Reading.latest_good(dry.kind)
    return good is not None and good.started_at > dry.started_at


def _left_words(count: int) -> str:
    return f"Left alone, because they moved on since the dry run: {count}." if count else ""


def _still_so(model: type[Mirrored], part: Sequence[Difference], dry: Reading) -> Comparison:
    """The differences whose row is still as it was when the dry run compared it."""
    ids = [difference.remote_id for difference in part]
    known = known_rows(model, ids)
    newer = set(rows_of(model, ids).filter(seen_at__gt=dry.started_at).values_list("pk", flat=True))
    found = Comparison()
    for difference in part:
        delta = None if difference.remote_id in newer else _still(model, known.get(difference.remote_id), difference)
        if delta is None:
            found.newer += 1
        else:
            found.deltas.append(delta)
    return found


def _still(model: type[Mirrored], row: Values | None, difference: Difference) -> Delta | None:
    if (row is None) != (difference.sort == Sort.ADDED):
        return None
    if row is not None and (row[-1] is not None) != (difference.sort == Sort.RETURNED):
        return None
    before = row[:-1] if row is not None else None
    after = after_of(model, before or (difference.remote_id, *empty_row(model)[1:]), difference)
    if after is None:
        return None
    # Without a fingerprint: only the fields shown were compared, so the next reading looks at the whole row.
    return Delta(difference.remote_id, difference.sort, before, after, subject=difference.subject)
