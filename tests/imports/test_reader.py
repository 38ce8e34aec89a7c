"""Any bytes are read or refused with a line; no record is lost, and each knows the line it starts on."""

import csv
import io
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maxops.imports.encoding import bad_bytes, has_sequence, prove_encoding
from maxops.imports.errors import CsvError, NoHeader, NotText, QuoteOpen
from maxops.imports.reader import find_layout, read_records

ANY_TEST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('",;\n\r|'), max_size=12)


@pytest.fixture
def write(tmp_path):
    def write(content: bytes):
        path = tmp_path / "leads.csv"
        path.write_bytes(content)
        return path

    return write


def read_all(path, expected=()):
    layout = find_layout(path, expected)
    rows, lines = [], []
    for records in read_records(path, layout):
        rows += records.rows
        lines += records.lines
    return layout, rows, lines


@ANY_TEST
@given(content=st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(write, content):
    path = write(content)
    try:
        _, rows, lines = read_all(path)
    except CsvError as error:
        refusal = error
    else:
        refusal = None
    if refusal:
        assert refusal.message
        assert refusal.line >= 1
        return
    assert len(rows) == len(lines)
    assert all(rows)
    assert list(lines) == sorted(set(lines))


@ANY_TEST
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=8), end=st.sampled_from(["\n", "\r\n"])
)
def test_what_a_csv_writer_writes_comes_back(write, rows, end):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([["phone", "name", "city"], *rows])
    _, read, lines = read_all(write(text.getvalue().encode()), ["phone", "name", "city"])
    assert read == rows
    physical = list(io.StringIO(text.getvalue(), newline=""))
    for line, row in zip(lines, rows, strict=True):
        assert physical[line - 1].startswith('"' + row[0].replace('"', '""')[:1])


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")],
)
def test_encoding_is_proved_over_the_whole_file(write, encoding, found):
    text = "phone,name\n" + "07700900001,Bob\n" * 20_000 + "07700900002,Zoë O’Neill\n"
    path = write(text.encode(encoding))
    layout, rows, _ = read_all(path)
    assert layout.encoding == found
    assert layout.header == ("phone", "name")
    assert rows[-1] == ["07700900002", "Zoë O’Neill"]


def test_bytes_that_windows_1252_lacks_do_not_stop_the_file(write):
    _, rows, _ = read_all(write(b"phone,name\n1,Ren\xe9e \x81\n"))
    assert rows == [["1", "Renée \ufffd"]]


@pytest.mark.parametrize(
    ("content", "encoding", "is_damaged"),
    [
        ("phone,name\n1,Zoë\n2,José\n".encode() + b"3,Ren\xe9e\n", "utf-8", True),
        (b"phone,name\n1,Ren\xe9e\n2,Jos\xe9\n" + "3,Zoë\n".encode(), "cp1252", True),
        (b"phone,name\n1,Ren\xe9e\n", "cp1252", True),
        (b"\xef\xbb\xbfphone\n\xff\xfe\n", "utf-8-sig", True),
        ("phone,name\n1,Zoë\n".encode(), "utf-8", False),
    ],
)
def test_a_few_damaged_bytes_do_not_make_another_encoding(write, content, encoding, is_damaged):
    assert prove_encoding(write(content)) == (encoding, is_damaged)


@given(content=st.lists(st.sampled_from([0, 65, 0x7F, 0x80, 0xBF, 0xC1, 0xC2, 0xF4, 0xF5, 0xFF])).map(bytes))
def test_both_ways_see_the_start_of_a_character_alike(content):
    by_pattern = re.search(rb"[\xc2-\xf4][\x80-\xbf]", content) is not None
    assert has_sequence(content, is_fast=True) == has_sequence(content, is_fast=False) == by_pattern


@pytest.mark.parametrize(
    ("content", "encoding", "found"),
    [
        (b"phone,name\n1,Zo\xc3\xab \xff\n\r\n2,\xe9\n", "utf-8", [(2, 8, 0xFF), (4, 3, 0xE9)]),
        (b"\xef\xbb\xbfphone\r\n\xe9\r\n", "utf-8-sig", [(2, 1, 0xE9)]),
        (b"phone,name\r1,Ren\xe9e \x81\r", "cp1252", [(2, 9, 0x81)]),
        ("\ufeffphone\n1\n2,".encode("utf-16-le") + b"\x00\xd8\n\x00", "utf-16", [(3, 5, 0x00)]),
    ],
)
def test_bytes_that_mean_nothing_are_named_by_line_and_place(write, content, encoding, found):
    assert [tuple(bad) for bad in bad_bytes(write(content), encoding)] == found


def test_bad_bytes_are_named_wherever_they_stand(write):
    line = "07700900123,Zoë\r\n".encode()
    content = b"phone,name\r\n" + line * 40_000 + b"07700900123,\xff\r\n" + line * 5
    assert list(map(str, bad_bytes(write(content), "utf-8"))) == ["line 40,002, byte 13 (FF)"]


@pytest.mark.parametrize("content", [b"PK\x03\x04rest", b"%PDF-1.7", b"a\0b\0c\0d\0"])
def test_what_is_no_text_is_refused(write, content):
    with pytest.raises(NotText):
        prove_encoding(write(content))


@pytest.mark.parametrize("content", [b"", b"\n\n\n", b" , ,\n"])
def test_file_without_header_is_refused(write, content):
    with pytest.raises(NoHeader):
        read_all(write(content))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_found_by_counting(write, delimiter):
    text = "\n".join(delimiter.join([f"0770090000{n}", f"Flat {n}, High Street", "Leeds"]) for n in range(10))
    content = delimiter.join(["phone", "address", "city"]) + "\n" + text
    if delimiter == ",":
        content = content.replace("Flat", '"Flat').replace("Street", 'Street"')
    layout, rows, _ = read_all(write(content.encode()))
    assert layout.delimiter == delimiter
    assert {len(row) for row in rows} == {3}


def test_expected_columns_decide_where_counting_is_even(write):
    layout, _, _ = read_all(write(b"phone;name,city\n1;a,b\n"), ["phone", "name,city"])
    assert layout.delimiter == ";"


def test_excels_own_first_line_names_the_delimiter(write):
    layout, rows, lines = read_all(write(b"sep=;\nphone;name\n1;a\n"))
    assert (layout.delimiter, layout.header, layout.header_line) == (";", ("phone", "name"), 2)
    assert (rows, lines) == ([["1", "a"]], [3])


def test_lines_are_physical_whatever_cells_hold(write):
    content = b'phone,note\n\n1,"two\nlines"\n2,x\n\n\n3,"a\r\nb\r\nc"\r\n4,y'
    _, rows, lines = read_all(write(content))
    assert [row[0] for row in rows] == ["1", "2", "3", "4"]
    assert lines == [3, 5, 8, 11]


def test_quote_never_closed_is_named_and_does_not_swallow_the_file(write):
    lines = [f"0770090{n:04d},Bob" for n in range(2000)]
    lines[5] = '07700900005,"Bob'
    with pytest.raises(QuoteOpen) as refusal:
        read_all(write(("phone,name\n" + "\n".join(lines) + "\n").encode()))
    assert refusal.value.line == 7


def test_quote_open_over_more_than_a_record_may_hold(write):
    lines = [f"0770090{n % 10000:04d},Bob Smith of Leeds" for n in range(60_000)]
    lines[700] = '07700900700,"Bob'
    with pytest.raises(QuoteOpen) as refusal:
        read_all(write(("phone,name\n" + "\n".join(lines) + "\n").encode()))
    assert refusal.value.line == 702
