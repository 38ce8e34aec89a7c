"""Which rows of a run are meant, by their two bytes: what became of them, and what the check found on them.

Every question is answered by a few passes over bytes, so that a page of a million rows costs what one of ten does.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from maxops.imports.files import RunFiles
from maxops.imports.rejections import (
    ACCEPTED,
    FIRST_REASON,
    HELD_BACK,
    NOT_ATTEMPTED,
    UNKNOWN,
    UNNAMED,
    WAITING,
    read_outcomes,
)

REASONS = frozenset(range(FIRST_REASON, 256))
MARKED = re.compile(b"\x01")
BLOCK = 1 << 16


class Choice(NamedTuple):
    """Rows with one of these outcomes and one of these findings; None: whatever it is."""

    outcomes: Collection[int] | None = None
    codes: Collection[int] | None = None

    def marks(self, files: RunFiles, first: int, count: int) -> bytes:
        """A 1 for each row meant, a 0 for each other, from row `first` on."""
        marks = None
        if self.outcomes is not None:
            marks = mark(read_outcomes(files, first, count), self.outcomes)
        if self.codes is not None:
            found = mark(files.codes_of(first, count), self.codes)
            marks = found if marks is None else both(marks, found)
        return b"\1" * len(files.codes_of(first, count)) if marks is None else marks


SELECTIONS = {
    "rejects": Choice(REASONS | {HELD_BACK}),
    "rejected": Choice(REASONS),
    "held_back": Choice(frozenset({HELD_BACK})),
    "accepted": Choice(frozenset({ACCEPTED})),
    "not_attempted": Choice(frozenset({NOT_ATTEMPTED, HELD_BACK})),
    "unsent": Choice(frozenset({NOT_ATTEMPTED})),
    "unknown": Choice(frozenset({UNKNOWN, UNNAMED, WAITING})),
}


def mark(content: bytes, wanted: Collection[int]) -> bytes:
    return content.translate(bytes(byte in wanted for byte in range(256)))


def both(one: bytes, other: bytes) -> bytes:
    """As numbers, because nothing else of the language joins two strings of bytes at once."""
    joined = int.from_bytes(one, "little") & int.from_bytes(other, "little")
    return joined.to_bytes(len(one), "little")


def either(some: Iterable[bytes], count: int) -> bytes:
    joined = 0
    for marks in some:
        joined |= int.from_bytes(marks, "little")
    return joined.to_bytes(count, "little")


def places_of(marks: bytes, start: int = 0) -> Iterator[int]:
    return (hit.start() for hit in MARKED.finditer(marks, start))


def count_of(files: RunFiles) -> int:
    """How many rows the check left; 0 for a file that it never read to its end."""
    return files.codes.stat().st_size if files.codes.exists() and files.outcomes.exists() else 0


class ChosenRows:
    """The rows that are marked: how many, which, and where among them one stands."""

    def __init__(self, marks: bytes) -> None:
        self._marks = marks
        self.total = marks.count(1)

    def __contains__(self, row: int) -> bool:
        return row >= 0 and self._marks[row : row + 1] == b"\1"

    def __iter__(self) -> Iterator[int]:
        return places_of(self._marks)

    def marks(self, first: int, count: int) -> bytes:
        return self._marks[first : first + count]

    def rank(self, row: int) -> int:
        """How many of them come before this row."""
        return self._marks.count(1, 0, row)

    def page(self, first: int, count: int) -> list[int]:
        """The numbers of `count` of them from the `first`-th on."""
        start = 0
        while first and start < len(self._marks):
            here = self._marks.count(1, start, start + BLOCK)
            if here > first:
                break
            first, start = first - here, start + BLOCK
        return list(islice(places_of(self._marks, start), first, first + count))


def choose(files: RunFiles, choice: Choice) -> ChosenRows:
    count = count_of(files)
    return ChosenRows(choice.marks(files, 0, count) if count else b"")
