"""Records read by Python's own csv module: what it says is what a file holds, and every faster way must agree with it.

It reads stretches of a few hundred kilobytes with as few steps of Python a row as may be.
"""

import csv
import re
from array import array
from bisect import bisect_right
from collections.abc import Sequence
from io import StringIO
from itertools import accumulate, compress, repeat
from operator import attrgetter, itemgetter, sub
from types import SimpleNamespace
from typing import Any, NamedTuple

from maxops.imports.encoding import LOST
from maxops.imports.files import KEY, LINE, OFFSET, SIZE
from maxops.imports.findings import HOLDING_CODES, KINDS
from maxops.imports.own_columns import OwnColumns
from maxops.imports.phones import DROPPED_BYTES
from maxops.imports.row_rules import COLUMN_COUNT, ESCAPED, REQUIRED_EMPTY, RowRules

RECORD_LIMIT = 1 << 20
END = "\x01"  # a last record of ours: where it comes out whole, the one before it was whole too
LINE_NUMBER, FIRST, SECOND = attrgetter("line_num"), itemgetter(0), itemgetter(1)
OTHER_BREAKS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"  # str.splitlines() takes them for line ends
NO_CELL = "-"  # in the place of a row that has not the right number of cells; no number, and not empty
UTF = repeat("utf-8")
NEED_QUOTES = '"\n\r'
CELL = r'(?:"(?:[^"]|"")*+"|[^",\r\n]*+)'
WELL_QUOTED = re.compile(rf"{CELL}(?:,{CELL})*+".encode()).fullmatch

csv.field_size_limit(RECORD_LIMIT << 3)


class Rows(NamedTuple):
    """Consecutive rows of a file, which `content` holds; all of them have an entry in every array.

    `anew` are rows that cannot go as they stand there, with their numbers among these rows.
    """

    content: bytes
    offsets: Any
    sizes: Any
    lines: Any
    codes: Any
    keys: Any
    anew: list[tuple[int, bytes]]
    widest: int

    def under(self, line: int) -> "Rows":
        """The rows from a line of the file on: what stands above them is its header."""
        above = sum(1 for start in self.lines if start < line)
        anew = [(number - above, content) for number, content in self.anew if number >= above]
        arrays = (self.offsets, self.sizes, self.lines, self.codes, self.keys)
        return Rows(self.content, *(entries[above:] for entries in arrays), anew, self.widest)


class Dialect(NamedTuple):
    """How a file's rows are written, and how they go out: `own` are columns of ours to be left out."""

    delimiter: str
    line_end: bytes
    own: OwnColumns

    @property
    def by_rows(self) -> bool:
        """Whether this reader's rows are written anew, all of them."""
        return bool(self.own) or self.delimiter != ","


class Found(NamedTuple):
    """Records with where they start and how long they are, in bytes; `used` of these and `lines_used` were read."""

    rows: list[list[str]]
    starts: Sequence[int]
    sizes: Sequence[int]
    lines: Sequence[int]
    used: int
    lines_used: int


NOTHING = Found([], (), (), (), 0, 0)


def split_lines(text: str) -> list[str]:
    """Physical lines: LF, CR LF and CR alone end one, nothing else does."""
    if any(character in text for character in OTHER_BREAKS):
        return list(StringIO(text, newline=""))
    return text.splitlines(keepends=True)


