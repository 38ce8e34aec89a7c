"""Records found with numpy: line ends, quotes and delimiters of a whole block at once.

It takes rows that are written as RFC 4180 says, in whatever way cells are quoted. Where a quote is out of place, or a
CR stands alone, it stops before that record and leaves it to csv_scan.py: both must always agree.
"""

import csv
import re
from typing import Any, NamedTuple

from maxops.imports.csv_scan import Dialect, Rows, has_lost, write_minimal
from maxops.imports.encoding import ESCAPED as LOST_BYTE
from maxops.imports.encoding import LOST
from maxops.imports.findings import HOLDING_CODES, KINDS
from maxops.imports.row_rules import COLUMN_COUNT, ESCAPED, NO_NUMBER, REQUIRED_EMPTY, SHIFTED, RowRules
from maxops.imports.vector_phones import PhoneColumn
from maxops.remote.late_numpy import np

LINE_FEED, RETURN, QUOTE, COMMA = b'\n\r",'
NO_NUMBER_CODES = [KINDS[kind].code for kind in sorted(NO_NUMBER)]
DOUBTFUL = b' \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f"\xc2\xe1\xe2\xe3'  # a cell that starts so may be empty to the eye


class Marks(NamedTuple):
    """The line ends, quotes and delimiters of a block: where they are, and which; `behind`: where the next one is."""

    places: Any
    kinds: Any
    behind: int

    def some(self, place: int, count: int) -> "Marks":
        """At most so many of them, from a place on."""
        first = int(np.searchsorted(self.places, place))
        last = first + count
        behind = int(self.places[last]) if last < len(self.places) else self.behind
        return Marks(self.places[first:last], self.kinds[first:last], behind)


class Table(NamedTuple):
    """Rows of a block; cell `c` ends at `ends[first + c]`. `is_bare`: with an unquoted comma that parts nothing."""

    starts: Any
    sizes: Any
    lines: Any
    has_return: Any
    is_bare: Any
    widths: Any
    first: Any
    ends: Any

    def cells(self, place: int, width: int) -> tuple[Any, Any]:
        """Where one cell of each row starts and stops; for rows of that width."""
        stops = self.ends[self.first + place]
        if place == width - 1:
            stops = stops - self.has_return
        return (self.starts if place == 0 else self.ends[self.first + (place - 1)] + 1), stops

    def some(self, chosen: Any) -> "Table":
        return Table(*(column[chosen] for column in self[:-1]), self.ends)


class Piece(NamedTuple):
    """What was taken of a block: rows from `place` to `used`, how many lines, and whether a doubtful record follows."""

    content: bytes
    place: int
    table: Table | None
    used: int
    lines_used: int
    is_doubtful: bool


