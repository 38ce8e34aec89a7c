"""Rows of a run's folder by the thousand: as they lie there, without their line ends, in flat memory and unparsed."""

import csv
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from types import SimpleNamespace
from typing import BinaryIO, NamedTuple

from maxops.imports.chosen_rows import count_of, places_of
from maxops.imports.files import PLACE, REWRITTEN, RunFiles

ROWS_AT_ONCE = 1 << 14
WINDOW = 1 << 22
SPARSE = 8  # rows that make up less than this part of what lies between them are read one by one
LINE_ENDS = b"\r\n"

Marks = Callable[[int, int], bytes]


class Rows(NamedTuple):
    """Some of the rows meant, in the order of the file; `places` count from row `first` on."""

    first: int
    places: list[int]
    starts: list[int]
    lines: list[int]
    contents: list[bytes]


def read_rows(files: RunFiles, marks: Marks) -> Iterator[Rows]:
    """`marks(first, count)` says by a 1 which of these rows are meant."""
    with ExitStack() as stack:
        own = stack.enter_context(files.sendable.open("rb"))
        other = stack.enter_context(files.rewritten.open("rb")) if files.rewritten.exists() else own
        for first in range(0, count_of(files), ROWS_AT_ONCE):
            places = list(places_of(marks(first, ROWS_AT_ONCE)))
            if not places:
                continue
            count = places[-1] + 1
            offsets, sizes = files.offsets_of(first, count), files.sizes_of(first, count)
            lines = files.lines_of(first, count)
            for some, lengths in pieces_of(places, pick(sizes, places)):
                starts = pick(offsets, some)
                yield Rows(first, some, starts, pick(lines, some), read_contents(starts, lengths, own, other))


def pick(entries: Sequence[int], places: list[int]) -> list[int]:
    """The entries of an array, or the bytes, at these places."""
    return [entries[place] for place in places]


def pieces_of(places: list[int], sizes: list[int]) -> Iterator[tuple[list[int], list[int]]]:
    """Places, with their sizes, whose rows fit into memory together."""
    if len(places) > 1 and sum(sizes) > WINDOW:
        half = len(places) // 2
        yield from pieces_of(places[:half], sizes[:half])
        yield from pieces_of(places[half:], sizes[half:])
    else:
        yield places, sizes


def read_contents(starts: list[int], sizes: list[int], own: BinaryIO, other: BinaryIO) -> list[bytes]:
    """At one go where they lie close together, else each by itself."""
    first, last = starts[0], starts[-1] + sizes[-1]
    if max(starts) < REWRITTEN and 0 <= last - first <= min(2 * WINDOW, sum(sizes) * SPARSE):
        text = os.pread(own.fileno(), last - first, first)
        return [
            text[start - first : start - first + size].rstrip(LINE_ENDS)
            for start, size in zip(starts, sizes, strict=True)
        ]
    return [
        os.pread((other if start & REWRITTEN else own).fileno(), size, start & PLACE).rstrip(LINE_ENDS)
        for start, size in zip(starts, sizes, strict=True)
    ]


def cells_of(row: bytes, errors: str = "surrogateescape") -> list[str]:
    """The cells; bytes that are no text come through unharmed, or as a visible mark with errors="replace"."""
    return next(csv.reader([row.decode("utf-8", errors)]), [])


def write_cells(cells: Sequence[str], delimiter: str = ",") -> bytes:
    """A row without its line end."""
    pieces: list[str] = []
    # Two characters as line end: the writer then quotes cells with either of them.
    csv.writer(SimpleNamespace(write=pieces.append), delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return pieces[0].removesuffix("\r\n").encode("utf-8", "surrogateescape")
