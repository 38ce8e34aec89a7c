"""Numbers of a file that went to the same list before: with uploads of the last days, or with an earlier attempt.

Compared exactly, by the numbers as integers in the runs' folders. Memory does not grow with any file: a slice of this
file's numbers at a time, and the other runs' in chunks. numpy makes it faster where it is installed.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from itertools import compress
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from maxops.imports.attempts import family_of
from maxops.imports.files import KEY, RunFiles
from maxops.imports.findings import KINDS
from maxops.imports.mapping import files_of, list_words, region_of
from maxops.imports.models import Part, Run
from maxops.imports.rejections import ACCEPTED, NOT_ATTEMPTED, UNKNOWN, UNNAMED, WAITING, read_outcomes
from maxops.remote.late_numpy import np as numpy

REACHES_BACK = timedelta(days=30)
SLICE = 1 << 20  # numbers of this file compared at once
SLICE_WITHOUT_NUMPY = 1 << 18
CHUNK = 1 << 18
MAY_BE_THERE = frozenset({ACCEPTED, UNKNOWN, UNNAMED, WAITING})
MAY_BE_THERE_TABLE = bytes(outcome in MAY_BE_THERE for outcome in range(256))
IS_TO_COME_TABLE = bytes(outcome in MAY_BE_THERE | {NOT_ATTEMPTED} for outcome in range(256))
SENT, ACCEPTED_BEFORE = KINDS["sent_before"].code, KINDS["accepted_before"].code
NAMED_RUNS = 3

Numbered = tuple[int, array]  # which of the other runs, and some of its numbers


class Other(NamedTuple):
    """Another run; `table` says by a 1 for which outcomes a lead of it counts."""

    files: RunFiles
    table: bytes

    @classmethod
    def of(cls, run: Run) -> "Other":
        """While a run is being sent, what has not left yet is about to; stopped, its last part may still be leaving."""
        is_moving = run.state == Run.State.SENDING or run.parts.filter(state=Part.State.SENDING).exists()
        return cls(files_of(run), IS_TO_COME_TABLE if is_moving else MAY_BE_THERE_TABLE)


class Overlap(NamedTuple):
    """By kind of finding: the sentence and the runs it is about. `not_compared` are runs whose files are gone."""

    found: dict[str, dict[str, Any]]
    not_compared: list[Run]


def mark_overlap(run: Run, files: RunFiles) -> Overlap:
    """Rows whose number went out before get the code that says so.

    What an earlier attempt loaded is graver than all else, since it stays behind even when all rows are sent.
    """
    others = [] if run.is_probe else earlier_runs(run)
    chain = attempts_before(run)
    known = [other for other in others if is_comparable(run, other)]
    # An earlier attempt comes first: what it loaded is held back, whatever else the number was in.
    known.sort(key=lambda other: (other.pk not in chain, -other.pk))
    unknown = [other for other in others if other not in known]
    if not known or not files.keys.exists():
        return Overlap({}, unknown)
    is_attempt = [other.pk in chain for other in known]
    counts = Counter()
    for first, labels in find_common(files, list(map(Other.of, known))):
        counts.update(mark_rows(files, first, labels, is_attempt))
    found = {}
    for kind, earlier in (("accepted_before", True), ("sent_before", False)):
        told = [(counts[place], other) for place, other in enumerate(known) if is_attempt[place] == earlier]
        if told := [(rows, other) for rows, other in told if rows]:
            found[kind] = describe(told, kind)
    return Overlap(found, unknown)


def forget_overlap(files: RunFiles) -> None:
    """Before rows are compared with another list's. What an earlier attempt loaded stays held back."""
    size = files.codes.stat().st_size
    table = bytearray(range(256))
    table[SENT] = 0  # nothing else was found in such a row
    with files.codes.open("r+b") as file:
        for first in range(0, size, SLICE):
            file.seek(first)
            codes = file.read(SLICE)
            if SENT in codes:
                file.seek(first)
                file.write(codes.translate(table))


def target_of(run: Run) -> tuple[str, int | None, int | None]:
    """Where a run's leads go; where only MaxContact knows the list, its mapping stands for it."""
    list_id = run.list_id or run.mapping.list_id
    return run.mapping.platform, list_id, None if list_id else run.mapping_id


