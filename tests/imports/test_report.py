"""The page of a report: figures that lead to their rows, the cell that is meant, any page of a million rows."""

import re

import pytest

from maxops.imports.chosen_rows import SELECTIONS, choose
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Run, Tally
from tests.imports.folders import make_run
from tests.imports.uploading import upload

ROWS = [b"07700900001,1,x", b"n/a,2,y", b"07700900003,3,z,more", b"07700900004,4,=1+1", b"07700900005,5,<b>"]


def page_of(client, run: Run, query: str = "") -> str:
    answer = client.get(f"/imports/{run.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def lines_on(page: str) -> list[int]:
    return [int(line.replace(",", "")) for line in re.findall(r'data-label="Line" class="num">([\d,]+)', page)]


def test_page_shows_rows_escaped_with_the_offending_cell_marked(mapping, letter_box, manager, tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes(
        b"phone,reference,name\r\n07700900001,1,fine\r\n"
        b'n/a,2,"=HYPERLINK(""x""), <b>"\r\n07700900003,3\r\n07700900004,4,"two\r\nlines",surplus\r\n'
    )
    run = upload(path, mapping)
    letter_box.hand_over()
    page = page_of(manager, run)
    assert "<b>" not in page
    assert '<span class="mark">n/a</span>' in page
    assert '<span class="mark">surplus</span>' in page
    assert '<span class="mark">missing</span>' in page
    assert lines_on(page) == [3, 4, 5]


def test_every_figure_opens_just_its_rows(manager, db):
    run = make_run(b"phone,reference,name", ROWS, [3, 14, 13, 10, 1], codes=[0, 5, 1, 0, 6], surplus=1)
    page = page_of(manager, run)
    figures = dict(
        re.findall(r'href="[^"]*\?reason=(\w+)#rows"[^>]*><span class="card-t">[^<]*</span>.*?>([\d,]+)<', page)
    )
    assert figures == {
        "accepted": "1",
        "duplicates_in_list": "1",
        "bad_numbers": "1",
        "unreadable": "1",
        "held_back": "1",
    }
    assert lines_on(page) == [3, 4, 5, 6]
    for reason, line in {
        "accepted": 2,
        "duplicates_in_list": 5,
        "bad_numbers": 3,
        "unreadable": 4,
        "held_back": 6,
    }.items():
        assert lines_on(page_of(manager, run, f"?reason={reason}")) == [line]
    assert lines_on(page_of(manager, run, "?reason=InvalidPhoneNumber")) == [3]
    assert lines_on(page_of(manager, run, "?reason=duplicate_in_file")) == [6]


def test_chart_says_the_numbers_of_the_table(manager, db):
    run = make_run(b"phone,reference,name", ROWS, [3, 14, 14, 10, 1], codes=[0, 5, 1, 0, 6])
    page = page_of(manager, run)
    label = re.search(r'role="img"[^>]*aria-label="([^"]*)"', page)[1]
    assert label == ("Rows not loaded by reason: Bad phone number 2, Duplicate 1, Same phone number as another row 1")
    assert re.findall(r'data-label="Rows" class="num">(\d+)<', page)[:3] == ["2", "1", "1"]
    assert re.findall(r'data-label="Share of all rows" class="num">([\d.]+) %', page) == ["40.0", "20.0", "20.0"]


def test_a_line_is_found_with_what_became_of_it(manager, db):
    rows = [b"0770090%04d,%d,x" % (number, number) for number in range(200)]
    outcomes = [10 if number % 2 else 3 for number in range(200)]
    rows[3] = b'07700900003,3,"two\nlines"'
    run = make_run(b"phone,reference,name", rows, outcomes)
    page = page_of(manager, run, "?line=108")
    assert "Line 108: It was rejected: Duplicate." in page
    assert 108 in lines_on(page)
    assert re.search(r'class="found">\s*<td data-label="Line" class="num">108<', page)
    assert "Line 6: It was rejected" in page_of(manager, run, "?line=6")  # inside the row of two lines
    assert "Line 2: It was accepted." in page_of(manager, run, "?line=2")
    for nonsense in ("1", "x", "-3", "99999999999999", "%00", "٣"):
        assert page_of(manager, run, f"?line={nonsense}&edit={nonsense}&page={nonsense}&reason={nonsense}")


def test_any_page_of_a_million_rows(manager, db):
    count = 1_000_000
    rows = [b"07700900000,%d,x" % number for number in range(count)]
    run = make_run(b"phone,reference,name", rows, b"\x0a\x03\x0b\x0a" * (count // 4))
    assert lines_on(page_of(manager, run))[:4] == [2, 4, 5, 6]
    last = page_of(manager, run, "?page=30000")
    assert "Rows 749,976 to 750,000 of 750,000" in last
    assert lines_on(last)[-1] == count + 1
    deep = page_of(manager, run, "?page=20001")
    wanted = [number + 2 for number in range(count) if number % 4 != 1][500_000:500_025]
    assert lines_on(deep) == wanted
    assert lines_on(page_of(manager, run, f"?line={wanted[7]}&reason=DoNotCall"))[0] > 2
    chosen = choose(files_of(run), SELECTIONS["rejects"])
    assert (chosen.total, chosen.page(749_999, 5), chosen.page(750_000, 5)) == (750_000, [count - 1], [])
    assert chosen.rank(count) == 750_000


def test_rows_are_called_as_maxcontact_calls_them_while_that_is_uncertain(manager, db):
    run = make_run(b"phone,reference,name", ROWS[:2] + ROWS[3:], [1, 3, 10, 3])
    assert "MaxContact&#x27;s line 2" not in page_of(manager, run)
    run.parts.update(assumed_base="record")
    page = page_of(manager, run)
    assert "MaxContact&#x27;s line 2" in page  # the row held back was not in the request
    assert "not yet certain which rows" in page


def test_what_the_dialler_calls_a_reason_is_shown_as_text(manager, db):
    reason = '<script>alert("x")</script>&?#/ %41' + "long " * 30
    run = make_run(b"phone,reference,name", ROWS[:1], [10], reasons=[reason])
    page = page_of(manager, run)
    assert "<script>alert" not in page
    assert manager.get(f"/imports/{run.pk}/", {"reason": reason}).content.decode().count('<td data-label="Line"') == 1
    address = re.search(r'rejects\.csv\?reason=([^"]+)"', page)[1]
    assert "/" not in address
    assert (
        len(b"".join(manager.get(f"/imports/{run.pk}/rejects.csv?reason={address}").streaming_content).splitlines())
        == 2
    )


@pytest.mark.parametrize("state", Run.State.values)
@pytest.mark.parametrize("leave", ["nothing", "folder", "arrays", "part"])
def test_no_state_of_a_run_breaks_its_pages(manager, db, state, leave):
    if leave == "nothing":
        mapping = Mapping.objects.create(name="Bare", columns=["phone"], fields={"phone": "phone"})
        run = Run.objects.create(mapping=mapping, file_name="x.csv", sha256="0", state=state, rows=3, unknown=1)
        Tally.objects.create(run=run, reason="Duplicate", fate="duplicate", code=10, rows=2)
    else:
        run = make_run(b"phone,reference,name", ROWS, [3, 10, 13, 1, 4], codes=[0, 5, 1, 6, 0], state=state)
        files = files_of(run)
        if leave == "folder":
            for path in (files.codes, files.outcomes, files.offsets, files.sizes, files.lines, files.header):
                path.unlink()
        if leave == "arrays":
            run.parts.all().delete()
    for path in ("", "state/", "?edit=3", "?line=3", "?reason=corrected", "attempt/", "rejects.csv"):
        answer = manager.get(f"/imports/{run.pk}/{path}")
        assert answer.status_code in (200, 410), path
        if answer.streaming:
            assert b"".join(answer.streaming_content)
    for path in (f"rows/{row}/" for row in (0, 1, 99)):
        assert manager.post(f"/imports/{run.pk}/{path}", {"cell-0": "x"}).status_code in (200, 302)
    assert manager.post(f"/imports/{run.pk}/corrections/undo/", {"row": "x"}).status_code == 302
    assert manager.post(f"/imports/{run.pk}/attempt/", {"rows": "corrected"}).status_code in (200, 302)
    assert manager.get("/imports/").status_code == manager.get("/imports/suppliers/").status_code == 200
