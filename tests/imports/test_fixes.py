"""Corrections that a person accepts: offered with before and after, made on a press, whole however they are stopped."""

import csv
import re
from array import array

import pytest

from maxops.imports import fixes
from maxops.imports.errors import WrongState
from maxops.imports.files import KEY, RunFiles
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Run
from maxops.imports.phone_fixes import FIXES, Corrector
from maxops.imports.phones import shapes_of
from maxops.imports.rewriting import read_cell, replace_cell
from maxops.imports.tasks import resume_stale
from tests.imports.uploading import assert_adds_up, check, rejects_of

HEADER = "phone,reference,name\r\n"
ROWS = [
    "07700900001,A1,Ann",
    "7700900002,B1,zero",
    "+44 7700 900003,B2,abroad",
    "7700 900004,B3,spaced",
    "+33 612345678,C1,Paris",
    '7700900005,B4,"quoted, cell"',
    "7700900001,D1,same as Ann",
    "0044 7700 900006,B5,double zero",
    "0770090,E1,short",
]


@pytest.fixture
def run(mapping, tmp_path) -> Run:
    path = tmp_path / "odd.csv"
    path.write_text(HEADER + "\r\n".join(ROWS) + "\r\n", "utf-8", newline="")
    return check(path, mapping)


def press(client, run: Run, kind: str) -> str:
    return client.post(f"/imports/{run.pk}/fix/{kind}/", follow=True).content.decode()


def rows_of(run: Run) -> list[bytes]:
    files = files_of(run)
    count = files.codes.stat().st_size
    return [content for _, _, content in files.row_bytes(range(count))]


def folder_of(run: Run) -> dict[str, bytes]:
    """What is known of every row; where it lies in the folder does not matter."""
    files = files_of(run)
    arrays = {path.name: path.read_bytes() for path in (files.codes, files.lines, files.keys, files.outcomes)}
    return {**arrays, "rows": b"".join(rows_of(run))}


def counts_of(run: Run) -> dict[str, int]:
    run.refresh_from_db()
    return {finding["kind"]: finding["count"] for finding in run.findings}


def test_correction_is_offered_with_its_count_before_and_after(manager, supervisor, run):
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "Add the leading 0 to 4 numbers" in page
    # The number of Paris stays as it is: only the region's own can be written with a 0.
    assert "Write 2 numbers with 0 instead of +44" in page
    moves = re.findall(r"<dt>Line (\d+)</dt><dd><del>([^<]+)</del>.*?<ins>([^<]+)</ins>", page)
    assert moves == [
        ("3", "7700900002", "07700900002"),
        ("5", "7700 900004", "07700 900004"),
        ("7", "7700900005", "07700900005"),
        ("4", "+44 7700 900003", "07700900003"),
        ("9", "0044 7700 900006", "07700900006"),
    ]
    assert "and 1 more like this" in page
    assert run.fixes == []
    assert "/fix/phone_lost_zero/" not in supervisor.get(run.get_absolute_url()).content.decode()
    assert supervisor.post(f"/imports/{run.pk}/fix/phone_lost_zero/").status_code == 403


def test_accepted_correction_changes_just_those_cells(manager, run):
    before = rows_of(run)
    page = press(manager, run, "phone_lost_zero")
    assert "The leading 0 was added to 4 numbers, accepted by person-" in page
    assert "Add the leading 0" not in page
    after = rows_of(run)
    assert after[1] == b"07700900002,B1,zero\r\n"
    assert after[3] == b"07700 900004,B3,spaced\r\n"
    assert after[5] == b'07700900005,B4,"quoted, cell"\r\n'
    assert [row for place, row in enumerate(after) if place not in (1, 3, 5, 6)] == [
        row for place, row in enumerate(before) if place not in (1, 3, 5, 6)
    ]
    assert files_of(run).original.read_bytes().startswith(HEADER.encode() + b"07700900001,A1,Ann\r\n7700900002")
    run.refresh_from_db()
    assert [(fix["kind"], fix["rows"], fix["by"][:7]) for fix in run.fixes] == [("phone_lost_zero", 4, "person-")]


def test_row_that_was_corrected_may_turn_out_to_be_a_repeat(manager, run):
    assert "duplicate_in_file" not in counts_of(run)
    page = press(manager, run, "phone_lost_zero")
    assert counts_of(run)["duplicate_in_file"] == 1
    assert "phone_lost_zero" not in counts_of(run)
    assert "Send 7 rows, hold back 2" in page


