"""The folder of a run: the file as it came, the clean copy that is sent, and what is known of each of its rows.

Beside `clean.csv` lie arrays with one entry a row: `offsets` (8 bytes), `lines` (4), `codes` and `outcomes` (1 each).
"""

import csv
import os
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

OFFSET, LINE = "Q", "I"


class RunFiles:
    """Paths by fixed names in a folder named by the run's number: no name from a browser is ever a path."""

    def __init__(self, runs_folder: Path, run_id: int) -> None:
        self.folder = runs_folder / str(run_id)
        self.original = self.folder / "original"
        self.clean = self.folder / "clean.csv"
        self.offsets = self.folder / "offsets"
        self.lines = self.folder / "lines"
        self.codes = self.folder / "codes"
        self.outcomes = self.folder / "outcomes"

    def slice(self, path: Path, kind: str, first: int, count: int) -> array:
        """`count` entries of an array file from entry `first` on."""
        entries = array(kind)
        with path.open("rb") as file:
            file.seek(first * entries.itemsize)
            entries.frombytes(file.read(count * entries.itemsize))
        return entries

    def offsets_of(self, first: int, count: int) -> array:
        """Where rows start in clean.csv; there is one entry more than rows, the end of the file."""
        return self.slice(self.offsets, OFFSET, first, count)

    def lines_of(self, first: int, count: int) -> array:
        return self.slice(self.lines, LINE, first, count)

    def codes_of(self, first: int, count: int) -> bytes:
        return self.slice(self.codes, "B", first, count).tobytes()

    def header_bytes(self) -> bytes:
        with self.clean.open("rb") as file:
            return file.read(self.offsets_of(0, 1)[0])

    def rows(self, numbers: Iterable[int]) -> Iterator[tuple[int, int, list[str]]]:
        """For each row number its physical line and its cells, read by offset: any page of any file costs the same."""
        with self.clean.open("rb") as clean, self.offsets.open("rb") as offsets, self.lines.open("rb") as lines:
            for number in numbers:
                start, end = array(OFFSET, os.pread(offsets.fileno(), 16, number * 8))
                (line,) = array(LINE, os.pread(lines.fileno(), 4, number * 4))
                text = os.pread(clean.fileno(), end - start, start).decode()
                yield number, line, next(csv.reader([text]))


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
