"""The bytes of a part, read from the run's folder while they leave: rows lie where the check left them (files.py).

Rows that lie beside each other are read as one stretch, in large blocks; many short stretches are cut out of a window.
"""

import io
import os
from array import array
from collections.abc import Iterator
from itertools import chain, compress, islice
from operator import add, ne, sub
from typing import NamedTuple

from maxops.imports.files import PLACE, REWRITTEN, RunFiles
from maxops.imports.rejections import HELD_BACK, read_outcomes
from maxops.remote.late_numpy import np as numpy

CHUNK_ROWS = 1 << 16
BLOCK = 1 << 18
SENT = bytes(code != HELD_BACK for code in range(256))


class Chunk(NamedTuple):
    """Rows that are sent, of a range of rows: their numbers and sizes."""

    rows: range | array
    sizes: array


def sent_chunks(files: RunFiles, first_row: int, end_row: int | None = None, most: int = 1024) -> Iterator[Chunk]:
    """Chunks grow, so that whoever wants a few rows reads a few."""
    while end_row is None or first_row < end_row:
        outcomes = read_outcomes(files, first_row, most if end_row is None else min(most, end_row - first_row))
        if not outcomes:
            return
        rows, sizes = range(first_row, first_row + len(outcomes)), files.sizes_of(first_row, len(outcomes))
        if HELD_BACK in outcomes:
            chosen = outcomes.translate(SENT)
            rows, sizes = array("I", compress(rows, chosen)), array("I", compress(sizes, chosen))
        yield Chunk(rows, sizes)
        first_row += len(outcomes)
        most = min(2 * most, CHUNK_ROWS)


def stretches(files: RunFiles, first_row: int, last_row: int) -> Iterator[Iterator[tuple[int, int]]]:
    """Where the sent rows lie, as (place, length), chunk by chunk; a place has the bit REWRITTEN as in files.py."""
    for first in range(first_row, last_row + 1, CHUNK_ROWS):
        count = min(CHUNK_ROWS, last_row + 1 - first)
        offsets, sizes = files.offsets_of(first, count), files.sizes_of(first, count)
        outcomes = read_outcomes(files, first, count)
        if HELD_BACK in outcomes:
            chosen = outcomes.translate(SENT)
            offsets, sizes = array("Q", compress(offsets, chosen)), array("I", compress(sizes, chosen))
        if offsets:
            begins = [0, *breaks(offsets, sizes)]
            places = [offsets[begin] for begin in begins]
            ends = [offsets[end - 1] + sizes[end - 1] for end in (*begins[1:], len(offsets))]
            yield zip(places, map(sub, ends, places), strict=True)


def breaks(offsets: array, sizes: array) -> list[int]:
    """Positions of rows that do not lie right behind the one before them."""
    if numpy is not None and offsets:
        places = numpy.frombuffer(offsets, numpy.uint64)
        ends = places[:-1] + numpy.frombuffer(sizes, numpy.uint32)[:-1]
        return (numpy.flatnonzero(places[1:] != ends) + 1).tolist()
    if is_one_stretch(offsets, sizes):
        return []
    return list(compress(range(1, len(offsets)), map(ne, map(add, offsets, sizes), islice(offsets, 1, None))))


def is_one_stretch(offsets: array, sizes: array) -> bool:
    """Rows of one file never overlap: those that fill the room from the first to the last leave no gap."""
    if not offsets or offsets[-1] + sizes[-1] - offsets[0] != sum(sizes):
        return False
    return max(offsets) < REWRITTEN


def total(sizes: array) -> int:
    return int(numpy.frombuffer(sizes, numpy.uint32).sum(dtype=numpy.uint64)) if numpy is not None else sum(sizes)


class Window:
    """A file read in blocks; short stretches at ascending places are cut out of the present one."""

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self.start, self.end, self.content = 0, 0, memoryview(b"")

    def move(self, place: int) -> None:
        self.start, self.content = place, memoryview(os.pread(self._file.fileno(), BLOCK, place))
        self.end = place + len(self.content)


class Body(io.RawIOBase):
    """The header, then the sent rows from the first to the last. `read` gives a block as it was read, not copied."""

    def __init__(self, files: RunFiles, first_row: int, last_row: int) -> None:
        super().__init__()
        self._own = files.sendable.open("rb", buffering=0)
        self._other = files.rewritten.open("rb", buffering=0) if files.rewritten.exists() else self._own
        places = chain.from_iterable(stretches(files, first_row, last_row))
        blocks = self._read_blocks(files.header_bytes(), places)
        self._blocks = filter(None, blocks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, count: int | None = -1) -> bytes:
        if count is None or count < 0:
            return b"".join([self._rest, *self._blocks])
        block = self._rest or next(self._blocks, b"")
        self._rest = block[count:] if len(block) > count else b""
        return block[:count] if self._rest else block

    def readinto(self, buffer: memoryview) -> int:
        block = self.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._own.close()
        self._other.close()
        super().close()

    def _read_blocks(self, header: bytes, places: Iterator[tuple[int, int]]) -> Iterator[bytes]:
        """At most BLOCK bytes each, and as few as can be: every block is one call of the socket."""
        yield header
        own, other = Window(self._own), Window(self._other)
        pieces: list[memoryview] = []
        size = 0
        for marked, length in places:
            if size + length > BLOCK:
                yield b"".join(pieces)
                pieces, size = [], 0
            if length > BLOCK:
                yield from self._read_long(self._other if marked & REWRITTEN else self._own, marked & PLACE, length)
                continue
            window, place = (other, marked & PLACE) if marked & REWRITTEN else (own, marked)
            if place < window.start or place + length > window.end:
                window.move(place)
            begin = place - window.start
            pieces.append(window.content[begin : begin + length])
            size += length
        yield b"".join(pieces)

    def _read_long(self, file: io.FileIO, place: int, length: int) -> Iterator[bytes]:
        while length and (block := os.pread(file.fileno(), min(BLOCK, length), place)):
            yield block
            place += len(block)
            length -= len(block)
