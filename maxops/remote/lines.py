"""What a report names: line numbers of the platform's with its reasons, packed, and how such numbers become rows.

A report may name a million lines: they take five bytes each, and no tuple is made of any unless somebody asks.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from maxops.remote.late_numpy import np as numpy

AT_ONCE = 1 << 16
MOST_REASONS = 240  # a byte names a reason, and a few bytes are needed for other fates
OTHER_REASONS = "Other reasons"


class NamedLines:
    """Pairs of line and reason in the order of the report; `reasons[codes[n]]` goes with `numbers[n]`."""

    __slots__ = ("_code_of", "codes", "numbers", "reasons")

    def __init__(self, pairs: Iterable[tuple[int, str]] = ()) -> None:
        self.numbers = array("I")
        self.codes = bytearray()
        self.reasons: list[str] = []
        self._code_of: dict[str, int] = {}
        for number, reason in pairs:
            self.add(number, reason)

    def code_of(self, reason: str) -> int:
        """The byte of a reason; those beyond what bytes can name are one."""
        code = self._code_of.get(reason)
        if code is None:
            named = reason if len(self.reasons) < MOST_REASONS else OTHER_REASONS
            code = self._code_of.get(named, len(self.reasons))
            if code == len(self.reasons):
                self.reasons.append(named)
                self._code_of[named] = code
        return code

    def add(self, number: int, reason: str) -> None:
        self.numbers.append(number)
        self.codes.append(self.code_of(reason))

    def extend(self, numbers: Iterable[int], codes: Iterable[int]) -> None:
        """Many at once, their reasons as bytes of `code_of`."""
        self.numbers.extend(numbers)
        self.codes.extend(codes)

    def count(self) -> dict[str, int]:
        """How many lines each reason has."""
        counted = ((reason, self.codes.count(code)) for code, reason in enumerate(self.reasons))
        return {reason: number for reason, number in counted if number}

    def behind(self, earlier: "NamedLines") -> "NamedLines":
        """The earlier ones, then these; a pair in both is told once."""
        theirs = {(number << 8) | self.code_of(reason) for number, reason in earlier}
        both = theirs.intersection((number << 8) | code for number, code in zip(self.numbers, self.codes, strict=True))
        joined = NamedLines(
            (number, reason) for number, reason in earlier if (number << 8) | self.code_of(reason) not in both
        )
        table = bytes(joined.code_of(reason) for reason in self.reasons).ljust(256, b"\0")
        joined.extend(self.numbers, self.codes.translate(table))
        return joined

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        return zip(self.numbers, map(self.reasons.__getitem__, self.codes), strict=True)


@dataclass(frozen=True, slots=True)
class Numbering:
    """What a platform calls the rows of a batch: the first one `first`, each further one a number more.

    Where it counts lines and rows have line breaks inside cells: `broken` are the rows that take more lines than one,
    counted from 0, `surplus` how many lines more there are up to and including each of them.
    """

    first: int = 1
    broken: "array[int]" = field(default_factory=lambda: array("I"))
    surplus: "array[int]" = field(default_factory=lambda: array("I"))

    def places(self, numbers: Iterable[int], count: int) -> Iterator[int]:
        """For each number the row of the batch, counted from 0; -1 where it names none of its `count` rows."""
        if self.broken:
            return self._places_past_breaks(numbers, count)
        first, end = self.first, self.first + count
        return (number - first if first <= number < end else -1 for number in numbers)

    def _places_past_breaks(self, numbers: Iterable[int], count: int) -> Iterator[int]:
        after = [row + 1 + lines for row, lines in zip(self.broken, self.surplus, strict=True)]
        surplus, last = [0, *self.surplus], [*self.broken, count - 1]
        for number in numbers:
            line = number - self.first
            passed = bisect_right(after, line)
            row = line - surplus[passed]
            yield row if 0 <= row <= last[passed] and row < count else -1

    def mark(self, lines: NamedLines, count: int) -> bytearray:
        """For each of `count` rows the byte of the first reason that names it, plus one; 0 where none does."""
        marks = bytearray(count)
        if numpy is not None:
            self._mark_at_once(lines, marks)
            return marks
        for row, code in zip(self.places(lines.numbers, count), lines.codes, strict=True):
            if row >= 0 and not marks[row]:
                marks[row] = code + 1
        return marks

    def _mark_at_once(self, lines: NamedLines, marks: bytearray) -> None:
        """From the last line to the first, so that the first stands."""
        target = numpy.frombuffer(marks, numpy.uint8)
        numbers, codes = numpy.frombuffer(lines.numbers, numpy.uint32), numpy.frombuffer(lines.codes, numpy.uint8)
        for end in range(len(lines), 0, -AT_ONCE):
            some = slice(max(0, end - AT_ONCE), end)
            rows = self._rows_at_once(numbers[some][::-1], len(marks))
            inside = rows >= 0
            target[rows[inside]] = codes[some][::-1][inside] + 1

    def _rows_at_once(self, numbers: "numpy.ndarray", count: int) -> "numpy.ndarray":
        """What `places` tells, as an array."""
        lines = rows = numbers.astype(numpy.int64) - self.first
        last: Any = count - 1
        if self.broken:
            broken = numpy.frombuffer(self.broken, numpy.uint32).astype(numpy.int64)
            surplus = numpy.frombuffer(self.surplus, numpy.uint32).astype(numpy.int64)
            passed = numpy.searchsorted(broken + 1 + surplus, lines, side="right")
            rows = lines - numpy.concatenate(([0], surplus))[passed]
            last = numpy.minimum(numpy.concatenate((broken, [count - 1])), count - 1)[passed]
        return numpy.where((rows >= 0) & (rows <= last), rows, -1)

    def count_outside(self, numbers: "array[int]", count: int) -> int:
        """How many of the numbers name no row."""
        if self.broken and numpy is not None:
            packed = numpy.frombuffer(numbers, numpy.uint32)
            some = (packed[start : start + AT_ONCE] for start in range(0, len(packed), AT_ONCE))
            return sum(int((self._rows_at_once(part, count) < 0).sum()) for part in some)
        if self.broken:
            return sum(row < 0 for row in self.places(numbers, count))
        last = self.first + count - 1
        if not numbers or (self.first <= min(numbers) and max(numbers) <= last):
            return 0
        return sum(map(self.first.__gt__, numbers)) + sum(map(last.__lt__, numbers))

    def number_of(self, row: int) -> int:
        """What the platform calls this row."""
        passed = bisect_right(self.broken, row - 1)
        return self.first + row + (self.surplus[passed - 1] if passed else 0)
