"""Rejected rows corrected on the page and made the next attempt: only those rows go, each once, and nothing is lost."""

import html
import re
from pathlib import Path

import pytest

from maxops.imports import delivery, intake
from maxops.imports.chosen_rows import SELECTIONS
from maxops.imports.corrections import Wanted, make_attempt, read_corrections, taken_path
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.locks import hold
from tests.imports.folders import make_run
from tests.imports.test_report import page_of
from tests.imports.uploading import assert_adds_up, upload
from tests.leadfiles import phone

FORM = re.compile(r'name="(cell-\d+)"[^>]*?value="([^"]*)"')
LONG_FORM = re.compile(r'<textarea name="(cell-\d+)"[^>]*>\n(.*?)</textarea>', re.DOTALL)


def form_of(page: str) -> dict[str, str]:
    """What a browser would send of the row's form as it is drawn."""
    fields = {name: html.unescape(value) for name, value in FORM.findall(page)}
    return fields | {name: "\r\n".join(html.unescape(value).splitlines()) for name, value in LONG_FORM.findall(page)}


@pytest.fixture
def reported(mapping, letter_box, tmp_path) -> Run:
    """Six rows: 2 accepted, 2 bad numbers, one with a line break among them, 1 too long, 1 twice in the file."""
    path = tmp_path / "may.csv"
    path.write_bytes(
        b"phone,reference,name\r\n"
        + f"{phone(1)},1,fine\r\n".encode()
        + b'bad,2,"two\r\nlines"\r\n'
        + f"{phone(3)},3,long,surplus\r\n".encode()
        + b"\r\n"
        + b"worse,4,x\r\n"
        + f"{phone(5)},5,fine\r\n".encode()
        + f"{phone(5)},6,again\r\n".encode()
    )
    run = upload(path, mapping)
    letter_box.hand_over()
    run.refresh_from_db()
    assert (run.accepted, run.rejected_rows) == (2, 4)
    return run


def correct(manager, run: Run, line: int, **cells: str):
    page = page_of(manager, run, f"?edit={line}")
    form = form_of(page)
    action = re.search(r'action="(/imports/\d+/rows/\d+/)"', page)[1]
    return manager.post(action, {**form, **{name.replace("_", "-"): text for name, text in cells.items()}})


def test_corrected_rows_only_become_the_second_attempt_and_the_first_page_adds_up(
    reported, manager, letter_box, connected
):
    correct(manager, reported, 3, cell_0=phone(2))
    correct(manager, reported, 5, cell_3="")
    page = page_of(manager, reported)
    assert "2 rows corrected" in page
    assert f"<del>bad</del> <ins>{phone(2)}</ins>" in page
    assert len(connected.state.uploads) == 1
    answer = manager.post(f"/imports/{reported.pk}/attempt/", {"rows": "corrected"})
    attempt = Run.objects.get(attempt_of=reported)
    assert answer.url == attempt.get_absolute_url()
    assert (attempt.state, attempt.rows, attempt.file_name) == ("ready", 2, "may-attempt-2.csv")
    assert len(connected.state.uploads) == 1
    files = files_of(attempt)
    assert list(files.lines_of(0, 2)) == [3, 5]  # the lines of the person's own file
    delivery.send(attempt, "send", "tester")
    delivery.deliver(attempt.pk)
    letter_box.hand_over()
    assert assert_adds_up(attempt)["accepted"] == 2
    for run in (reported, attempt):
        page = page_of(manager, run)
        assert "<strong>4</strong> of 6 rows accepted" in page
        assert "<strong>2</strong> still rejected or not sent" in page
    page = page_of(manager, reported)
    assert f'<a href="{attempt.get_absolute_url()}">may-attempt-2.csv</a>' in page
    assert f'<a href="/imports/{attempt.pk}/">In run {attempt.pk}</a>' in page


