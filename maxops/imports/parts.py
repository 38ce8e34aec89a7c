"""A run cut into parts under the platform's limits, and a part as a batch that streams from the run's folder.

A part is rows of the folder without those held back, under the header; the limit counts the whole request.
"""

import csv
import io
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, compress
from typing import BinaryIO, NamedTuple

from maxops.imports.errors import RecordTooLarge
from maxops.imports.files import RunFiles
from maxops.imports.part_bodies import SENT, Body, sent_chunks, total
from maxops.imports.rejections import read_outcomes, sent_rows
from maxops.remote.platforms.interface import Batch, Row


class Piece(NamedTuple):
    first_row: int
    last_row: int
    rows: int
    bytes: int


NOTHING = Piece(0, 0, 0, 0)


def cut(
    files: RunFiles, first_row: int, capacity: int, max_rows: int | None, end_row: int | None = None
) -> Iterator[Piece]:
    """Pieces of at most `capacity` bytes of records, from a row on to another, or to the end of the file."""
    piece = NOTHING
    for rows, sizes in sent_chunks(files, first_row, end_row):
        sums = list(accumulate(sizes, initial=0))
        place = 0
        while place < len(rows):
            fitting = bisect_right(sums, sums[place] + capacity - piece.bytes) - 1 - place
            taken = min(fitting, max_rows - piece.rows) if max_rows else fitting
            if taken > 0:
                begin = piece.first_row if piece.rows else rows[place]
                size = sums[place + taken] - sums[place]
                piece = Piece(begin, rows[place + taken - 1], piece.rows + taken, piece.bytes + size)
                place += taken
            elif piece.rows:
                yield piece
                piece = NOTHING
            else:
                raise RecordTooLarge(rows[place])
    if piece.rows:
        yield piece


def cut_unlike(
    cut_from: Callable[..., Iterator[Piece]], first_row: int, max_rows: int | None, taken: set[int]
) -> Iterator[Piece]:
    """Pieces of which no two have as many rows: a report without an import id is known by what its counts add up to."""
    while piece := next(cut_from(first_row, max_rows=max_rows), None):
        fewer = next((count for count in range(piece.rows, 0, -1) if count not in taken), piece.rows)
        if fewer < piece.rows:
            piece = next(cut_from(first_row, max_rows=fewer))
        taken.add(piece.rows)
        yield piece
        first_row = piece.last_row + 1


class Lines(Sequence[int]):
    """The lines of a part's rows in the person's file, read when somebody asks for one."""

    def __init__(self, files: RunFiles, first_row: int, last_row: int, count: int) -> None:
        self._files, self._first_row, self._last_row, self._count = files, first_row, last_row, count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int | slice) -> int | array:
        return self._lines[place]

    @cached_property
    def _lines(self) -> array:
        count = self._last_row - self._first_row + 1
        chosen = read_outcomes(self._files, self._first_row, count).translate(SENT)
        return array("I", compress(self._files.lines_of(self._first_row, count), chosen))


def make_batch(files: RunFiles, first_row: int, last_row: int, file_name: str, map_name: str) -> Batch:
    """What the platform is given of a part."""
    header = files.header_bytes()
    columns = header_cells(header)
    count, size = 0, len(header)
    for chunk in sent_chunks(files, first_row, last_row + 1):
        count += len(chunk.rows)
        size += total(chunk.sizes)

    def open_body() -> BinaryIO:
        return Body(files, first_row, last_row)

    def rows() -> Iterator[Row]:
        for _, _, cells in files.rows(sent_rows(files, first_row, last_row)):
            yield dict(zip(columns, cells, strict=False))

    return Batch(
        lines=Lines(files, first_row, last_row, count),
        columns=columns,
        size=size,
        open=open_body,
        rows=rows,
        file_name=file_name,
        map_name=map_name,
    )


def empty_batch(header: bytes, file_name: str, map_name: str) -> Batch:
    """A header without records: what every request carries besides them."""
    return Batch(
        (), header_cells(header), len(header), lambda: io.BytesIO(header), lambda: iter(()), file_name, map_name
    )


def header_cells(header: bytes) -> tuple[str, ...]:
    return tuple(next(csv.reader([header.decode()])))
