"""Every way of reading a file finds the records that Python's csv module finds, whatever the bytes and the blocks."""

import csv
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maxops.imports.csv_scan import Dialect
from maxops.imports.encoding import Stream
from maxops.imports.errors import QuoteOpen
from maxops.imports.files import PLACE, REWRITTEN
from maxops.imports.own_columns import OwnColumns
from maxops.imports.phones import shapes_of
from maxops.imports.row_rules import ESCAPED, RowRules
from maxops.imports.scanning import Reading, Scan

ANY_TEST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
PIECES = [b'"', b'""', b",", b";", b"\n", b"\r\n", b"\r", b"a", b"07700900123", b"+44 7700 900123", b" ", b"\0",
          "é\u2028".encode(), b"\xff", b"\x0b", b'","', b'"\n"']  # fmt: skip
CONTENTS = st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join)
BLOCKS = st.sampled_from([1, 2, 3, 5, 7, 16, 40, 1000])
END = "\x02end"
USUAL = Reading()


def refer(content: bytes, delimiter: str) -> tuple[list[tuple[int, list[str]]], int]:
    """Line and cells of each record, as csv.reader has it; and the line of the one that is never closed, 0 for none."""
    text = content.decode("utf-8", "surrogateescape")
    lines = list(io.StringIO(text if text.endswith(("\n", "\r")) or not text else text + "\n", newline=""))
    reader = csv.reader([*lines, END], delimiter=delimiter)
    records, line = [], 1
    for row in reader:
        records.append((line, row))
        line = reader.line_num + 1
    last_line, last = records.pop()
    return [(line, row) for line, row in records if row], 0 if last == [END] else last_line


class Read:
    """What a scan made of some bytes."""

    def __init__(self, path, rules, dialect, reading) -> None:
        self.copied = dialect.by_rows
        self.lines, self.codes, self.keys, self.records, self.anew = [], [], [], [], []
        self.open_line = 0
        stream = Stream(path, "utf-8", reading.block)
        original, copy = path.read_bytes(), b""
        try:
            for rows in Scan(rules, dialect, reading).rows(stream, 0, is_copied=self.copied):
                copy += rows.content
                self.add(rows, copy if self.copied else original)
        except QuoteOpen as error:
            self.open_line = error.line

    def add(self, rows, sent: bytes) -> None:
        anew = dict(rows.anew)
        for number, (offset, size) in enumerate(zip(rows.offsets, rows.sizes, strict=True)):
            assert not int(offset) & REWRITTEN
            place = int(offset) & PLACE
            self.records.append(anew.get(number, sent[place : place + int(size)]))
            self.anew.append(number in anew)
        self.lines += map(int, rows.lines)
        self.codes += map(int, rows.codes)
        self.keys += map(int, rows.keys)

    def cells(self) -> list[list[str]]:
        return [next(csv.reader([record.decode("utf-8", "surrogateescape")])) for record in self.records]


@pytest.fixture
def read(tmp_path):
    def read(content: bytes, delimiter: str = ",", line_end: bytes = b"\n", reading: Reading = USUAL, **rules):
        path = tmp_path / "leads.csv"
        path.write_bytes(content)
        rules = RowRules(**{"width": 2, "shapes": shapes_of("GB"), "phone": 0, "lost": ESCAPED} | rules)
        return Read(path, rules, Dialect(delimiter, line_end, OwnColumns(())), reading)

    return read


@ANY_TEST
@given(
    content=CONTENTS,
    delimiter=st.sampled_from(",;"),
    line_end=st.sampled_from([b"\n", b"\r\n"]),
    block=BLOCKS,
    is_fast=st.booleans(),
)
def test_records_are_those_of_csv_reader(read, content, delimiter, line_end, block, is_fast):
    records, open_line = refer(content, delimiter)
    found = read(content, delimiter, line_end, Reading(block, is_fast))
    assert found.open_line == open_line
    assert found.lines == [line for line, _ in records]
    assert found.cells() == [row for _, row in records]
    assert all(record.endswith(line_end) for record in found.records)


@ANY_TEST
@given(content=CONTENTS, line_end=st.sampled_from([b"\n", b"\r\n"]), block=BLOCKS, required=st.booleans())
def test_both_ways_leave_the_same_behind(read, content, line_end, block, required):
    rules = {"required": (1,) if required else (), "beside": (1,)}
    fast = read(content, ",", line_end, Reading(block, True), **rules)
    slow = read(content, ",", line_end, Reading(1000, False), **rules)
    assert vars(fast) == vars(slow)


@ANY_TEST
@given(content=CONTENTS, block=BLOCKS)
def test_both_ways_judge_alike_where_semicolons_part_the_cells(read, content, block):
    fast, slow = (read(content, ";", b"\n", Reading(block, is_fast)) for is_fast in (True, False))
    assert (fast.codes, fast.keys) == (slow.codes, slow.keys)
