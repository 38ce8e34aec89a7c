"""The page of a check before anything is sent: numbers, reasons, rows with the offending cell marked, choices."""

import csv
import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from maxops.imports.check_rows import pieces_of
from maxops.imports.models import Mapping, Run
from tests.imports.uploading import assert_adds_up, check

HEADER = "phone,reference,name\n"
GOOD = ["07700900001,A1,Ann", "07700900002,A2,Bea", "07700900003,A3,Cid"]
NASTY = [
    *GOOD,
    "7700900004,B1,zero lost",
    "+44 7700 900005,B2,abroad",
    "07700900001,B3,twice",
    "0770090,B4,short",
    ",B5,none",
    "07700900006,B6,one,too many",
    "07700900007,too few",
    "7.7009E+09,B7,spreadsheet",
]


@pytest.fixture
def nasty(mapping, tmp_path) -> Run:
    path = tmp_path / "nasty.csv"
    path.write_text(HEADER + "\n".join(NASTY) + "\n", "utf-8")
    return check(path, mapping)


def page_of(client, run: Run, query: str = "") -> str:
    answer = client.get(f"{run.get_absolute_url()}{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def rows_on(page: str) -> list[int]:
    return [int(line.replace(",", "")) for line in re.findall(r'data-label="Line" class="num">([\d,]+)<', page)]


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def download(client, run: Run, kind: str, query: str = "") -> list[list[str]]:
    answer = client.get(f"/imports/{run.pk}/findings/{kind}.csv{query}")
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode(), newline="")))


def test_four_numbers_come_first_and_lead_to_their_rows(manager, nasty):
    page = page_of(manager, nasty)
    numbers = re.findall(r'href="\?show=(\w+)#rows"><span class="card-t">[^<]+</span><span class="card-v">(\d+)<', page)
    assert numbers == [("all", "11"), ("sent", "4"), ("held_back", "7"), ("look", "1")]
    assert "Nothing has been sent yet" in page
    for show, count in numbers:
        assert len(rows_on(page_of(manager, nasty, f"?show={show}"))) == int(count)
    assert rows_on(page_of(manager, nasty, "?show=look")) == [6]
    assert rows_on(page) == rows_on(page_of(manager, nasty, "?show=held_back"))
    assert rows_on(page_of(manager, nasty, "?show=flagged")) == [5, 6, 7, 8, 9, 10, 11, 12]


def test_each_finding_has_count_lines_example_advice_and_rows(manager, nasty):
    page = text_of(page_of(manager, nasty).split('id="findings"')[1].split("</section>")[0])
    assert "Leading zero missing 1 5 7700900004 Let maxops add the 0" in page
    assert "Number turned into 4.41E+11 by a spreadsheet 1 12 7.7009E+09" in page
    assert "Other number of columns than the header 2 10, 11 4 cells instead of 3" in page
    assert "No phone number 1 9 empty" in page
    assert rows_on(page_of(manager, nasty, "?reason=column_count")) == [10, 11]


def test_offending_cell_is_marked(manager, nasty):
    def marked(reason: str) -> list[tuple[str, str]]:
        rows = page_of(manager, nasty, f"?reason={reason}").split('id="rows"')[1]
        return re.findall(r'data-label="([^"]*)"><span class="mark">([^<]*)</span>', rows)

    assert marked("phone_shape") == [("phone", "0770090")]
    assert marked("phone_empty") == [("phone", "empty")]
    assert marked("column_count") == [("surplus", "too many"), ("name", "missing")]
    assert marked("duplicate_in_file") == [("phone", "07700900001")]


def test_empty_required_column_is_the_one_marked(manager, mapping, tmp_path):
    Mapping.objects.update(required=["name"])
    mapping.refresh_from_db()
    path = tmp_path / "leads.csv"
    path.write_text(f"{HEADER}07700900001,A1,\n07700900002,A2,Bea\n")
    run = check(path, mapping)
    page = page_of(manager, run, "?reason=required_empty")
    assert rows_on(page) == [2]
    assert 'data-label="name"><span class="mark">empty</span>' in page
    assert "name empty" in text_of(page)


