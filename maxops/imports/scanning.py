"""A lead file from end to end, block by block: every record in order, judged, whatever the file's size.

The fast way (vector_scan.py) and csv's own (csv_scan.py) take turns where numpy is there; else csv reads all of it.
"""

from collections.abc import Generator, Iterator
from typing import NamedTuple

from maxops.imports.csv_scan import RECORD_LIMIT, CsvScan, Dialect, Rows
from maxops.imports.encoding import Stream
from maxops.imports.errors import QuoteOpen
from maxops.imports.row_rules import RowRules
from maxops.imports.vector_scan import VectorScan, np

STRETCH = 1 << 15  # bytes that csv reads at once
SHORT = 1 << 12  # the same, over a record that stands alone among well-written ones
FEW_MARKS = 1 << 14  # how far the fast way looks at first behind such a record


class Reading(NamedTuple):
    """How a file is read: bytes at once, and whether numpy may help."""

    block: int = 1 << 20
    is_fast: bool = np is not None


class Scan:
    """Reads one file; `place` is how far, in the bytes that rows are sent from: the file's own or its translation's."""

    def __init__(self, rules: RowRules, dialect: Dialect, reading: Reading) -> None:
        self._csv = CsvScan(rules, dialect)
        self._vector = VectorScan(rules, dialect) if reading.is_fast and not dialect.own else None
        self._dialect = dialect
        self._stretch = STRETCH
        self._line = 1
        self._place = 0
        self._is_copied = False

    def rows(self, stream: Stream, skipped: int, *, is_copied: bool) -> Iterator[Rows]:
        """QuoteOpen names the line of a record that never ends. `skipped`: lines before the first record."""
        self._line, self._place, self._is_copied = 1, 0 if is_copied else stream.mark, is_copied
        rest = b""
        for block in self._without_first_line(stream) if skipped else stream:
            rest = yield from self._take(rest + block)
            if len(rest) > RECORD_LIMIT:
                raise endless(self._line)
        if rest:
            yield from self._last_row(rest)

    def _last_row(self, rest: bytes) -> Iterator[Rows]:
        """What stands behind the last line end: a row that lacks its own, or a quote that is never closed."""
        taken = self._take(rest + b"\n")
        for rows in taken:
            body = rows.anew[0][1] if rows.anew else rest
            last = (0, body.rstrip(b"\r\n") + self._dialect.line_end)
            yield rows if self._is_copied else rows._replace(anew=[last])
        if self._is_open:
            raise QuoteOpen(
                f'The record that starts on line {self._line:,} opens a quote (") that is never closed.',
                line=self._line,
            )

    def _without_first_line(self, stream: Stream) -> Iterator[bytes]:
        start = b""
        for block in stream:
            if self._line == 2:
                yield block
                continue
            start += block
            lines = start.splitlines(keepends=True)
            if len(lines) > 1:  # else a CR at the end may be half of a line end
                self._place += 0 if self._is_copied else len(lines[0])
                self._line = 2
                yield start[len(lines[0]) :]

    def _take(self, content: bytes) -> Generator[Rows, None, bytes]:
        """The whole records of a block; what is left belongs to the next."""
        if not self._vector:
            place = yield from self._take_by_csv(content, 0, len(content), STRETCH)
        else:
            place = yield from self._take_by_turns(content)
        self._is_open = place < len(content)
        return content[place:]

    def _take_by_turns(self, content: bytes) -> Generator[Rows, None, int]:
        """Up to a doubtful record the fast way, over that by csv; the denser they are, the more of it by csv."""
        place, size = 0, SHORT
        marks = self._vector.mark(content)
        count = len(marks.places)
        while place < len(content):
            piece = self._vector.read(content, marks.some(place, count), place, self._line)
            gained = piece.used - place
            yield from self._passed(
                self._vector.rows(piece, self._place) if piece.table else None, gained, piece.lines_used
            )
            place = piece.used
            if not piece.is_doubtful:
                if count >= len(marks.places):
                    break
                count *= 4
                continue
            size, count = (size * 2 if gained < size else SHORT), FEW_MARKS
            stop = yield from self._take_by_csv(content, place, place + size, min(size, STRETCH))
            if stop == place:
                break
            place = stop
        return place

    def _take_by_csv(self, content: bytes, place: int, end: int, size: int) -> Generator[Rows, None, int]:
        """About as far as asked, or as there are whole records."""
        while place < min(end, len(content)):
            rows, used, lines = self._read_by_csv(content, place, size)
            if not used:
                break
            yield from self._passed(rows, used, lines)
            place += used
        return place

    def _passed(self, rows: Rows | None, used: int, lines: int) -> Iterator[Rows]:
        """The rows, if there are any and none is over the limit; what comes next lies behind them."""
        if rows and len(rows.content) > RECORD_LIMIT and int(max(rows.sizes)) > RECORD_LIMIT:
            raise endless(
                next(int(line) for line, size in zip(rows.lines, rows.sizes, strict=True) if size > RECORD_LIMIT)
            )
        self._line += lines
        if self._is_copied:
            self._place += len(rows.content) if rows else 0
        else:
            self._place += used
        if rows:
            yield rows

    def _read_by_csv(self, content: bytes, place: int, size: int) -> tuple[Rows | None, int, int]:
        """A stretch of about that size, or more where not one record ends in it."""
        while True:
            rows, used, lines = self._csv.read(whole_lines(content, place, size), self._place, self._line)
            if used or place + size >= len(content):
                return rows, used, lines
            size *= 4


def whole_lines(content: bytes, place: int, size: int) -> bytes:
    """About as many bytes as asked, up to a line end of which nothing can be missing."""
    end = min(place + size, len(content))
    stop = content.rfind(b"\n", place, end) + 1
    if end == len(content):
        stop = max(stop, content.rfind(b"\r", place, end - 1) + 1)  # one at the very end may be half of a line end
    elif not stop:
        stop = content.find(b"\n", end) + 1 or content.rfind(b"\r", place, len(content) - 1) + 1
    return content[place:stop]


def endless(line: int) -> QuoteOpen:
    return QuoteOpen(
        f'The record that starts on line {line:,} is longer than a megabyte. A quote (") that is never closed is the '
        "usual reason.",
        line=line,
    )