def find_records(content: bytes, delimiter: str, line: int) -> Found:
    """The whole records of a stretch that ends with a line; one that goes on behind it is left."""
    reader = csv.reader([*split_lines(content.decode("utf-8", "surrogateescape")), END], delimiter=delimiter)
    pairs: list[tuple[list[str], int]] = []
    try:
        pairs.extend(zip(reader, map(LINE_NUMBER, repeat(reader)), strict=False))
    except csv.Error:  # a cell over the limit: what came before it is whole
        pass
    else:
        pairs.pop()  # END, or the record that swallowed it
    if not pairs:
        return NOTHING
    rows, ends = list(map(FIRST, pairs)), list(map(SECOND, pairs))
    lines_used = ends[-1]
    sums = list(accumulate(map(len, content.splitlines(keepends=True)[:lines_used]), initial=0))
    if lines_used == len(rows):
        starts, sizes, lines = sums, list(map(sub, sums[1:], sums)), range(line, line + lines_used)
    else:
        stops = list(map(sums.__getitem__, ends))
        starts = [0, *stops[:-1]]
        sizes, lines = list(map(sub, stops, starts)), [line, *map(line.__add__, ends[:-1])]
    if [] in rows:
        starts, sizes, lines = (list(compress(values, rows)) for values in (starts, sizes, lines))
        rows = list(compress(rows, rows))
    return Found(rows, starts[: len(rows)], sizes, lines, sums[-1], lines_used)


class CsvScan:
    """Reads stretches by csv and judges their rows."""

    def __init__(self, rules: RowRules, dialect: Dialect) -> None:
        self._rules, self._dialect = rules, dialect
        self._written: list[str] = []
        self._writer = csv.writer(SimpleNamespace(write=self._written.append), lineterminator="\r\n")
        self._codes = [0, *(KINDS[form.kind].code if form.kind else 0 for form in rules.shapes.forms)]

    def read(self, content: bytes, base: int, line: int) -> tuple[Rows | None, int, int]:
        """The rows of a stretch, how many bytes were read, and how many lines; `base`: where `content` will lie."""
        found = find_records(content, self._dialect.delimiter, line)
        content = content[: found.used]
        if not found.rows:
            return None, found.used, found.lines_used
        rows = self._dialect.own.strip(found.rows)
        starts, sizes, anew = found.starts, found.sizes, []
        if self._dialect.by_rows:
            written = [text.encode("utf-8", "surrogateescape") + self._dialect.line_end for text in write_rows(rows)]
            content, sizes = b"".join(written), list(map(len, written))
            starts = list(accumulate(sizes[:-1], initial=0))
        else:
            anew = self._write_anew(content, found)
        codes, keys = self._judge(rows, content)
        written = Rows(
            content,
            array(OFFSET, map(base.__add__, starts)),
            array(SIZE, sizes),
            array(LINE, found.lines),
            codes,
            keys,
            anew,
            max(map(len, rows)),
        )
        return written, found.used, found.lines_used

    def _write_anew(self, content: bytes, found: Found) -> list[tuple[int, bytes]]:
        """Rows with a quote out of place, or with another line end than the file's."""
        end, anew = self._dialect.line_end, []
        for number in doubtful_rows(content, found, end):
            record = content[found.starts[number] : found.starts[number] + found.sizes[number]]
            body = record.rstrip(b"\r\n")
            if b'"' in record and not is_well_quoted(body, found.rows[number]):
                anew.append((number, self._write(found.rows[number]) + end))
            elif record[len(body) :] != end:
                anew.append((number, body + end))
        return anew

    def _write(self, row: list[str]) -> bytes:
        self._writer.writerow(row)
        return self._written.pop().removesuffix("\r\n").encode("utf-8", "surrogateescape")

    def _judge(self, rows: list[list[str]], content: bytes) -> tuple[bytearray, array]:
        rules = self._rules
        codes, keys = bytearray(len(rows)), array(KEY, bytes(8 * len(rows)))
        if b"\0" in content or has_lost(content, rules.lost):
            for number, row in enumerate(rows):
                codes[number], keys[number] = rules.judge(row)
            return codes, keys
        widths = list(map(len, rows))
        if widths.count(rules.width) != len(rows):
            rows = rows.copy()
            for number in compress(range(len(rows)), map(rules.width.__ne__, widths)):
                codes[number] = COLUMN_COUNT
                rows[number] = [NO_CELL] * rules.width
        if rules.phone is not None:
            self._judge_phones(rows, codes, keys)
        for place in rules.required:
            if not all(map(str.strip, map(itemgetter(place), rows))):
                for number, row in enumerate(rows):
                    if codes[number] not in HOLDING_CODES and not row[place].strip():
                        codes[number] = REQUIRED_EMPTY
        return codes, keys

    def _judge_phones(self, rows: list[list[str]], codes: bytearray, keys: array) -> None:
        """One pattern runs over the numbers of all rows; where it stops, that row is looked at alone."""
        shapes = self._rules.shapes
        column = "\n".join(map(itemgetter(self._rules.phone), rows)).encode("utf-8", "surrogateescape")
        column = column.translate(None, DROPPED_BYTES) + b"\n"
        cells = column.split(b"\n")
        cells.pop()
        first = place = 0
        if len(cells) != len(rows):  # a line break within a phone cell
            cells, column = [b""] * len(rows), b"\n" * len(rows)
        while first < len(cells):
            stop = shapes.column.match(column, place).end()
            last = first + column.count(b"\n", place, stop)
            good = cells[first:last]
            found = map(int, good) if shapes.is_plain_key else map(shapes.key, map(str, good, UTF))
            keys[first:last] = array(KEY, found)
            first, place = last, stop
            while first < len(cells):
                match = shapes.usual(column, place)
                if codes[first] == COLUMN_COUNT:
                    pass
                elif match is None:
                    codes[first], keys[first] = self._rules.judge(rows[first])
                elif code := self._codes[match.lastindex]:
                    codes[first], keys[first] = code, int(match[match.lastindex])
                else:
                    break
                place, first = place + len(cells[first]) + 1, first + 1


