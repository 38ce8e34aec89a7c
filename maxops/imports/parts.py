"""A run cut into parts under the platform's limits, and a part as a batch that streams from the run's folder.

A part is ranges of clean.csv between records, after the header; the limit counts the whole request.
"""

import csv
import io
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from maxops.imports.errors import RecordTooLarge
from maxops.imports.files import RunFiles, segments
from maxops.imports.rejections import HELD_BACK, read_outcomes, sent_rows
from maxops.remote.platforms.interface import Batch, Row

SENT_ROWS = re.compile(b"[^" + re.escape(bytes([HELD_BACK])) + b"]+")


class Piece(NamedTuple):
    first_row: int
    last_row: int
    rows: int
    bytes: int


class Body(io.RawIOBase):
    """The header, then the given ranges of a file, read piece by piece."""

    def __init__(self, header: bytes, path: Path, ranges: Iterable[tuple[int, int]]) -> None:
        super().__init__()
        self._pending = memoryview(header)
        self._file = path.open("rb")
        self._ranges = iter(ranges)
        self._left = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        if not self._pending:
            self._pending = memoryview(self._next(len(buffer)))
        count = min(len(buffer), len(self._pending))
        buffer[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        return count

    def _next(self, wanted: int) -> bytes:
        while self._left == 0:
            start_end = next(self._ranges, None)
            if start_end is None:
                return b""
            self._file.seek(start_end[0])
            self._left = start_end[1] - start_end[0]
        block = self._file.read(min(wanted, self._left))
        self._left -= len(block)
        return block

    def close(self) -> None:
        self._file.close()
        super().close()


def cut(files: RunFiles, first_row: int, capacity: int, max_rows: int | None) -> Iterator[Piece]:
    """Pieces of at most `capacity` bytes of records, from a row on to the end of the file."""
    outcomes = read_outcomes(files, first_row)
    piece = Piece(0, 0, 0, 0)
    for match in SENT_ROWS.finditer(outcomes):
        first, count = first_row + match.start(), match.end() - match.start()
        offsets = files.offsets_of(first, count + 1)
        place = 0
        while place < count:
            room = bisect_right(offsets, offsets[place] + capacity - piece.bytes) - 1 - place
            taken = min(room, count - place, max_rows - piece.rows if max_rows else count)
            if taken <= 0:
                if not piece.rows:
                    raise RecordTooLarge(first + place)
                yield piece
                piece = Piece(0, 0, 0, 0)
                continue
            size = offsets[place + taken] - offsets[place]
            begin = piece.first_row if piece.rows else first + place
            piece = Piece(begin, first + place + taken - 1, piece.rows + taken, piece.bytes + size)
            place += taken
    if piece.rows:
        yield piece


def cut_unlike(
    cut_from: Callable[..., Iterator[Piece]], first_row: int, max_rows: int | None, taken: set[int]
) -> Iterator[Piece]:
    """Pieces of which no two have as many rows: a report without an import id is known by what its counts add up to."""
    while piece := next(cut_from(first_row, max_rows=max_rows), None):
        while piece.rows in taken and piece.rows > 1:
            piece = next(cut_from(first_row, max_rows=piece.rows - 1))
        taken.add(piece.rows)
        yield piece
        first_row = piece.last_row + 1


def make_batch(files: RunFiles, first_row: int, last_row: int, file_name: str, map_name: str) -> Batch:
    """What the platform is given of a part."""
    numbers = sent_rows(files, first_row, last_row)
    start = files.offsets_of(first_row, last_row - first_row + 2)  # an end besides
    header = files.header_bytes()
    ranges = [(start[first - first_row], start[end - first_row]) for first, end in segments(numbers)]
    all_lines = files.lines_of(first_row, last_row - first_row + 1)
    columns = header_cells(header)

    def open_body() -> BinaryIO:
        return io.BufferedReader(Body(header, files.clean, ranges), 1 << 18)

    def rows() -> Iterator[Row]:
        for _, _, cells in files.rows(numbers):
            yield dict(zip(columns, cells, strict=False))

    return Batch(
        lines=[all_lines[number - first_row] for number in numbers],
        columns=columns,
        size=len(header) + sum(end - begin for begin, end in ranges),
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
