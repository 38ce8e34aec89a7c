"""What the check finds in a whole file, and the clean copy it leaves."""

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maxops.imports.checks import Expected, check_file
from maxops.imports.csv_scan import write_rows
from maxops.imports.errors import ColumnMissing, NoRows
from maxops.imports.files import RunFiles
from maxops.imports.phones import shapes_of

PHONE = Expected(("phone", "name"), "phone")


@pytest.fixture
def check(tmp_path):
    files = RunFiles(tmp_path, 1)
    files.folder.mkdir()

    def check(content: bytes, expected: Expected = PHONE):
        files.original.write_bytes(content)
        return files, check_file(files, expected, shapes_of("GB"), lambda *_: None)

    return check


def found(checked):
    return {finding.kind: (finding.count, finding.lines) for finding in checked.findings}


NASTY = b"""phone,name
07700900001,fine
07700 900001,same number again
,nobody
n/a,nobody
7.7009E+09,spreadsheet
7700900002,zero lost
+447700900003,abroad
07700900004
07700900005,one,too many

07700900006,"two
lines"
07700900007,nul\0
00447700900003,same as line 8
"""


def test_each_kind_of_fault_is_found_on_its_line(check):
    _, checked = check(NASTY)
    assert found(checked) == {
        "duplicate_in_file": (2, [3, 15]),
        "phone_empty": (1, [4]),
        "phone_shape": (1, [5]),
        "phone_spreadsheet": (1, [6]),
        "phone_lost_zero": (1, [7]),
        "phone_international": (1, [8]),
        "column_count": (2, [9, 10]),
        "control_character": (1, [14]),
    }
    assert checked.rows == 12


def test_clean_copy_has_the_cells_unchanged_and_ragged_rows_ragged(check):
    files, checked = check(b'phone;name\r\n07700900001;Bob, \xa3 "B"\r\n\r\n07700900002\r\n07700900003;a;b\r\n')
    assert checked.layout.encoding == "cp1252"
    sent = files.header_bytes() + b"".join(content for _, _, content in files.row_bytes(range(3)))
    assert sent.decode() == 'phone,name\r\n07700900001,"Bob, £ ""B"""\r\n07700900002\r\n07700900003,a,b\r\n'
    assert list(files.rows([0, 1, 2])) == [
        (0, 2, ["07700900001", 'Bob, £ "B"']),
        (1, 4, ["07700900002"]),
        (2, 5, ["07700900003", "a", "b"]),
    ]


def test_rows_are_read_back_by_offset_over_many_batches(check):
    rows = [[f"0770090{n % 1000:04d}", f"name {n}\nof two lines" if n % 7 == 0 else f"name {n}"] for n in range(3000)]
    content = "phone,name\n" + "".join(f'{phone},"{name}"\n' for phone, name in rows)
    files, checked = check(content.encode())
    assert checked.rows == 3000
    physical = 2
    for (number, line, cells), row in zip(files.rows(range(3000)), rows, strict=True):
        assert (line, cells) == (physical, row), number
        physical += 1 + row[1].count("\n")
    assert not files.clean.exists()
    assert not files.rewritten.exists()
    assert (
        b"".join(content for _, _, content in files.row_bytes(range(3000))) == content.encode()[len("phone,name\n") :]
    )


def test_row_without_finding_is_kept_of_several_with_one_number(check):
    files, checked = check(b"phone,name\n7700900001,zero lost\n07700900001,good\n+447700900001,abroad\n")
    assert found(checked) == {"phone_lost_zero": (1, [2]), "duplicate_in_file": (1, [4])}
    assert files.codes.read_bytes()[1] == 0


def test_broken_row_does_not_count_as_the_first_of_a_number(check):
    _, checked = check(b"phone,name\n07700900001,a,b\n07700900001,good\n")
    assert "duplicate_in_file" not in found(checked)


def test_row_held_back_for_its_lost_zero_does_not_make_the_good_one_a_repeat(check):
    _, checked = check(b"phone,name\n7700900001,zero lost\n+447700900001,abroad\n")
    assert found(checked) == {"phone_lost_zero": (1, [2]), "phone_international": (1, [3])}
    assert {finding.kind for finding in checked.findings if finding.as_json()["holds_back"]} == {"phone_lost_zero"}


def test_header_is_matched_whatever_its_case_and_sent_as_the_mapping_spells_it(check):
    files, checked = check(b" Phone ,NAME,Town\n07700900001,Bob,Leeds\n")
    assert checked.sent_header == ("phone", "name", "Town")
    assert files.header_bytes() == b"phone,name,Town\n"
    assert {finding.kind: finding.detail for finding in checked.findings} == {
        "column_renamed": " Phone , NAME",
        "column_extra": "Town",
    }


def test_missing_column_stops_the_file_and_is_named(check):
    with pytest.raises(ColumnMissing) as refusal:
        check(b"telephone,name\n07700900001,Bob\n")
    assert refusal.value.column == "phone"
    assert "'telephone'" in refusal.value.message


def test_file_without_rows_is_refused(check):
    with pytest.raises(NoRows):
        check(b"phone,name\n\n\n")


def test_mapping_without_a_phone_column_judges_columns_only(check):
    _, checked = check(b"ref,name\nx,Bob\ny\n", Expected(("ref", "name")))
    assert found(checked) == {"column_count": (1, [3])}


@given(st.lists(st.lists(st.text('ab",\n\r é'), min_size=1, max_size=4), min_size=1, max_size=6))
def test_rows_written_are_the_rows_read(rows):
    assert [next(csv.reader([text])) for text in write_rows(rows)] == rows