def test_bytes_that_are_no_text_are_shown_in_their_place_and_never_sent(manager, mapping, tmp_path, connected):
    path = tmp_path / "leads.csv"
    good = "".join(f"0770090{number:04d},Zoë,Renée\n" for number in range(40)).encode()
    path.write_bytes(HEADER.encode() + good + b"07700950000,A1,Ren\xe9e\n")
    run = check(path, mapping)
    page = page_of(manager, run, "?reason=undecodable")
    assert rows_on(page) == [42]
    assert 'Ren<span class="unseen">E9</span>e' in page
    assert "Send 40 rows, hold back 1" in page
    assert "hold back only" not in page
    assert f"/imports/{run.pk}/hold/undecodable/" not in page
    manager.post(f"/imports/{run.pk}/hold/undecodable/", {"hold": "no"})
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "send"})
    run.refresh_from_db()
    assert (run.held_back, run.sent) == (1, 40)


def test_bytes_that_windows_1252_does_not_know_are_named_by_line_and_place(manager, mapping, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_bytes(HEADER.encode() + b"07700900001,A1,Zo\xeb\n07700900002,A2,x\x81y\n07700900003,A3,\x8d\n")
    run = check(path, mapping)
    page = page_of(manager, run)
    assert "Unreadable characters" in page
    assert "line 3, byte 17 (81); line 4, byte 16 (8D)" in page
    assert rows_on(page) == [3, 4]
    assert "Send 1 row, hold back 2" in page


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", ["plain"]),
        ("a\0b", ["a", "[NUL]", "b"]),
        ("line\r\nbreak", ["line", "[↵]", "break"]),
        ("x\x81", ["x", "[81]"]),
        ("\udcff", ["[FF]"]),
        ("n" * 70, ["n" * 60 + "…"]),
        ("", []),
    ],
)
def test_unseen_characters_get_a_mark(text, shown):
    assert [f"[{piece.text}]" if piece.is_mark else piece.text for piece in pieces_of(text)] == shown


def test_file_without_fault_shows_its_first_rows(manager, mapping, tmp_path):
    path = tmp_path / "good.csv"
    path.write_text(HEADER + "".join(f"077009{number:05d},R{number},Lead\n" for number in range(60)))
    run = check(path, mapping)
    page = page_of(manager, run)
    assert "All rows" in page
    assert "What the check found" not in page
    assert "Send 60 rows" in page
    assert rows_on(page) == list(range(2, 27))
    assert rows_on(page_of(manager, run, "?show=all&page=3")) == list(range(52, 62))
    assert rows_on(page_of(manager, run, "?show=all&page=999")) == list(range(52, 62))
    assert rows_on(page_of(manager, run, "?show=nonsense&page=-1&reason=no")) == list(range(2, 27))