def earlier_runs(run: Run) -> list[Run]:
    """Runs that sent something to the same list lately, the newest first; all earlier attempts, however old."""
    since = timezone.now() - REACHES_BACK
    runs = Run.objects.select_related("mapping").filter(parts__isnull=False, is_probe=False).exclude(pk=run.pk)
    runs = runs.filter(Q(created_at__gte=since) | Q(pk__in=attempts_before(run))).distinct()
    return [other for other in runs if target_of(other) == target_of(run)]


def attempts_before(run: Run) -> set[int]:
    """The other attempts of one upload."""
    return {other.pk for other in family_of(run)} - {run.pk}


def is_comparable(run: Run, other: Run) -> bool:
    files = files_of(other)
    same_region = region_of(run.mapping) == region_of(other.mapping)
    return same_region and files.keys.exists() and files.outcomes.exists()


def find_common(files: RunFiles, others: list[Other]) -> Iterator[tuple[int, array]]:
    """For every slice of rows: its first row, and for each row which of the others (from 1 on) has its number, or 0."""
    size = SLICE if numpy else SLICE_WITHOUT_NUMPY
    label = label_sorted if numpy else label_by_set
    first = 0
    while own := files.slice(files.keys, KEY, first, size):
        labels = label(own, sent_numbers(others))
        if labels:
            yield first, labels
        first += len(own)


def sent_numbers(others: list[Other]) -> Iterator[Numbered]:
    """The numbers that are in MaxContact, or may be, by run and in chunks."""
    for place, other in enumerate(others, 1):
        first = 0
        while keys := other.files.slice(other.files.keys, KEY, first, CHUNK):
            there = read_outcomes(other.files, first, len(keys)).translate(other.table)
            if any(there):
                yield place, array(KEY, compress(keys, there))
            first += len(keys)


def label_by_set(own: array, others: Iterable[Numbered]) -> array:
    mine, found = set(own) - {0}, {}
    for place, keys in others:
        for key in mine.intersection(keys):
            found.setdefault(key, place)
    return array("H", (found.get(key, 0) for key in own)) if found else array("H")


def label_sorted(own: array, others: Iterable[Numbered]) -> array:
    rows = numpy.frombuffer(own, dtype=numpy.uint64)
    mine = numpy.sort(rows)  # repeats stay: both searches below find the first of them
    found = numpy.zeros(len(mine), dtype=numpy.uint16)
    for place, keys in others:
        theirs = numpy.sort(numpy.frombuffer(keys, dtype=numpy.uint64))
        spots = numpy.minimum(numpy.searchsorted(mine, theirs), len(mine) - 1)
        hits = spots[mine[spots] == theirs]
        found[hits[found[hits] == 0]] = place
    found[mine == 0] = 0
    return array("H", found[numpy.searchsorted(mine, rows)].tobytes()) if found.any() else array("H")


def mark_rows(files: RunFiles, first: int, labels: array, is_attempt: list[bool]) -> Counter[int]:
    """Sets the codes of one slice; how many rows are marked by each of the other runs."""
    codes, counts = bytearray(files.codes_of(first, len(labels))), Counter()
    for row in compress(range(len(labels)), labels):
        place = labels[row] - 1
        code = ACCEPTED_BEFORE if is_attempt[place] else SENT
        if code == ACCEPTED_BEFORE or codes[row] in (0, SENT):
            codes[row] = code
            counts[place] += 1
    with files.codes.open("r+b") as file:
        file.seek(first)
        file.write(codes)
    return counts


def describe(told: list[tuple[int, Run]], kind: str) -> dict[str, Any]:
    """The sentence for people, and the runs with how many rows each, for links."""
    runs = [f"run {other.pk} on {day_of(other)}" for _, other in told]
    counts = [f"{rows:,}" for rows, _ in told]
    counts[0] += " number" if told[0][0] == 1 else " numbers"
    if kind == "accepted_before":
        pieces = [f"{count} loaded, or perhaps loaded, by {one}" for count, one in zip(counts, runs, strict=True)]
    else:
        list_name = list_words(told[0][1])
        counts[0] += f" went to list {list_name}" if list_name else " went with this mapping"
        pieces = [f"{count} in {one}" for count, one in zip(counts, runs, strict=True)]
    if len(told) > NAMED_RUNS:
        pieces[NAMED_RUNS:] = [f"{sum(rows for rows, _ in told[NAMED_RUNS:]):,} in other runs"]
    return {"detail": ", ".join(pieces) + ".", "runs": [other.pk for _, other in told[:NAMED_RUNS]]}


def day_of(run: Run) -> str:
    at = timezone.localtime(run.created_at)
    return f"{at.day} {at:%B %Y}"
