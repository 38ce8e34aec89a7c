"""Lead files of every shape, whole: what is found in them, and that what goes out is clean and holds every cell.

Each goes through twice, with numpy and without, in blocks so small that every kind of row meets their edges.
"""

import csv
import io
import subprocess
import sys

import pytest

from maxops.imports.checks import Expected, check_file
from maxops.imports.errors import ColumnMissing, NoHeader, QuoteOpen
from maxops.imports.files import REWRITTEN, RunFiles
from maxops.imports.findings import ROW_KINDS
from maxops.imports.phones import shapes_of
from maxops.imports.scanning import Reading

COLUMNS = ["phone", "name", "address", "note"]
EXPECTED = Expected(tuple(COLUMNS), "phone")
ENDS = ["\n", "\r\n"]
# Cells of a row, and what the check says of it.
ODD_ROWS = [
    (["", "Bob", "1 High Street", ""], "phone_empty"),
    (["077009OO123", "Bob", "1 High Street", ""], "phone_shape"),
    (["07700", "Bob", "1 High Street", ""], "phone_shape"),
    (["n/a", "Bob", "1 High Street", ""], "phone_shape"),
    (["7.7009E+09", "Bob", "1 High Street", ""], "phone_spreadsheet"),
    (["07700900001", "Bob"], "column_count"),
    (["07700900001", "Bob", "1 High Street", "", "more"], "column_count"),
    (["+44 7700 900101", "Bob", "1 High Street", ""], "phone_international"),
    (["00447700900102", "Bob", "1 High Street", ""], "phone_international"),
    (["7700900103", "Bob", "1 High Street", ""], "phone_lost_zero"),
    (["(0161) 496-0104", "Bob", "1 High Street", ""], ""),
    (["\t07700 900105\u00a0", "Bob", "1 High Street", ""], ""),
    (["07700900106", "Bob", "1 High Street", 'said "call me"'], ""),
    (["07700900107", "Bob", "Flat 2, 1 High Street; Leeds | York", "\t"], ""),
    (["07700900108", "Bob", "1 High Street\nLeeds\r\nYork", "\n"], ""),
    (["07700900109", "Zoë O’Neill", "1 High Street", "=1+1"], ""),
    (["07700900110", "Bob", "long road " * 300, "<b>&amp;"], ""),
    (["07700900110", "Bob", "1 High Street", "again"], "duplicate_in_file"),
    (["07700900111", "nul\0", "1 High Street", ""], "control_character"),
    (["Bob", "07700900112", "1 High Street", ""], "phone_shifted"),
]
ROWS = [
    ([f"07700{number:06d}", f"Name {number}", f"{number} High Street", ""], "") for number in range(300000, 300030)
] + ODD_ROWS


def write_file(rows, *, delimiter=",", end="\n", quoting=csv.QUOTE_MINIMAL) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    return text.getvalue()


def starts_of(text: str, delimiter: str) -> list[int]:
    reader, starts = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [1]
    starts.extend(reader.line_num + 1 for _ in reader)
    return starts[1:-1]


@pytest.fixture(params=[True, False], ids=["with numpy", "without"])
def check(request, tmp_path):
    files = RunFiles(tmp_path, 1)
    files.folder.mkdir()

    def check(content: bytes, expected: Expected = EXPECTED, block: int = 700):
        files.original.write_bytes(content)
        return files, check_file(files, expected, shapes_of("GB"), lambda *_: None, Reading(block, request.param))

    return check


def kinds_of(files: RunFiles) -> list[str]:
    return [ROW_KINDS[code].name if code else "" for code in files.codes.read_bytes()]


def found(checked):
    return {finding.kind: (finding.count, finding.lines) for finding in checked.findings}