class VectorScan:
    """Reads blocks by numpy and judges their rows."""

    def __init__(self, rules: RowRules, dialect: Dialect) -> None:
        self._rules, self._dialect = rules, dialect
        self._delimiter = ord(dialect.delimiter)
        self._phones = PhoneColumn(rules.shapes)
        self._doubtful = np.zeros(256, bool)
        self._doubtful[list(DOUBTFUL)] = True

    def mark(self, content: bytes) -> Marks:
        block = np.frombuffer(content, np.uint8)
        found = block == LINE_FEED
        found |= block == self._delimiter
        for byte in (QUOTE, RETURN, COMMA):
            if byte != self._delimiter and bytes([byte]) in content:
                found |= block == byte
        places = np.flatnonzero(found)
        return Marks(places, block[places], len(content))

    def read(self, content: bytes, marks: Marks, place: int, line: int) -> Piece:
        """Rows from a record's start on, as far as they are written well."""
        places, kinds, _ = marks
        inside, stop = find_quoted(marks, self._delimiter, place)
        is_doubtful = stop < len(places)
        places, kinds, inside = places[:stop], kinds[:stop], inside[:stop]
        parts = ~inside & ((kinds == LINE_FEED) | (kinds == self._delimiter))
        order = np.flatnonzero(parts)
        line_ends = np.flatnonzero(kinds[order] == LINE_FEED)
        if not len(line_ends):
            return Piece(content, place, None, place, 0, is_doubtful)
        ends = places[order]
        stops = ends[line_ends]
        breaks = count_breaks(places, kinds, order[line_ends])
        starts = np.concatenate(([place], stops[:-1] + 1))
        first_cells = np.concatenate(([0], line_ends[:-1] + 1))
        table = Table(
            starts,
            stops - starts + 1,
            line + np.concatenate(([0], breaks[:-1])),
            (np.frombuffer(content, np.uint8)[stops - 1] == RETURN) & (stops > starts),
            self._find_bare(places[~inside & (kinds == COMMA)], stops),
            line_ends - first_cells + 1,
            first_cells,
            ends,
        )
        blank = table.sizes == 1 + table.has_return
        if blank.any():
            table = table.some(~blank)
        return Piece(
            content, place, table if len(table.starts) else None, int(stops[-1]) + 1, int(breaks[-1]), is_doubtful
        )

    def _find_bare(self, commas: Any, stops: Any) -> Any:
        bare = np.zeros(len(stops), bool)
        if self._delimiter != COMMA and len(commas):
            bare[np.searchsorted(stops, commas[commas < stops[-1]])] = True
        return bare

    def rows(self, piece: Piece, base: int) -> Rows:
        """The rows of a piece, judged; `base`: where its content will lie."""
        table = piece.table
        codes, keys = self._judge(piece)
        content = piece.content[piece.place : piece.used]
        if self._delimiter != COMMA:
            content = self._part_by_commas(content, piece)
        return Rows(
            content,
            (table.starts + (base - piece.place)).astype(np.uint64),
            table.sizes.astype(np.uint32),
            table.lines.astype(np.uint32),
            codes,
            keys,
            self._write_anew(content, piece),
            int(table.widths.max()),
        )

    def _part_by_commas(self, content: bytes, piece: Piece) -> bytes:
        block = np.frombuffer(content, np.uint8).copy()
        ends = piece.table.ends
        ends = ends[ends < piece.used] - piece.place
        block[ends[block[ends] == self._delimiter]] = COMMA
        return block.tobytes()

    def _write_anew(self, content: bytes, piece: Piece) -> list[tuple[int, bytes]]:
        """Rows with another line end than the file's, or with commas where another character parts the cells."""
        table, end, anew = piece.table, self._dialect.line_end, []
        other = table.has_return != (end == b"\r\n")
        for number in np.flatnonzero(other | table.is_bare).tolist():
            if table.is_bare[number]:
                body = write_minimal([self._cells(piece, number)])[0].encode("utf-8", "surrogateescape")
            else:
                start = int(table.starts[number]) - piece.place
                body = content[start : start + int(table.sizes[number])].rstrip(b"\r\n")
            anew.append((number, body + end))
        return anew

    def _cells(self, piece: Piece, number: int) -> list[str]:
        start, size = int(piece.table.starts[number]), int(piece.table.sizes[number])
        text = piece.content[start : start + size].decode("utf-8", "surrogateescape")
        return next(csv.reader([text], delimiter=self._dialect.delimiter))

    def _judge(self, piece: Piece) -> tuple[Any, Any]:
        rules, table = self._rules, piece.table
        codes, keys = np.zeros(len(table.starts), np.uint8), np.zeros(len(table.starts), np.uint64)
        numbers = np.flatnonzero(table.widths == rules.width)
        if len(numbers) < len(codes):
            codes[:] = COLUMN_COUNT
            codes[numbers] = 0
            table = table.some(numbers)
        if rules.phone is not None and len(numbers):
            self._judge_phones(piece, table, numbers, (codes, keys))
        for place in rules.required if len(numbers) else ():
            for number in numbers[self._may_be_empty(piece, table, place)].tolist():
                if codes[number] not in HOLDING_CODES and not self._cells(piece, number)[place].strip():
                    codes[number] = REQUIRED_EMPTY
        for number in damaged_rows(piece, rules.lost):
            codes[number], keys[number] = rules.judge(self._cells(piece, number))
        return codes, keys

    def _judge_phones(self, piece: Piece, table: Table, numbers: Any, found: tuple[Any, Any]) -> None:
        codes, keys = self._read_numbers(piece, table, self._rules.phone)
        lacking = np.flatnonzero(np.isin(codes, NO_NUMBER_CODES)) if self._rules.beside else ()
        if len(lacking):
            shifted = np.zeros(len(lacking), bool)
            some = table.some(lacking)
            for place in self._rules.beside:
                beside_codes, beside_keys = self._read_numbers(piece, some, place)
                shifted |= (beside_codes == 0) & (beside_keys != 0)
            codes[lacking[shifted]] = SHIFTED
        found[0][numbers], found[1][numbers] = codes, keys

    def _read_numbers(self, piece: Piece, table: Table, place: int) -> tuple[Any, Any]:
        """Codes and keys by the numbers in a column."""
        starts, stops = table.cells(place, self._rules.width)
        codes, keys, taken = self._phones.read(np.frombuffer(piece.content, np.uint8), starts, stops)
        odd = np.flatnonzero(~taken)
        for number, start, stop in zip(odd.tolist(), starts[odd].tolist(), stops[odd].tolist(), strict=True):
            cell = piece.content[start:stop].decode("utf-8", "surrogateescape")
            if cell.startswith('"'):
                cell = cell[1:-1].replace('""', '"')
            kind, key = self._rules.shapes.judge(cell)
            codes[number], keys[number] = (KINDS[kind].code if kind else 0), key or 0
        return codes, keys

    def _may_be_empty(self, piece: Piece, table: Table, place: int) -> Any:
        starts, stops = table.cells(place, self._rules.width)
        block = np.frombuffer(piece.content, np.uint8)
        return (starts == stops) | self._doubtful[block[starts + (block[starts] == QUOTE)]]