def test_both_corrections_and_what_reaches_the_dialler(manager, run, connected, letter_box):
    press(manager, run, "phone_lost_zero")
    page = press(manager, run, "phone_international")
    assert "2 numbers were written with 0 instead of +44, accepted by" in page
    assert counts_of(run) == {"phone_international": 1, "duplicate_in_file": 1, "phone_shape": 1}
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "drop"})
    letter_box.hand_over()
    state = assert_adds_up(run)
    assert (state["held_back"], state["sent"]) == (2, 7)
    numbers = {phone for lead in connected.state.leads for phone in lead.phones}
    assert {"07700900002", "07700900003", "07700900005", "07700900006"} <= numbers
    told = {row[-3]: row[-1] for row in rejects_of(run, "accepted")}
    assert {line for line, advice in told.items() if "as it was sent" in advice} == {"3", "4", "5", "7", "9"}


def test_checking_again_undoes_every_correction(manager, run):
    before, findings = folder_of(run), run.findings
    press(manager, run, "phone_lost_zero")
    press(manager, run, "phone_international")
    assert folder_of(run) != before
    page = manager.post(f"/imports/{run.pk}/check-again/", follow=True).content.decode()
    assert "Add the leading 0 to 4 numbers" in page
    assert "was added" not in page.split("Corrections")[1].split("</section>")[0]
    run.refresh_from_db()
    assert (run.fixes, run.findings) == ([], findings)
    assert folder_of(run) == before


def test_correction_stopped_in_the_middle_is_made_whole(manager, run):
    """Whatever a killed worker left half written: the file as it came and the note of what was accepted suffice."""
    press(manager, run, "phone_international")
    press(manager, run, "phone_lost_zero")
    whole, findings = folder_of(run), counts_of(run)
    manager.post(f"/imports/{run.pk}/check-again/")
    press(manager, run, "phone_international")
    fixes.accept(run, "phone_lost_zero", "somebody")
    files = files_of(run)
    files.rewritten.write_bytes(b"half a row")
    files.offsets.write_bytes(b"\xff" * 16 + files.offsets.read_bytes()[16:])
    files.codes.write_bytes(bytes(len(files.codes.read_bytes())))
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "The leading 0 is being added." in page
    assert "Send " not in page.split('id="run"')[1].split("events")[0]
    resume_stale()
    run.refresh_from_db()
    assert run.state == "ready"
    assert (folder_of(run), counts_of(run)) == (whole, findings)
    assert [(fix["kind"], fix["rows"]) for fix in run.fixes] == [("phone_international", 2), ("phone_lost_zero", 4)]
    assert "accepted by somebody" in " ".join(event.text for event in run.events.all())


def test_correction_taken_up_by_the_queue_and_by_hand_is_made_once(run):
    fixes.accept(run, "phone_lost_zero", "somebody")
    with pytest.raises(WrongState):
        fixes.accept(run, "phone_lost_zero", "somebody else")
    resume_stale()
    fixes.apply(run.pk)
    fixes.apply(run.pk)
    run.refresh_from_db()
    assert [fix["rows"] for fix in run.fixes] == [4]
    assert sum("The leading 0 was added" in event.text for event in run.events.all()) == 1


@pytest.mark.parametrize("kind", ["phone_shape", "nonsense", "column_count"])
def test_what_was_not_offered_is_not_made(manager, run, kind):
    before = folder_of(run)
    assert "nothing of that kind left to correct" in press(manager, run, kind)
    run.refresh_from_db()
    assert (run.fixes, run.state) == ([], "ready")
    assert folder_of(run) == before


def test_correction_after_sending_is_too_late(manager, run):
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "drop"})
    before = folder_of(run)
    assert "before anything is sent" in press(manager, run, "phone_lost_zero")
    assert folder_of(run) == before


def test_row_that_has_another_fault_besides_stays_held_back(manager, mapping, tmp_path):
    Mapping.objects.update(required=["name"])
    mapping.refresh_from_db()
    path = tmp_path / "two.csv"
    path.write_text("phone,reference,name\n7700900001,1,\n7700900002,2,Bea\n")
    run = check(path, mapping)
    assert counts_of(run) == {"phone_lost_zero": 2}
    press(manager, run, "phone_lost_zero")
    assert counts_of(run) == {"required_empty": 1}


