"""Downloads: the person's own bytes untouched, our columns under their names, formulas harmless in one copy only."""

import csv
import io

import pytest

from maxops.imports import row_reading
from maxops.imports.chosen_rows import SELECTIONS
from maxops.imports.downloads import write_csv
from maxops.imports.models import Run
from tests.imports.folders import make_run
from tests.imports.test_commands import run_command
from tests.imports.uploading import upload

OURS = ["maxops_line", "maxops_reason", "maxops_advice"]


def download(run: Run, only: str = "rejects", *, for_excel: bool = False) -> bytes:
    return b"".join(write_csv(run, SELECTIONS[only], for_excel=for_excel))


def table(content: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_rows_are_the_bytes_of_the_file(db, line_end):
    rows = [
        b'07700900001,1,"fine"',
        b'n/a,2,"two' + line_end + b'lines"',
        b'07700900003,3,"caf\xc3\xa9, ""quoted"""',
        b" 07700900004 ,4,",
    ]
    header = b'phone,"reference",name'
    run = make_run(header, rows, [3, 10, 11, 10], line_end=line_end)
    content = download(run)
    first, rest = content.split(line_end, 1)
    assert first == header + b",maxops_line,maxops_reason,maxops_advice"
    for row, line in zip(rows[1:], (3, 5, 6), strict=True):
        assert rest.startswith(row + b",%d," % line)
        _, _, rest = rest.removeprefix(row).partition(line_end)
    assert rest == b""
    assert [row[-3:-1] for row in table(content)[1:]] == [["3", "Duplicate"], ["5", "DoNotCall"], ["6", "Duplicate"]]


def test_last_row_without_a_line_end_and_a_mark_in_front(db):
    run = make_run(b"\xef\xbb\xbfphone,reference,name", [b"07700900001,1,x", b"n/a,2,y"], [3, 10], ends_open=True)
    assert [row[:5] for row in table(download(run))] == [
        ["phone", "reference", "name", *OURS[:2]],
        ["n/a", "2", "y", "3", "Duplicate"],
    ]
    assert download(run).startswith(b"phone,")


def test_rows_of_other_widths_leave_our_columns_under_their_names(db):
    rows = [b"07700900001,1,x,too,many", b"07700900002", b"07700900003,3,z"]
    run = make_run(b"phone,reference,name", rows, [10, 10, 10], codes=[1, 1, 0], surplus=2)
    header, *written = table(download(run))
    assert header == ["phone", "reference", "name", "maxops_surplus", "maxops_surplus1", *OURS]
    assert [row[header.index("maxops_line")] for row in written] == ["2", "3", "4"]
    assert [row[:5] for row in written] == [
        ["07700900001", "1", "x", "too", "many"],
        ["07700900002", "", "", "", ""],
        ["07700900003", "3", "z", "", ""],
    ]
    assert download(run).splitlines()[1].startswith(rows[0] + b",2,")
    assert table(download(run, "accepted")) == [["phone", "reference", "name", *OURS]]


def test_a_million_rows_apart_and_rows_longer_than_a_window(db, monkeypatch):
    """Rows close together are read at one go, rows far apart each by itself; what comes out is the same."""
    rows = [b"0770090%04d,%d,%s" % (number, number, b"n" * (number % 7 * 40)) for number in range(3000)]
    outcomes = [10 if number % 97 == 0 or 500 <= number < 700 else 3 for number in range(3000)]
    run = make_run(b"phone,reference,name", rows, outcomes)
    whole = download(run)
    wanted = [row for row, outcome in zip(rows, outcomes, strict=True) if outcome == 10]
    assert [",".join(row[:3]).encode() for row in table(whole)[1:]] == wanted
    for rows_at_once, window, sparse in ((64, 1 << 22, 8), (1 << 14, 300, 8), (1 << 14, 1 << 22, 0)):
        monkeypatch.setattr(row_reading, "ROWS_AT_ONCE", rows_at_once)
        monkeypatch.setattr(row_reading, "WINDOW", window)
        monkeypatch.setattr(row_reading, "SPARSE", sparse)
        assert download(run) == whole


def test_semicolons_and_another_encoding_come_back_with_the_persons_delimiter(mapping, letter_box, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes(
        'phone;reference;name\r\n07700900001;1;fine\r\nn/a;2;"Zoë; <b>"\r\nx;3;Smith, Jones\r\n'.encode("cp1252")
    )
    run = upload(path, mapping)
    letter_box.hand_over()
    run.refresh_from_db()
    content = download(run)
    assert content.splitlines()[0] == b"phone;reference;name;maxops_line;maxops_reason;maxops_advice"
    assert [row[:5] for row in table(content, ";")[1:]] == [
        ["n/a", "2", "Zoë; <b>", "3", "InvalidPhoneNumber"],
        ["x", "3", "Smith, Jones", "4", "InvalidPhoneNumber"],
    ]


@pytest.mark.parametrize("start", ["=1+1", "+44", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠1"])
def test_cells_that_start_a_formula_are_neutralised_in_the_copy_for_excel_only(db, start):
    cell = f'"{start}"'.encode()
    run = make_run(b"=phone,reference,name", [b"n/a,2," + cell, b"plain,1,a=b-c"], [10, 10])
    assert download(run).split(b"\n", 1)[1].startswith(b"n/a,2," + cell + b",2,")
    copy = download(run, for_excel=True)
    assert copy.startswith(b"\xef\xbb\xbf")
    header, first, second = table(copy)
    assert header[0] == "'=phone"
    assert first[2] == f"'{start}"
    assert second[:3] == ["plain", "1", "a=b-c"]
    assert not any(cell[:1] in "=+-@" for row in (first, second) for cell in row if cell)


def test_reason_of_the_platforms_own_words_is_a_cell_like_any_other(db):
    run = make_run(b"phone,reference,name", [b"n/a,2,y"], [10], reasons=['=cmd|"x", really'])
    assert table(download(run))[1][4] == '=cmd|"x", really'
    assert table(download(run, for_excel=True))[1][4] == '\'=cmd|"x", really'


def test_a_row_that_was_changed_here_is_given_as_it_was_sent_and_says_so(db):
    run = make_run(b"phone,reference,name", [b"7700900001,1,x", b"07700900002,2,y"], [10, 10])
    run.rewrite(0, b"07700900001,1,x")
    run.fixes = [{"kind": "phone_lost_zero", "rows": 1, "start": 0}]
    run.save()
    first, second = table(download(run))[1:]
    assert first[0] == "07700900001"
    assert "as it was sent" in first[-1]
    assert "as it was sent" not in second[-1]


def test_one_reason_and_other_rows_by_address(manager, db):
    run = make_run(
        b"phone,reference,name", [b"1,1,a", b"2,2,b", b"3,3,c", b"4,4,d"], [3, 10, 11, 1], codes=[0, 0, 0, 5]
    )

    def got(query: str) -> list[str]:
        answer = manager.get(f"/imports/{run.pk}/rejects.csv{query}")
        return [row[0] for row in table(b"".join(answer.streaming_content))[1:]]

    assert got("") == ["2", "3", "4"]
    assert got("?reason=DoNotCall") == ["3"]
    assert got("?reason=phone_shape") == ["4"]
    assert got("?reason=accepted") == got("?only=accepted") == ["1"]
    assert got("?only=not_attempted") == got("?only=held_back") == ["4"]
    assert got("?only=unknown") == []
    assert got("?only=nonsense&reason=nonsense") == ["2", "3", "4"]


def test_name_of_the_file_is_safe_whatever_the_reason(manager, db):
    reason = 'a"\r\nb; filename=x/../y'
    run = make_run(b"phone,reference,name", [b"n/a,2,y"], [10], reasons=[reason])
    answer = manager.get(f"/imports/{run.pk}/rejects.csv", {"reason": reason, "for": "excel"})
    assert answer["Content-Disposition"] == f'attachment; filename="run-{run.pk}-a---b--filename-x----y-excel.csv"'


def test_rows_of_a_deleted_file_are_gone_and_the_counts_stay(manager, db, capsys):
    run = make_run(b"phone,reference,name", [b"n/a,2,y"], [10])
    run.delete_files()
    answer = manager.get(f"/imports/{run.pk}/rejects.csv")
    assert answer.status_code == 410
    assert "was deleted on" in answer.content.decode()
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "was deleted on" in page
    assert "rejects.csv" not in page
    assert "Duplicates in list" in page
    assert manager.get(f"/imports/{run.pk}/?edit=2&line=2&reason=Duplicate&page=9").status_code == 200
    assert run_command(capsys, "rejects", str(run.pk), "--output", "/dev/null")[0] == 1


def test_command_writes_the_same_file_and_counts_it(db, capsys, tmp_path):
    run = make_run(b"phone,reference,name", [b"1,1,a", b"2,2,b", b"3,3,c"], [3, 10, 11])
    code, answer = run_command(capsys, "rejects", str(run.pk), "--output", str(tmp_path / "out.csv"))
    assert (code, answer["rows"], answer["file"]) == (0, 2, str(tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_bytes() == download(run)