def find_quoted(marks: Marks, delimiter: int, start: int) -> tuple[Any, int]:
    """Which marks stand within quotes (of quotes: the closing ones), and the first that is out of place."""
    places, kinds, behind = marks
    quotes, returns = kinds == QUOTE, kinds == RETURN
    if not len(places) or not (quotes.any() or returns.any()):
        return np.zeros(len(places), bool), len(places)
    inside = ((np.cumsum(quotes, dtype=np.uint8) - quotes) & 1).astype(bool)
    touches = np.empty(len(places) + 1, bool)  # the mark before, if it parts cells or is a quote as well
    touches[0] = places[0] == start
    touches[1:-1] = places[1:] == places[:-1] + 1
    touches[-1] = places[-1] + 1 == behind  # whatever that is: its record has not ended here
    comes_first, comes_next = touches[:-1].copy(), touches[1:]
    ends_line = comes_next.copy()
    ends_line[:-1] &= kinds[1:] == LINE_FEED
    if delimiter != COMMA:
        parts = kinds != COMMA
        comes_first[1:] &= parts[:-1]
        comes_next[:-1] &= parts[1:]
    wrong = quotes & ~np.where(inside, comes_next, comes_first)
    wrong |= returns & ~inside & ~ends_line
    return inside, int(wrong.argmax()) if wrong.any() else len(places)


def count_breaks(places: Any, kinds: Any, line_ends: Any) -> Any:
    """How many line ends, within quotes or not, there are up to each of these marks."""
    last = int(line_ends[-1]) + 1
    breaks = kinds[:last] == LINE_FEED
    returns = kinds[:last] == RETURN
    if returns.any():
        returns[:-1] &= ~breaks[1:] | (places[1:last] != places[: last - 1] + 1)
        breaks |= returns
    if np.count_nonzero(breaks) == len(line_ends):
        return np.arange(1, len(line_ends) + 1)
    return np.cumsum(breaks)[line_ends]


def damaged_rows(piece: Piece, lost: str) -> list[int]:
    """Rows with NUL bytes, or with bytes that mean nothing."""
    content, table = piece.content, piece.table
    places = []
    if content.find(b"\0", piece.place, piece.used) >= 0:
        block = np.frombuffer(content, np.uint8)[piece.place : piece.used]
        places += (np.flatnonzero(block == 0) + piece.place).tolist()
    places += [piece.place + place for place in lost_places(content[piece.place : piece.used], lost)]
    rows = np.searchsorted(table.starts, places, "right") - 1
    return np.unique(rows).tolist()


def lost_places(content: bytes, lost: str) -> list[int]:
    if not has_lost(content, lost):
        return []
    if lost != ESCAPED:
        return [match.start() for match in re.finditer(LOST.encode(), content)]
    text = content.decode("utf-8", "surrogateescape")
    places, place, before = [], 0, 0
    for lost_byte in LOST_BYTE.finditer(text):
        place += len(text[before : lost_byte.start()].encode())
        places.append(place)
        place, before = place + 1, lost_byte.end()
    return places