def test_a_row_goes_into_one_attempt_only_unless_that_was_called_off(reported, manager):
    first = make_attempt(reported, Wanted([SELECTIONS["rejects"]], "tester"))
    assert first.attempt_of == reported
    with pytest.raises(WrongState, match="already in a later attempt"):
        make_attempt(reported, Wanted([SELECTIONS["rejects"]], "tester"))
    assert "No row is left to try again" in manager.get(f"/imports/{reported.pk}/attempt/").content.decode()
    assert manager.post(f"/imports/{reported.pk}/rows/1/", {"cell-0": phone(2)}).status_code == 302
    assert read_corrections(files_of(reported)).rows == {}
    Run.objects.filter(pk=first.pk).update(state="ready")
    manager.post(f"/imports/{first.pk}/cancel/")
    again = make_attempt(reported, Wanted([SELECTIONS["rejects"]], "tester"))
    assert files_of(again).original.read_bytes() == files_of(first).original.read_bytes()


def test_attempt_that_maxops_stopped_in_takes_no_row(reported, manager):
    """Its rows were marked as taken, and it was never made."""
    path = taken_path(files_of(reported))
    path.write_bytes(b"\0\1\1\1\0\1")
    assert "Correct line" in page_of(manager, reported)
    assert make_attempt(reported, Wanted([SELECTIONS["rejects"]], "tester")).attempt_of == reported
    assert path.read_bytes() == b"\0\1\1\1\0\1"


def test_attempt_of_damaged_rows_is_read_in_the_encoding_that_they_came_in(mapping, letter_box, tmp_path):
    path = tmp_path / "may.csv"
    good = "".join(f"{phone(row)},{row},Zoë Müller\n" for row in range(9)).encode()
    path.write_bytes(b"phone,reference,name\n" + good + f"{phone(9)},9,René ".encode() + b"Caf\xe9\n")
    run = upload(path, mapping, "drop")
    letter_box.hand_over()
    run.refresh_from_db()
    attempt = make_attempt(run, Wanted([SELECTIONS["held_back"]], "tester"))
    intake.check(attempt.pk)
    attempt.refresh_from_db()
    assert [(found["kind"], found["lines"]) for found in attempt.findings] == [("undecodable", [11])]
    assert files_of(attempt).original.read_bytes().endswith("René ".encode() + b"Caf\xe9\n")


def test_rows_of_chosen_reasons_go_corrected_where_they_were(reported, manager):
    correct(manager, reported, 7, cell_0=phone(4))
    manager.post(f"/imports/{reported.pk}/attempt/", {"rows": "reasons", "reason": ["InvalidPhoneNumber", "nonsense"]})
    attempt = Run.objects.get(attempt_of=reported)
    rows = [cells for _, _, cells in files_of(attempt).rows(range(attempt.rows))]
    assert rows == [["bad", "2", "two\r\nlines"], [phone(4), "4", "x"]]
    answer = manager.post(f"/imports/{reported.pk}/attempt/", {"rows": "reasons"})
    assert "Tick at least one reason" in answer.content.decode()
    manager.post(f"/imports/{reported.pk}/attempt/", {"rows": "reasons", "reason": ["DuplicateInFile"]})
    assert Run.objects.first().attempt_of == reported
    assert [cells[1] for _, _, cells in files_of(Run.objects.first()).rows([0])] == ["6"]


def test_accepted_rows_can_neither_be_corrected_nor_go_again(reported, manager):
    assert "edit-fields" not in page_of(manager, reported, "?edit=2&reason=accepted")
    assert "Correct line" not in page_of(manager, reported, "?reason=accepted")
    manager.post(f"/imports/{reported.pk}/rows/0/", {"cell-0": phone(9), "cell-1": "1", "cell-2": "x"})
    assert read_corrections(files_of(reported)).rows == {}
    with pytest.raises(WrongState):
        make_attempt(reported, Wanted([SELECTIONS["accepted"], SELECTIONS["unknown"]], "tester"))


def test_a_form_sent_back_untouched_changes_nothing(reported, manager):
    correct(manager, reported, 3)
    assert read_corrections(files_of(reported)).rows == {}
    correct(manager, reported, 3, cell_0=phone(2))
    assert read_corrections(files_of(reported)).rows == {1: [phone(2), "2", "two\r\nlines"]}
    correct(manager, reported, 3, cell_0="bad")
    assert read_corrections(files_of(reported)).rows == {}


