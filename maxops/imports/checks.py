"""The check of a whole lead file before anything is sent: one pass, flat memory, one finding a row at most.

Beside the findings it leaves the clean copy (UTF-8, comma, quoted as RFC 4180 says, cells unchanged) and the arrays of
files.py, so that parts are ranges of bytes and a rejected row is read back by its offset.
"""

import csv
from array import array
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import accumulate
from types import SimpleNamespace
from typing import BinaryIO

from maxops.imports.errors import ColumnMissing, NoRows, NotText
from maxops.imports.files import LINE, OFFSET, SIZE, RunFiles
from maxops.imports.findings import HOLDING_CODES, KINDS, ROW_KINDS, Finding
from maxops.imports.own_columns import OwnColumns
from maxops.imports.phones import Shapes
from maxops.imports.reader import Layout, find_layout, plain, read_records

BUCKETS = 64
NEED_QUOTES = '"\n\r'
ROW_END = 1  # bytes of the line feed after each row
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a run expects of its file: the mapping's columns, which of them is the phone ("" = not known), which no row
    may leave empty; `matches` says which column of the file is meant by another name, `aliases` how such columns were
    called in earlier files (plain name -> column); without `has_header` the columns stand in the mapping's order.
    """

    columns: tuple[str, ...]
    phone: str = ""
    required: tuple[str, ...] = ()
    matches: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    has_header: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    layout: Layout
    sent_header: tuple[str, ...]
    rows: int
    codes: bytes
    findings: tuple[Finding, ...]


class Repeats:
    """Numbers seen in the file, as integers in buckets: 12 bytes a row instead of the 80 of a set."""

    def __init__(self) -> None:
        self._keys = [array("Q") for _ in range(BUCKETS)]
        self._rows = [array("I") for _ in range(BUCKETS)]

    def add(self, key: int, row: int) -> None:
        bucket = key % BUCKETS
        self._keys[bucket].append(key)
        self._rows[bucket].append(row)

    def rows(self, codes: bytearray) -> list[int]:
        """Rows that repeat a number. Of several rows the first without any finding is the one to keep."""
        repeated = []
        for keys, rows in zip(self._keys, self._rows, strict=True):
            if len(set(keys)) == len(keys):
                continue
            kept: dict[int, int] = {}
            for key, row in zip(keys, rows, strict=True):
                other = kept.setdefault(key, row)
                if other != row:
                    kept[key], surplus = (row, other) if codes[other] and not codes[row] else (other, row)
                    repeated.append(surplus)
        return sorted(repeated)


class RowCheck:
    """Judges records batch by batch; the usual good row costs no step of Python but one."""

    def __init__(self, layout: Layout, phone: int | None, shapes: Shapes) -> None:
        self._width = len(layout.header)
        self._phone = phone
        self._shapes = shapes
        self._repeats = Repeats()
        self.codes = bytearray()

    def judge(self, rows: list[list[str]]) -> None:
        width, phone, well_formed, key = self._width, self._phone, self._shapes.well_formed, self._shapes.key
        add, number = self._repeats.add, len(self.codes)
        codes = bytearray(len(rows))
        for position, row in enumerate(rows):
            if phone is not None and len(row) == width and well_formed(row[phone]):
                add(key(row[phone]), number + position)
            else:
                codes[position] = self._judge_odd(row, number + position)
        if "\0" in "".join(map("".join, rows)):
            for position, row in enumerate(rows):
                if "\0" in "".join(row):
                    codes[position] = KINDS["control_character"].code
        self.codes += codes

    def _judge_odd(self, row: list[str], number: int) -> int:
        if len(row) != self._width:
            return KINDS["column_count"].code
        if self._phone is None:
            return 0
        kind, key = self._shapes.judge(row[self._phone])
        code = KINDS[kind].code if kind else 0
        if key is not None and code not in HOLDING_CODES:  # a row held back must not make another one a repeat
            self._repeats.add(key, number)
        return code

    def finish(self) -> bytes:
        code = KINDS["duplicate_in_file"].code
        for row in self._repeats.rows(self.codes):
            if self.codes[row] not in HOLDING_CODES:
                self.codes[row] = code
        return bytes(self.codes)


def write_rows(rows: list[list[str]]) -> list[str]:
    """Each row as CSV without its line end. Joining is enough for most; a writer takes those that need quotes."""
    texts = list(map(",".join, rows))
    whole = "".join(texts)
    odd = {place for mark in NEED_QUOTES if mark in whole for place, text in enumerate(texts) if mark in text}
    if whole.count(",") != sum(map(len, rows)) - len(rows):
        odd.update(place for place, row in enumerate(rows) if texts[place].count(",") != len(row) - 1)
    if "" in texts:
        odd.update(place for place, text in enumerate(texts) if not text)
    for place in odd:
        texts[place] = _write_quoted(rows[place])
    return texts


def _write_quoted(row: list[str]) -> str:
    written: list[str] = []
    # CRLF makes the writer quote both kinds of line break inside cells.
    csv.writer(SimpleNamespace(write=written.append), lineterminator="\r\n").writerow(row)
    return written[0].removesuffix("\r\n")


class CleanCopy:
    """Writes clean.csv, and for each row where it starts there and on which line it started in the person's file."""

    def __init__(self, clean: BinaryIO, offsets: BinaryIO, sizes: BinaryIO, lines: BinaryIO) -> None:
        self._clean, self._offsets, self._sizes, self._lines = clean, offsets, sizes, lines
        self._end = 0

    def add(self, rows: list[list[str]], lines: Sequence[int] = ()) -> None:
        """Without lines it is the header."""
        texts = write_rows(rows)
        whole = "\n".join(texts) + "\n"
        content = whole.encode()
        self._clean.write(content)
        lengths = map(len, texts) if len(content) == len(whole) else map(len, map(str.encode, texts))
        sizes = array(SIZE, map(ROW_END.__add__, lengths))
        starts = array(OFFSET, accumulate(sizes, initial=self._end))
        self._end = starts.pop()
        if lines:
            self._offsets.write(starts)
            self._sizes.write(sizes)
            self._lines.write(array(LINE, lines))

    def finish(self) -> None:
        self._offsets.write(array(OFFSET, [self._end]))