def test_how_the_file_was_read_is_said(manager, mapping, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_bytes("Phone;Reference;name;town\n07700900001;A1;Zoë;Leeds\n".encode("cp1252"))
    page = text_of(page_of(manager, check(path, mapping)).split('id="file-title"')[1])
    assert "Windows-1252, sent as UTF-8" in page
    assert "Read as Windows-1252, columns separated by semicolons" in page
    assert "semicolon, sent as comma" in page
    assert "Phone → as phone" in page
    assert "Columns that the mapping does not expect town" in page


def test_rows_of_a_finding_come_as_a_file(manager, supervisor, nasty):
    for person in (manager, supervisor):
        rows = download(person, nasty, "phone_shape")
        assert rows[0] == ["phone", "reference", "name", "maxops_line", "maxops_reason", "maxops_advice"]
        assert rows[1:] == [
            ["0770090", "B4", "short", "8", "Not the shape of a phone number", "Correct the number."],
        ]
    held = download(manager, nasty, "held-back")
    assert [row[-3] for row in held[1:]] == ["5", "7", "8", "9", "10", "11", "12"]
    assert {len(row) for row in held} == {len(held[0])}
    assert download(manager, nasty, "phone_shape", "?for=excel")[0][0] == "\ufeffphone"
    assert manager.get(f"/imports/{nasty.pk}/findings/nonsense.csv").status_code == 404
    assert manager.get(f"/imports/{nasty.pk}/findings/same_file.csv").status_code == 404


def test_file_of_a_finding_is_gone_with_the_lead_file(manager, nasty):
    Run.objects.update(files_deleted_at=timezone.now() - timedelta(days=1))
    answer = manager.get(f"/imports/{nasty.pk}/findings/phone_shape.csv")
    assert answer.status_code == 410
    assert b"deleted" in answer.content


def test_person_decides_kind_by_kind_what_stays_behind(manager, supervisor, nasty, connected):
    address = f"/imports/{nasty.pk}/hold/"
    assert supervisor.post(f"{address}phone_shape/", {"hold": "no"}).status_code == 403
    manager.post(f"{address}phone_shape/", {"hold": "no"})
    manager.post(f"{address}phone_international/", {"hold": "yes"})
    page = page_of(manager, nasty)
    assert "Send 4 rows, hold back 7" in page
    assert rows_on(page_of(manager, nasty, "?show=held_back")) == [5, 6, 7, 9, 10, 11, 12]
    assert "1 rows to be sent (not the shape of a phone number)" in text_of(page_of(manager, nasty))
    manager.post(f"/imports/{nasty.pk}/send/", {"held_back": "drop"})
    nasty.refresh_from_db()
    assert (nasty.held_back, nasty.sent) == (7, 4)
    manager.post(f"{address}phone_shape/", {"hold": "yes"})
    nasty.refresh_from_db()
    assert nasty.held_back == 7
    assert_adds_up(nasty)


@pytest.mark.parametrize(("kind", "hold"), [("nonsense", "yes"), ("undecodable", "no"), ("phone_shape", "maybe")])
def test_choice_that_makes_no_sense_changes_nothing(manager, nasty, kind, hold):
    answer = manager.post(f"/imports/{nasty.pk}/hold/{kind}/", {"hold": hold}, follow=True)
    assert answer.status_code == 200
    assert "Send 4 rows, hold back 7" in answer.content.decode()


def test_check_again_takes_the_mapping_as_it_is_now(manager, supervisor, nasty):
    assert "The mapping was changed after this file was checked" not in page_of(manager, nasty)
    Mapping.objects.update(required=["name"], version=9)
    assert "The mapping was changed after this file was checked" in page_of(manager, nasty)
    assert supervisor.post(f"/imports/{nasty.pk}/check-again/").status_code == 403
    manager.post(f"/imports/{nasty.pk}/check-again/")
    nasty.refresh_from_db()
    assert (nasty.state, nasty.mapping_version) == ("ready", 9)
    page = page_of(manager, nasty)
    assert "The mapping was changed after this file was checked" not in page
    assert "asked by person-" in page


def test_refused_file_is_checked_again_once_its_mapping_is_right(manager, mapping, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("telephone,reference\n07700900001,1\n")
    run = check(path, mapping)
    assert run.state == "failed"
    page = page_of(manager, run)
    assert f"/imports/{run.pk}/columns/" in page
    assert "Match the columns by hand" in page
    assert "(line 1)" in page
    Mapping.objects.update(columns=["telephone", "reference"], fields={"telephone": "phone"})
    manager.post(f"/imports/{run.pk}/check-again/")
    run.refresh_from_db()
    assert (run.state, run.rows, run.message) == ("ready", 1, "")
    assert "Send 1 row" in page_of(manager, run)


def test_run_that_was_sent_is_not_checked_again(manager, mapping, tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text(HEADER + "\n".join(GOOD) + "\n")
    run = check(path, mapping)
    manager.post(f"/imports/{run.pk}/send/", {"held_back": "send"})
    page = manager.post(f"/imports/{run.pk}/check-again/", follow=True).content.decode()
    assert "before anything is sent" in page
    run.refresh_from_db()
    assert run.sent == 3
