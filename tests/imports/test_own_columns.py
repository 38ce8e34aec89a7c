"""The rejected rows of a run, corrected in the downloaded file and uploaded again just as it is."""

import csv
import io

from maxops.imports.chosen_rows import SELECTIONS
from maxops.imports.downloads import write_csv
from maxops.imports.mapping import files_of
from tests.imports.uploading import assert_adds_up, check, upload

FAULTY = b"phone,reference,name\n01632960901,1,fine\nn/a,2,wrong number\n01632960903,3,one,too many\n"


def download(run) -> list[list[str]]:
    text = b"".join(write_csv(run, SELECTIONS["rejects"])).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def save(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def rejected_file(mapping, letter_box, tmp_path):
    (tmp_path / "faulty.csv").write_bytes(FAULTY)
    run = upload(tmp_path / "faulty.csv", mapping)
    letter_box.hand_over()
    return download(run)


def test_a_downloaded_report_names_its_own_columns_after_the_persons(mapping, letter_box, tmp_path):
    header, *rows = rejected_file(mapping, letter_box, tmp_path)
    assert header == ["phone", "reference", "name", "maxops_surplus", "maxops_line", "maxops_reason", "maxops_advice"]
    assert [row[:5] for row in rows] == [
        ["n/a", "2", "wrong number", "", "3"],
        ["01632960903", "3", "one", "too many", "4"],
    ]


def test_corrected_rows_are_sent_without_our_columns(mapping, letter_box, tmp_path, connected):
    header, wrong_number, too_many = rejected_file(mapping, letter_box, tmp_path)
    wrong_number[0] = "01632960902"
    too_many[2:4] = ["one, too many", ""]
    save(tmp_path / "again.csv", [header, wrong_number, too_many])
    run = upload(tmp_path / "again.csv", mapping)
    letter_box.hand_over()
    assert assert_adds_up(run)["accepted"] == 2
    assert connected.state.leads.with_phone("01632960902")
    assert [finding["kind"] for finding in run.findings] == ["column_own"]


def test_a_row_nobody_corrected_is_still_too_long(mapping, letter_box, tmp_path):
    save(tmp_path / "again.csv", rejected_file(mapping, letter_box, tmp_path))
    run = check(tmp_path / "again.csv", mapping)
    found = {finding["kind"]: finding["lines"] for finding in run.findings}
    assert found["column_count"] == [3]
    assert found["phone_shape"] == [2]


def test_the_copy_for_excel_comes_back_as_the_persons_own_cells(mapping, letter_box, tmp_path, connected):
    (tmp_path / "signs.csv").write_bytes(b"phone,reference,name\nn/a,-2,=1+1\nbad,'3,'plain\n")
    run = upload(tmp_path / "signs.csv", mapping)
    letter_box.hand_over()
    run.refresh_from_db()
    copy = b"".join(write_csv(run, SELECTIONS["rejects"], for_excel=True))
    assert b"'-2,'=1+1" in copy
    (tmp_path / "again.csv").write_bytes(copy.replace(b"n/a", b"01632960902").replace(b"bad", b"01632960903"))
    again = upload(tmp_path / "again.csv", mapping)
    letter_box.hand_over()
    assert assert_adds_up(again)["accepted"] == 2
    rows = [cells for _, _, cells in files_of(again).rows(range(again.rows))]
    assert rows == [["01632960902", "-2", "=1+1"], ["01632960903", "'3", "'plain"]]
