"""Rows of one file with the same number, found from the keys in the run's folder: flat in memory, as often as asked.

Of several rows with one number the first that nothing else holds back is kept. A row that is held back makes no other
one a repeat.
"""

from array import array
from collections.abc import Callable, Iterator
from itertools import compress

from maxops.imports.files import KEY, RunFiles
from maxops.imports.findings import HOLDING_CODES, KINDS
from maxops.remote.late_numpy import np

CHUNK = 1 << 16
BUCKETS = 64
REPEAT = KINDS["duplicate_in_file"].code
HELD = frozenset(HOLDING_CODES - {REPEAT})


def no_finding(_: int) -> int:
    return 0


def mark_repeats(files: RunFiles, code_of: Callable[[int], int] = no_finding, *, is_fast: bool = np is not None) -> int:
    """How many rows repeat a number; their code says so. `code_of` tells the code of a row that no longer does."""
    repeats = _repeats_by_sorting(files) if is_fast else _repeats_by_buckets(files)
    count = 0
    with files.codes.open("r+b") as file:
        for first, rows in repeats:
            file.seek(first)
            codes = bytearray(file.read(CHUNK))
            count += len(rows)
            if not rows and REPEAT not in codes:
                continue
            before = bytes(codes)
            for row in rows:
                codes[row - first] = REPEAT
            left = before.find(REPEAT)
            while left >= 0:
                if left + first not in rows:
                    codes[left] = code_of(left + first)
                left = before.find(REPEAT, left + 1)
            if codes != before:
                file.seek(first)
                file.write(codes)
    return count


def _chunks(files: RunFiles) -> Iterator[tuple[int, array, bytes]]:
    for first in range(0, files.codes.stat().st_size, CHUNK):
        yield first, files.slice(files.keys, KEY, first, CHUNK), files.codes_of(first, CHUNK)


def _repeats_by_sorting(files: RunFiles) -> Iterator[tuple[int, set[int]]]:
    """By chunk of rows: where it starts, and which of its rows repeat a number."""
    held = np.zeros(256, bool)
    held[list(HELD)] = True
    total = files.codes.stat().st_size
    ordered, count = np.empty(total, np.uint64), 0
    for _, keys, codes in _chunks(files):
        numbers = np.frombuffer(keys, np.uint64)
        numbers = numbers[(numbers != 0) & ~held[np.frombuffer(codes, np.uint8)]]
        ordered[count : count + len(numbers)] = numbers
        count += len(numbers)
    ordered = ordered[:count]
    ordered.sort()
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered
    seen = np.zeros(len(repeated), bool)
    for first, keys, codes in _chunks(files):
        if not len(repeated):
            yield first, set()
            continue
        numbers = np.frombuffer(keys, np.uint64)
        places = np.minimum(np.searchsorted(repeated, numbers), len(repeated) - 1)
        rows = np.flatnonzero((repeated[places] == numbers) & ~held[np.frombuffer(codes, np.uint8)])
        which, firsts = np.unique(places[rows], return_index=True)
        kept = rows[firsts[~seen[which]]]
        seen[which] = True
        yield first, set((np.setdiff1d(rows, kept, assume_unique=True) + first).tolist())


def _repeats_by_buckets(files: RunFiles) -> Iterator[tuple[int, set[int]]]:
    """The same without numpy: 8 bytes a row in buckets, of which one at a time becomes a set."""
    buckets = [array(KEY) for _ in range(BUCKETS)]
    add = [bucket.append for bucket in buckets]
    held = bytes(code not in HELD for code in range(256))
    for _, keys, codes in _chunks(files):
        for key in compress(keys, codes.translate(held)):
            add[key % BUCKETS](key)
    repeated: set[int] = set()
    for bucket in buckets:
        if len(set(bucket)) < len(bucket):
            seen: set[int] = set()
            repeated.update(key for key in bucket if key in seen or seen.add(key))
    repeated.discard(0)
    kept: set[int] = set()
    for first, keys, codes in _chunks(files):
        rows = set()
        for place in [place for place, key in enumerate(keys) if key in repeated]:
            if codes[place] not in HELD:
                if keys[place] in kept:
                    rows.add(first + place)
                kept.add(keys[place])
        yield first, rows