def test_corrections_are_taken_back_one_by_one_or_all(reported, manager):
    for line, number in ((3, 2), (7, 4)):
        correct(manager, reported, line, cell_0=phone(number))
    manager.post(f"/imports/{reported.pk}/corrections/undo/", {"row": "1"})
    assert list(read_corrections(files_of(reported)).rows) == [3]
    for nonsense in ("nonsense", "9" * 5000):
        manager.post(f"/imports/{reported.pk}/corrections/undo/", {"row": nonsense})
    assert list(read_corrections(files_of(reported)).rows) == [3]
    manager.post(f"/imports/{reported.pk}/corrections/undo/")
    assert read_corrections(files_of(reported)).rows == {}


def test_what_was_typed_stays_on_the_page_when_it_cannot_be_kept(reported, manager, monkeypatch):
    monkeypatch.setattr("maxops.imports.corrections.PATIENCE", 0)
    with hold(files_of(reported).folder / "corrections.lock"):
        answer = correct(manager, reported, 3, cell_0="07700 900 typed")
    page = answer.content.decode()
    assert "Somebody else is correcting rows of this run" in page
    assert 'value="07700 900 typed"' in page
    assert "hx-trigger" not in page.split('id="run"')[1].split(">")[0]
    assert read_corrections(files_of(reported)).rows == {}


def test_keep_and_next_opens_the_row_that_follows(reported, manager):
    form = form_of(page_of(manager, reported, "?edit=3")) | {"cell-0": phone(2), "then": "next"}
    answer = manager.post(f"/imports/{reported.pk}/rows/1/", {**form, "reason": "InvalidPhoneNumber"})
    assert answer.url.endswith("reason=InvalidPhoneNumber&line=7&edit=7#edit")
    assert "Correct line 7" in manager.get(answer.url).content.decode()


def test_typed_cells_lie_in_the_folder_only(reported, manager, data_folder, caplog):
    correct(manager, reported, 3, cell_0="07700 900987", cell_2="Nobody Else")
    holding = [path for path in data_folder.rglob("*") if path.is_file() and b"Nobody Else" in path.read_bytes()]
    assert holding == [files_of(reported).corrections]
    assert Path(holding[0]) in files_of(reported).personal
    assert "Nobody Else" not in caplog.text
    assert not any("Nobody" in event.text for event in reported.events.all())


def test_a_row_in_doubt_goes_again_only_when_somebody_compared(manager, db):
    run = make_run(b"phone,reference,name", [b"bad,1,x", b"07700900002,2,y"], [14, 3])
    run.parts.update(assumed_base="record")
    answer = manager.post(f"/imports/{run.pk}/attempt/", {"rows": "reasons", "reason": "InvalidPhoneNumber"})
    assert "leads that were loaded may be among these" in answer.content.decode()
    assert not run.attempts.exists()
    form = {"rows": "reasons", "reason": "InvalidPhoneNumber", "compared": "1"}
    assert manager.post(f"/imports/{run.pk}/attempt/", form).status_code == 302
    assert run.attempts.count() == 1


def test_a_third_attempt_hangs_on_the_first_and_keeps_its_lines(db):
    run = make_run(b"phone,reference,name", [b"bad,1,x", b"07700900002,2,y", b"worse,3,z"], [14, 3, 14])
    second = make_attempt(run, Wanted([SELECTIONS["rejects"]], "tester"))
    assert files_of(second).original.read_bytes() == b"\xef\xbb\xbfphone,reference,name\nbad,1,x\n\nworse,3,z\n"
    assert second.attempt_of_id == run.pk


def test_supervisor_sees_corrections_and_makes_none(reported, manager, supervisor):
    correct(manager, reported, 3, cell_0=phone(2))
    page = page_of(supervisor, reported)
    assert f"<ins>{phone(2)}</ins>" in page
    for words in ("Correct line", "Make the next attempt", "corrections/undo"):
        assert words not in page
    for path in ("rows/1/", "corrections/undo/", "attempt/"):
        assert supervisor.post(f"/imports/{reported.pk}/{path}").status_code == 403