def doubtful_rows(content: bytes, found: Found, line_end: bytes) -> list[int]:
    """Rows with a quote, or perhaps with another line end, in order."""
    returns = content.count(b"\r")
    if line_end == b"\n":
        marks = [b'"', b"\r"] if returns else [b'"']
    elif returns == content.count(b"\n") == content.count(b"\r\n"):
        marks = [b'"']
    else:
        return list(range(len(found.rows)))
    numbers = set()
    for mark in marks:
        place = content.find(mark)
        while place >= 0:
            number = bisect_right(found.starts, place) - 1
            end = found.starts[number] + found.sizes[number] if number >= 0 else 0
            if place < end:  # else it stands in a blank line
                numbers.add(number)
            place = content.find(mark, max(end, place + 1))
    return sorted(numbers)


def has_lost(content: bytes, lost: str) -> bool:
    """Whether bytes in it mean nothing in the file's encoding."""
    if lost != ESCAPED:
        return bool(lost) and LOST.encode() in content
    if content.isascii():
        return False
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return False


def is_well_quoted(body: bytes, row: list[str]) -> bool:
    """Whether a record with quotes, without its line end, is written as RFC 4180 says."""
    if not body.startswith(b'"') and b',"' not in body:
        return False  # a quote, and no cell that starts with one
    text = body.decode("utf-8", "surrogateescape")
    if text.count('"') == 2 * len(row) and text == '"' + '","'.join(row) + '"':
        return True
    return WELL_QUOTED(body) is not None


def write_rows(rows: list[list[str]]) -> list[str]:
    """Each row as CSV without its line end. Joining is enough for most; a writer takes those that need quotes."""
    texts = list(map(",".join, rows))
    whole = "".join(texts)
    odd = {place for mark in NEED_QUOTES if mark in whole for place, text in enumerate(texts) if mark in text}
    if whole.count(",") != sum(map(len, rows)) - len(rows):
        odd.update(place for place, row in enumerate(rows) if texts[place].count(",") != len(row) - 1)
    if "" in texts:
        odd.update(place for place, text in enumerate(texts) if not text)
    places = sorted(odd)
    for place, text in zip(places, write_minimal([rows[place] for place in places]), strict=True):
        texts[place] = text
    return texts


def write_minimal(rows: list[list[str]]) -> list[str]:
    """Each row without its line end, only those cells in quotes that need them."""
    written: list[str] = []
    # CRLF makes the writer quote both kinds of line break inside cells.
    csv.writer(SimpleNamespace(write=written.append), lineterminator="\r\n").writerows(rows)
    return [text.removesuffix("\r\n") for text in written]
