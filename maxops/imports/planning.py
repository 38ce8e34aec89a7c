"""A run's rows cut into parts, and the size of a request that the platform takes, which may be less than documented."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from itertools import chain, count, groupby
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from maxops.imports import slips
from maxops.imports.errors import RecordTooLarge
from maxops.imports.mapping import files_of, options_of, platform_of
from maxops.imports.models import Mapping, Part, Run
from maxops.imports.parts import cut, cut_unlike, empty_batch

FORGIVEN_AFTER = timedelta(days=7)  # then the documented size is tried again
UNLIMITED = 1 << 62

Stretch = tuple[int, int | None]  # first row, and the one past the last; None to the end of the file


def plan_parts(run: Run) -> None:
    _cut_stretches(run, [(0, None)], count(1))


def plan_anew(run: Run, parts: Iterable[Part]) -> None:
    """Parts that have not left are cut once more; rows that lie between them are other parts', and stay theirs."""
    chosen = {part.pk: part.number for part in parts}
    # Not before the database is safe: killed in between, the slip of a part must still say that nothing was taken.
    transaction.on_commit(partial(slips.forget, files_of(run), sorted(chosen.values())))
    known = list(run.parts.order_by("first_row"))
    stretches: list[Stretch] = []
    for is_chosen, found in groupby(known, key=lambda part: part.pk in chosen):
        if is_chosen:
            stretch = list(found)
            stretches.append((stretch[0].first_row, stretch[-1].last_row + 1))
    run.parts.filter(pk__in=chosen).delete()
    beyond = max((part.number for part in known), default=0) + 1
    _cut_stretches(run, stretches, chain(sorted(chosen.values()), count(beyond)))


def _cut_stretches(run: Run, stretches: Iterable[Stretch], numbers: Iterable[int]) -> None:
    """Cuts rows under the limits, with room for everything a request carries besides rows."""
    files, platform, mapping = files_of(run), platform_of(run.mapping.platform), run.mapping
    header = files.header_bytes()
    frame = platform.request_size(empty_batch(header, part_name(run, 99999), mapping.name), options_of(run))
    limits = [limit for limit in (platform.limits.max_request_bytes, learned_limit(mapping)) if limit]
    capacity = min(limits) - frame if limits else UNLIMITED
    taken = set(run.parts.values_list("rows", flat=True))
    pieces = chain.from_iterable(
        cut_unlike(partial(cut, files, capacity=capacity, end_row=end), first, platform.limits.max_rows, taken)
        for first, end in stretches
    )
    Part.objects.bulk_create(
        Part(
            run=run,
            number=number,
            first_row=piece.first_row,
            last_row=piece.last_row,
            rows=piece.rows,
            bytes=piece.bytes + len(header),
            first_line=files.lines_of(piece.first_row, 1)[0],
        )
        for number, piece in zip(numbers, pieces, strict=False)
    )


def part_name(run: Run, number: int) -> str:
    stem = Path(run.file_name).stem[:100] or "leads"
    return f"{stem}-{number}.csv" if number > 1 else f"{stem}.csv"


def too_large_words(run: Run, error: RecordTooLarge) -> str:
    line = files_of(run).lines_of(error.row, 1)[0]
    return f"The row on line {line} alone is larger than MaxContact takes in one request."


def learned_limit(mapping: Mapping) -> int | None:
    """Bytes of the largest request, where a refusal has shown that it is less than documented."""
    learned = mapping.part_limit_at
    is_old = learned is not None and timezone.now() - learned > FORGIVEN_AFTER
    return None if is_old else mapping.part_limit


def learn_limit(mapping: Mapping, size: int) -> None:
    mapping.part_limit, mapping.part_limit_at = size, timezone.now()
    mapping.save(update_fields=["part_limit", "part_limit_at"])


def forget_limit(mapping: Mapping) -> None:
    """The documented size counts again, from the next run on."""
    mapping.part_limit = mapping.part_limit_at = None
    mapping.save(update_fields=["part_limit", "part_limit_at"])