def test_many_rows_are_corrected_in_the_queue(manager, mapping, tmp_path, monkeypatch):
    monkeypatch.setattr(fixes, "AT_ONCE", 10)
    path = tmp_path / "many.csv"
    rows = [f"{'' if number % 3 else 0}77009{number:05d},R{number},Lead {number}" for number in range(70_000)]
    path.write_text(HEADER + "\r\n".join(rows) + "\r\n", newline="")
    run = check(path, mapping)
    assert counts_of(run) == {"phone_lost_zero": 46_666}
    assert "The leading 0 was added to 46,666 numbers" in press(manager, run, "phone_lost_zero")
    assert counts_of(run) == {}
    files = files_of(run)
    for number, line, content in files.row_bytes([0, 1, 32_768, 65_537, 69_999]):
        assert (line, content) == (number + 2, f"077009{number:05d},R{number},Lead {number}\r\n".encode())
    keys = files.slice(files.keys, KEY, 0, 70_000)
    assert keys == array(KEY, (7_700_900_000 + number for number in range(70_000)))


def test_translated_file_is_corrected_in_its_translation(manager, mapping, tmp_path):
    path = tmp_path / "windows.csv"
    path.write_bytes("phone;reference;name\n7700900001;1;Zoë; or not\n7700900002;2;Renée\n".encode("cp1252"))
    run = check(path, mapping)
    press(manager, run, "phone_lost_zero")
    assert rows_of(run)[1] == "07700900002,2,Renée\n".encode()


def test_renamed_phone_column_is_corrected(manager, mapping, tmp_path):
    Mapping.objects.update(aliases={"handynummer": "phone"})
    mapping.refresh_from_db()
    path = tmp_path / "renamed.csv"
    path.write_text("reference,Handynummer,name\nA1,7700900001,Ann\n")
    run = check(path, mapping)
    assert "Handynummer" in manager.get(run.get_absolute_url()).content.decode()
    press(manager, run, "phone_lost_zero")
    assert rows_of(run) == [b"A1,07700900001,Ann\n"]


@pytest.mark.parametrize(
    ("region", "kind", "before", "after"),
    [
        ("GB", "phone_lost_zero", "161 496 0123", "0161 496 0123"),
        ("GB", "phone_lost_zero", "(161) 4960123", "(0161) 4960123"),
        ("GB", "phone_international", "+44 (0)161 496 0123", "01614960123"),
        ("GB", "phone_international", "447700900001", "07700900001"),
        ("GB", "phone_international", "+353 1 234 567", ""),
        ("GB", "phone_international", "+3531234567", ""),
        ("GB", "phone_international", "07700900001", ""),
        ("GB", "phone_lost_zero", "+447700900001", ""),
        ("DE", "phone_international", "+49 30 123456", "030123456"),
    ],
)
def test_number_is_written_anew_only_where_it_stays_the_same_number(region, kind, before, after):
    assert Corrector(shapes_of(region), region).correct(kind, before) == after


@pytest.mark.parametrize(
    ("kind", "text", "count", "region", "words"),
    [
        ("phone_lost_zero", "offer", 1, "GB", "Add the leading 0 to 1 number"),
        ("phone_international", "done", 1, "GB", "1 number was written with 0 instead of +44"),
        ("phone_international", "offer", 2000, "DE", "Write 2,000 numbers with 0 instead of +49"),
        ("phone_international", "offer", 2, "US", "Write 2 numbers without the country code +1"),
    ],
)
def test_words_of_a_correction(kind, text, count, region, words):
    assert FIXES[kind].words(text, count, region) == words


@pytest.mark.parametrize(
    ("row", "place", "text", "whole"),
    [
        (b"1,2,3\r\n", 1, "x", b"1,x,3\r\n"),
        (b"1,2,3\n", 2, "x", b"1,2,x\n"),
        (b'1,"2",3\n', 0, "x", b"x,2,3\n"),
        (b'1,"a ""b""\nc",3\r\n', 2, "x", b'1,"a ""b""\nc",x\r\n'),
        (b"1,caf\xe9,3\n", 0, "x", b"x,caf\xe9,3\n"),
        (b'"1",caf\xe9,3\n', 0, "x", b"x,caf\xe9,3\n"),
        (b"1,2,3", 2, "a,b", b'1,2,"a,b"'),
    ],
)
def test_row_with_another_cell_keeps_all_else(row, place, text, whole):
    assert replace_cell(row, place, text) == whole
    assert read_cell(whole, place) == text
    cells = next(csv.reader([row.decode("latin-1")]))
    assert next(csv.reader([whole.decode("latin-1")])) == [*cells[:place], text, *cells[place + 1 :]]


def test_folder_without_numbers_is_corrected_all_the_same(run):
    files = files_of(run)
    files.keys.unlink()
    fixes.accept(run, "phone_lost_zero", "somebody")
    assert isinstance(files, RunFiles)
    fixes.apply(run.pk)
    assert rows_of(run)[1] == b"07700900002,B1,zero\r\n"