def check_file(files: RunFiles, expected: Expected, shapes: Shapes, progress: Progress) -> Checked:
    """CsvError when the file cannot be sent at all; `progress` is told how many rows were read."""
    layout = find_layout(files.original, expected.columns)
    own = OwnColumns(layout.header)
    told = [Finding("column_own", len(own.names(layout.header)), [layout.header_line])] if own else []
    layout = replace(layout, header=own.strip_header(layout.header))
    if any("\0" in name for name in layout.header):
        raise NotText("The header holds a NUL character: the file was damaged on its way.", line=layout.header_line)
    header, file_findings = match_header(layout, expected)
    wanted = plain(expected.phone)
    phone = next((place for place, name in enumerate(header) if wanted and plain(name) == wanted), None)
    check = RowCheck(layout, phone, shapes)
    with ExitStack() as stack:
        targets = (
            stack.enter_context(path.open("wb")) for path in (files.clean, files.offsets, files.sizes, files.lines)
        )
        copy = CleanCopy(*targets)
        copy.add([list(header)])
        for records in read_records(files.original, layout):
            rows = own.strip(records.rows)
            check.judge(rows)
            copy.add(rows, records.lines)
            progress(len(check.codes))
        copy.finish()
    codes = check.finish()
    if not codes:
        raise NoRows("There are no leads under the header.", line=layout.header_line)
    files.codes.write_bytes(codes)
    files.header.write_bytes(write_rows([list(header)])[0].encode() + b"\n")
    return Checked(layout, header, len(codes), codes, (*told, *file_findings, *count_findings(files, codes)))


def match_header(layout: Layout, expected: Expected) -> tuple[tuple[str, ...], list[Finding]]:
    """The header to send, with the mapping's spelling, and what is odd about the file's own."""
    spelling = {plain(name): name for name in expected.columns}
    found = [plain(name) for name in layout.header]
    if missing := [name for key, name in spelling.items() if key not in found]:
        words = ", ".join(f"'{name}'" for name in missing)
        raise ColumnMissing(
            f"The mapping expects {'columns' if len(missing) > 1 else 'a column'} {words}; the file has "
            f"{', '.join(repr(name) for name in layout.header[:30])}.",
            line=layout.header_line,
            column=missing[0],
        )
    header = tuple(spelling.get(key, name) for key, name in zip(found, layout.header, strict=True))
    findings = []
    renamed = [old for old, new in zip(layout.header, header, strict=True) if old != new]
    extra = [name for key, name in zip(found, layout.header, strict=True) if key not in spelling] if spelling else []
    for kind, names in (("column_renamed", renamed), ("column_extra", extra)):
        if names:
            findings.append(Finding(kind, len(names), [layout.header_line], ", ".join(names)))
    return header, findings


def count_findings(files: RunFiles, codes: bytes) -> list[Finding]:
    """Counting bytes is cheap; only the first ten rows of a kind are looked up."""
    findings = []
    for code, kind in ROW_KINDS.items():
        finding = Finding(kind.name, codes.count(code))
        place = codes.find(code)
        while place >= 0 and len(finding.lines) < 10:
            finding.lines.append(files.lines_of(place, 1)[0])
            place = codes.find(code, place + 1)
        if finding.count:
            findings.append(finding)
    return findings