@pytest.mark.parametrize("end", ENDS, ids=["LF", "CRLF"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-be"])
@pytest.mark.parametrize("delimiter", list(",;\t|"))
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_every_variant_is_read_exactly_and_goes_out_clean(check, end, encoding, delimiter, quoting):
    rows = [row for row, _ in ROWS]
    text = write_file([COLUMNS, *rows], delimiter=delimiter, end=end, quoting=quoting)
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    files, checked = check(mark + text.encode(encoding))
    assert kinds_of(files) == [kind for _, kind in ROWS]
    assert [(line, cells) for _, line, cells in files.rows(range(checked.rows))] == list(
        zip(starts_of(text, delimiter), rows, strict=True)
    )
    sent = [content.decode() for _, _, content in files.row_bytes(range(checked.rows))]
    assert all(record.endswith(end) for record in sent)
    assert list(csv.reader(io.StringIO("".join(sent), newline=""), strict=True)) == rows
    assert checked.surplus == 1


def test_rows_of_a_clean_file_go_out_as_they_came(check):
    text = write_file([COLUMNS, *(row for row, _ in ROWS)], end="\r\n")
    files, checked = check(b"\xef\xbb\xbf" + text.encode())
    sent = b"".join(content for _, _, content in files.row_bytes(range(checked.rows)))
    assert (files.header_bytes() + sent).decode() == text
    assert not files.clean.exists()
    assert not files.rewritten.exists()


def test_only_rows_written_badly_are_written_anew(check):
    lines = [
        ("07700900001,plain", "07700900001,plain"),
        ('07700900002,6" nails', '07700900002,"6"" nails"'),
        ('07700900003,"a"b', "07700900003,ab"),
        ("", None),
        ("07700900004,other end\r", "07700900004,other end"),
        ('07700900005,"two\r\nlines"', '07700900005,"two\r\nlines"'),
        ("\r", None),
        ("07700900006,no line end", "07700900006,no line end"),
    ]
    content = "phone,name\n" + "\n".join(written for written, _ in lines)
    files, checked = check(content.encode(), Expected(("phone", "name"), "phone"))
    sent = [content.decode() for _, _, content in files.row_bytes(range(checked.rows))]
    assert sent == [f"{clean}\n" for _, clean in lines if clean is not None]
    offsets = files.offsets_of(0, checked.rows)
    assert [bool(offset & REWRITTEN) for offset in offsets] == [False, True, True, True, False, True]
    assert list(files.lines_of(0, checked.rows)) == [2, 3, 4, 6, 7, 10]


def test_line_ends_of_old_are_read_and_written_as_the_rule_says(check):
    files, checked = check(b'phone,name\r07700900001,Bob\r\r07700900002,"a\rb"\r', Expected(("phone", "name"), "phone"))
    sent = [content for _, _, content in files.row_bytes(range(checked.rows))]
    assert sent == [b"07700900001,Bob\r\n", b'07700900002,"a\rb"\r\n']
    assert list(files.lines_of(0, 2)) == [2, 4]


def test_damaged_rows_are_held_back_and_keep_their_bytes(check):
    content = "phone,name\n07700900001,Zoë\n".encode() + b"07700900002,Ren\xe9e\n" + "07700900003,José\n".encode()
    files, checked = check(content, Expected(("phone", "name"), "phone"))
    assert found(checked) == {"undecodable": (1, [3])}
    assert checked.findings[0].detail == "line 3, byte 16 (E9)"
    assert checked.findings[0].as_json()["holds_back"]
    assert [content for _, _, content in files.row_bytes([1])] == [b"07700900002,Ren\xe9e\n"]
    assert [cells for _, _, cells in files.rows([1])] == [["07700900002", "Ren\ufffde"]]


def test_bytes_that_windows_1252_lacks_are_held_back_too(check):
    files, checked = check(
        b"phone,name\n07700900001,Ren\xe9e\n07700900002,\x81\n", Expected(("phone", "name"), "phone")
    )
    assert found(checked) == {"undecodable": (1, [3])}
    assert [str(bad) for bad in checked.bad_bytes] == ["line 3, byte 13 (81)"]
    assert [cells for _, _, cells in files.rows([0, 1])] == [["07700900001", "Renée"], ["07700900002", "\ufffd"]]


def test_cells_that_must_not_be_empty_are_looked_at(check):
    expected = Expected(("phone", "name", "town"), "phone", required=("name", "Town"))
    rows = ["07700900001,Bob,Leeds", "07700900002,,Leeds", '07700900003,"",Leeds', "07700900004,Bob,\u00a0 ", "n/a,,",
            "+447700900006,Bob,", '07700900007,"""B""",é', "07700900008", '07700900009,"\n",Leeds']  # fmt: skip
    files, _ = check(("phone,name,town\n" + "\n".join(rows) + "\n").encode(), expected)
    empty = "required_empty"
    assert kinds_of(files) == ["", empty, empty, empty, "phone_shape", empty, "", "column_count", empty]


def test_file_without_a_header_has_the_mappings_columns(check):
    expected = Expected(("phone", "name"), "phone", has_header=False)
    files, checked = check(b"sep=;\r\n07700900001;Bob\r\n07700900002;Zo\xeb\r\n", expected)
    assert checked.layout.header == checked.sent_header == ("phone", "name")
    assert files.header_bytes() == b"phone,name\r\n"
    assert [(line, cells) for _, line, cells in files.rows([0, 1])] == [
        (2, ["07700900001", "Bob"]),
        (3, ["07700900002", "Zoë"]),
    ]
    with pytest.raises(ColumnMissing):
        check(b"07700900001,Bob,Leeds\n", expected)
    with pytest.raises(NoHeader):
        check(b"07700900001,Bob\n", Expected(("phone", "name"), "phone"))


def test_columns_of_an_earlier_report_are_left_out_of_every_row(check):
    content = b'phone,name,maxops_surplus,maxops_line\r\n07700900001,"Bob, B",,5\r\n07700900002,Al,x,6\r\n'
    files, checked = check(content, Expected(("phone", "name"), "phone"))
    assert found(checked) == {"column_own": (2, [1]), "column_count": (1, [3])}
    assert [cells for _, _, cells in files.rows([0, 1])] == [["07700900001", "Bob, B"], ["07700900002", "Al", "x"]]
    assert (files.header_bytes(), checked.surplus) == (b"phone,name\r\n", 1)


@pytest.mark.parametrize("block", [50, 1 << 20])
def test_quote_that_is_never_closed_is_named_by_its_line(check, block):
    lines = [f"0770090{n:04d},Bob,,\n" for n in range(3000)]
    lines[5] = '07700900005,"Bob,,\n'
    with pytest.raises(QuoteOpen) as refusal:
        check(("phone,name,address,note\n" + "".join(lines)).encode(), block=block)
    assert refusal.value.line == 7


def test_quote_that_swallows_more_than_a_record_may_hold(check):
    lines = [f"0770090{n % 10000:04d},Bob Smith of Leeds,,\n" for n in range(60_000)]
    lines[700] = '07700900700,"Bob,,\n'
    with pytest.raises(QuoteOpen) as refusal:
        check(("phone,name,address,note\n" + "".join(lines)).encode(), block=1 << 18)
    assert refusal.value.line == 702
    assert "megabyte" in refusal.value.message


def test_progress_is_told_by_the_block(tmp_path):
    files, told = RunFiles(tmp_path, 1), []
    files.folder.mkdir()
    files.original.write_text("phone,name\n" + "07700900001,Bob\n" * 300)
    check_file(
        files, Expected(("phone", "name"), "phone"), shapes_of("GB"), lambda *far: told.append(far), Reading(1000)
    )
    assert told[0] == (61, 1000)
    assert told[-1] == (300, files.original.stat().st_size)


def test_nothing_needs_numpy():
    words = "import sys; sys.modules['numpy'] = None; from maxops.imports import scanning; print(scanning.Reading())"
    ran = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert "is_fast=False" in ran.stdout
