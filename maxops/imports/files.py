"""The folder of a run: the file as it came, what is sent of it, and what is known of each of its rows.

Rows are sent from the person's own file wherever it is UTF-8 with commas; a file of another encoding or delimiter has a
translation, `clean.csv`. Rows that cannot go as they are written (a quote out of place, a correction that somebody
accepted) stand in `rewritten`. Arrays have one entry a row: where it lies (`offsets`, 8 bytes, the highest bit set for
rows in `rewritten`), how long it is with its line end (`sizes`, 4), the line it starts on in the person's file
(`lines`, 4), what the check found (`codes`, 1), its number as an integer, 0 for none (`keys`, 8), what became of it
(`outcomes`, 1).
"""

import csv
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

OFFSET, SIZE, LINE, KEY = "Q", "I", "I", "Q"
REWRITTEN = 1 << 63
PLACE = REWRITTEN - 1


class RunFiles:
    """Paths by fixed names in a folder named by the run's number: no name from a browser is ever a path."""

    def __init__(self, runs_folder: Path, run_id: int) -> None:
        self.folder = runs_folder / str(run_id)
        self.original = self.folder / "original"
        self.clean = self.folder / "clean.csv"
        self.rewritten = self.folder / "rewritten"
        self.header = self.folder / "header.csv"
        self.offsets = self.folder / "offsets"
        self.sizes = self.folder / "sizes"
        self.lines = self.folder / "lines"
        self.codes = self.folder / "codes"
        self.keys = self.folder / "keys"
        self.outcomes = self.folder / "outcomes"
        self.corrections = self.folder / "corrections.json"

    @property
    def sendable(self) -> Path:
        """The file whose bytes are sent."""
        return self.clean if self.clean.exists() else self.original

    @property
    def personal(self) -> tuple[Path, ...]:
        """What holds leads; without these files a late report can still be counted."""
        return self.original, self.clean, self.rewritten, self.keys, self.corrections

    def slice(self, path: Path, kind: str, first: int, count: int) -> array:
        """`count` entries of an array file from entry `first` on."""
        entries = array(kind)
        with path.open("rb") as file:
            file.seek(first * entries.itemsize)
            entries.frombytes(file.read(count * entries.itemsize))
        return entries

    def offsets_of(self, first: int, count: int) -> array:
        return self.slice(self.offsets, OFFSET, first, count)

    def sizes_of(self, first: int, count: int) -> array:
        return self.slice(self.sizes, SIZE, first, count)

    def lines_of(self, first: int, count: int) -> array:
        return self.slice(self.lines, LINE, first, count)

    def codes_of(self, first: int, count: int) -> bytes:
        return self.slice(self.codes, "B", first, count).tobytes()

    def header_bytes(self) -> bytes:
        """The header as it is sent, with its line end."""
        return self.header.read_bytes()

    def row_bytes(self, numbers: Iterable[int]) -> Iterator[tuple[int, int, bytes]]:
        """For each row number its physical line and its bytes as sent: any page of any file costs the same."""
        with ExitStack() as stack:
            own = stack.enter_context(self.sendable.open("rb"))
            other = stack.enter_context(self.rewritten.open("rb")) if self.rewritten.exists() else own
            offsets, sizes, lines = (
                stack.enter_context(path.open("rb")).fileno() for path in (self.offsets, self.sizes, self.lines)
            )
            for number in numbers:
                (place,) = array(OFFSET, os.pread(offsets, 8, number * 8))
                (size,) = array(SIZE, os.pread(sizes, 4, number * 4))
                (line,) = array(LINE, os.pread(lines, 4, number * 4))
                file = other if place & REWRITTEN else own
                yield number, line, os.pread(file.fileno(), size, place & PLACE)

    def rows(self, numbers: Iterable[int]) -> Iterator[tuple[int, int, list[str]]]:
        """The same with the row's cells."""
        for number, line, content in self.row_bytes(numbers):
            yield number, line, next(csv.reader([content.decode(errors="replace")]))


def write_atomically(path: Path, content: bytes) -> None:
    """Whole or not at all, also when the machine stops meanwhile."""
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def segments(rows: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ascending row numbers as ranges (first, past the last)."""
    first = previous = None
    for row in rows:
        if previous is not None and row == previous + 1:
            previous = row
            continue
        if first is not None:
            yield first, previous + 1
        first = previous = row
    if first is not None:
        yield first, previous + 1
