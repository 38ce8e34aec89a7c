"""Downloads: the person's own cells untouched, formulas made harmless only in the copy for a spreadsheet."""

import csv
import io

import pytest

from maxops.imports.report import SELECTIONS, write_csv
from tests.imports.uploading import rejects_of, upload


@pytest.fixture
def run(mapping, letter_box, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes(
        b"phone;reference;name\r\n"
        b"07700900001;1;fine\r\n"
        b'n/a;2;"=HYPERLINK(""x""), <b>"\r\n'
        b"07700900003;3\r\n"
        b'07700900004;4;"two\r\nlines";surplus\r\n'
    )
    run = upload(path, mapping)
    letter_box.hand_over()
    run.refresh_from_db()
    return run


def test_rows_keep_their_cells_and_our_columns_stand_under_their_names(run):
    rows = rejects_of(run)
    assert [row[:-3] for row in rows] == [
        ["n/a", "2", '=HYPERLINK("x"), <b>', ""],
        ["07700900003", "3", "", ""],
        ["07700900004", "4", "two\r\nlines", "surplus"],
    ]
    assert [(row[-3], row[-2]) for row in rows] == [
        ("3", "InvalidPhoneNumber"),
        ("4", "InvalidSourceFormat"),
        ("5", "InvalidSourceFormat"),
    ]


def test_copy_for_excel_has_a_mark_and_no_formula(run):
    text = b"".join(write_csv(run, SELECTIONS["rejects"], for_excel=True))
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    assert rows[1][2] == '\'=HYPERLINK("x"), <b>'


def test_other_rows_can_be_downloaded_as_well(run):
    assert [row[0] for row in rejects_of(run, "accepted")] == ["07700900001"]
    assert rejects_of(run, "not_attempted") == []


def test_page_shows_rows_escaped_with_the_offending_cell_marked(run, manager):
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "<b>" not in page
    assert '<span class="mark">n/a</span>' in page
    assert '<span class="mark">surplus</span>' in page
    assert '<span class="mark">empty</span>' in page
