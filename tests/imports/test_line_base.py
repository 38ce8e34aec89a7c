"""Which row 'Line: N' names, inferred from the rows that had to be rejected."""

from array import array

import pytest

from maxops.imports.findings import KINDS
from maxops.imports.line_base import FAMILIES, FIRST_NUMBERS
from maxops.imports.line_base import infer as infer_from
from maxops.imports.mapping import files_of
from maxops.imports.part_rows import Breaks, SentPart
from maxops.remote import lines as packed_lines
from maxops.remote.lines import NamedLines
from tests.imports.reporting import report, write_leads
from tests.imports.uploading import assert_adds_up, reasons_by_line, rejects_of, upload

BAD_PHONE, RAGGED = KINDS["phone_shape"].code, KINDS["column_count"].code
# Twelve rows; rows 3 and 8 are faulty, row 5 has a line break inside a cell.
CODES = bytes([0, 0, 0, BAD_PHONE, 0, 0, 0, 0, RAGGED, 0, 0, 0])
NO_BREAKS = Breaks(array("I"), array("I"))
PART = SentPart(12, CODES, Breaks(array("I", [5]), array("I", [1])))


def infer(part, lines):
    return infer_from(part, NamedLines(lines))


@pytest.mark.parametrize(
    ("base", "lines"),
    [
        ("record", [(4, "InvalidPhoneNumber"), (9, "InvalidSourceFormat"), (1, "Duplicate")]),
        ("record0", [(3, "InvalidPhoneNumber"), (8, "InvalidSourceFormat"), (0, "Duplicate")]),
        ("file", [(5, "InvalidPhoneNumber"), (10, "InvalidSourceFormat"), (2, "Duplicate")]),
        ("data_line", [(4, "InvalidPhoneNumber"), (10, "InvalidSourceFormat"), (1, "Duplicate")]),
        ("physical", [(5, "InvalidPhoneNumber"), (11, "InvalidSourceFormat"), (2, "Duplicate")]),
    ],
)
def test_reading_that_fits_is_taken(base, lines):
    inference = infer(PART, lines)
    assert inference.base == base
    assert "2 of 2" in inference.evidence


@pytest.mark.parametrize("lines", [[], [(4, "Duplicate"), (9, "DoNotCall")], [(7, "InvalidPhoneNumber")]])
def test_nothing_is_decided_without_evidence(lines):
    assert infer(PART, lines).base == ""


def test_a_hit_by_chance_among_many_decides_nothing():
    lines = [(4, "InvalidPhoneNumber"), *[(number, "InvalidPhoneNumber") for number in (1, 2, 11, 12)]]
    assert infer(PART, lines).base == ""


def test_two_readings_that_fit_alike_decide_nothing():
    codes = bytes([0, BAD_PHONE, BAD_PHONE, 0])
    part = SentPart(4, codes, NO_BREAKS)
    assert infer(part, [(2, "InvalidPhoneNumber")]).base == ""
    assert infer(part, [(2, "InvalidPhoneNumber"), (3, "InvalidPhoneNumber")]).base == "record"


def test_header_and_physical_lines_are_one_where_no_cell_has_a_line_break():
    part = SentPart(12, CODES, NO_BREAKS)
    assert infer(part, [(5, "InvalidPhoneNumber")]).base == "file"


@pytest.mark.parametrize("line", [10, 11])
def test_nothing_is_decided_where_the_lead_file_is_gone_and_its_line_breaks_cannot_be_told(line):
    inference = infer(SentPart(12, CODES, None), [(5, "InvalidPhoneNumber"), (line, "InvalidSourceFormat")])
    assert inference.base == ""
    assert inference.hits > 0


@pytest.mark.parametrize(
    ("number", "base"), [(1, "record0"), (2, "record"), (3, "file")], ids=["record0", "record", "file"]
)
@pytest.mark.parametrize("reason", ["InvalidPhoneNumber", "InvalidSourceFormat", "Not a number"])
def test_one_line_named_by_a_probe_is_enough(number, base, reason):
    probe = SentPart(3, bytes([0, BAD_PHONE, 0]), NO_BREAKS, is_probe=True)
    assert infer(probe, [(number, reason)]).base == base
    assert infer(probe, [(number, reason), (number + 1, "Duplicate")]).base == base


ROWS_WITH_BREAKS = 1000
REJECTED_ROWS = (0, *range(61, ROWS_WITH_BREAKS, 113), ROWS_WITH_BREAKS - 1)
IN_STEP = (*range(50, ROWS_WITH_BREAKS, 100), ROWS_WITH_BREAKS - 1)  # with the breaks: no count of rows falls on one


def write_with_breaks(path) -> dict[int, int]:
    """Every third row has a line break inside a cell; the line of the file that each row begins on."""
    rows, lines = ["phone,reference,name\n"], {}
    for row in range(ROWS_WITH_BREAKS):
        lines[row] = sum(text.count("\n") for text in rows[-1:]) + lines.get(row - 1, 1)
        name = "one" if row % 3 else '"two\nlines"'
        rows.append(f"0770090{row:04d},R{row},{name}\n")
    path.write_text("".join(rows), "utf-8")
    return lines


def names_of(base: str, rows, lines: dict[int, int]) -> list[int]:
    """What a dialler calls these rows."""
    if base in ("record", "file"):
        return [row + FIRST_NUMBERS[base] for row in rows]
    return [lines[row] - 2 + FIRST_NUMBERS[base] for row in rows]


def do_not_call(numbers) -> bytes:
    named = tuple((number, "DoNotCall") for number in numbers)
    return report(ROWS_WITH_BREAKS - len(named), named, RejectedDnc=len(named))


@pytest.fixture(params=["numpy", "plain"])
def packed(request, monkeypatch):
    if request.param == "plain":
        monkeypatch.setattr(packed_lines, "numpy", None)


@pytest.mark.parametrize(
    ("setting", "base"),
    [
        ("record", "record"),
        ("record", "data_line"),
        ("file", "file"),
        ("file", "physical"),
        ("auto", "record"),
        ("auto", "data_line"),
        ("auto", "physical"),
    ],
)
def test_lines_that_exist_under_one_reading_alone_tell_it(
    packed, silent, mapping, post, tmp_path, manager, settings, setting, base
):
    settings.MAXCONTACT_LINE_BASE = setting
    lines = write_with_breaks(tmp_path / "a.csv")
    run = upload(tmp_path / "a.csv", mapping)
    post(do_not_call(names_of(base, REJECTED_ROWS, lines)))
    state = assert_adds_up(run)
    expected = {lines[row]: "DoNotCall" for row in REJECTED_ROWS}
    assert reasons_by_line(run) == expected
    assert state["line_base"]["certain"] is True
    assert "not yet certain" not in manager.get(run.get_absolute_url()).content.decode()
    mapping.refresh_from_db()
    assert mapping.line_base == base
    assert "each of the 11 lines" in mapping.line_base_evidence


@pytest.mark.parametrize(("setting", "base"), [(first, base) for first in FAMILIES for base in FAMILIES[first]])
def test_no_wrong_row_is_certain(silent, mapping, post, tmp_path, settings, setting, base):
    settings.MAXCONTACT_LINE_BASE = setting
    lines = write_with_breaks(tmp_path / "a.csv")
    run = upload(tmp_path / "a.csv", mapping)
    post(do_not_call(names_of(base, IN_STEP, lines)))
    assert reasons_by_line(run) == {lines[row]: "DoNotCall" for row in IN_STEP}
    assert assert_adds_up(run)["line_base"]["certain"] is (base != setting)


@pytest.mark.parametrize(("setting", "other"), [("record", "data_line"), ("file", "physical")])
def test_lines_that_exist_under_both_readings_are_shown_with_doubt(
    silent, mapping, post, tmp_path, manager, settings, setting, other
):
    settings.MAXCONTACT_LINE_BASE = setting
    lines = write_with_breaks(tmp_path / "a.csv")
    run = upload(tmp_path / "a.csv", mapping)
    numbers = set(names_of(other, range(700), lines)) & set(names_of(setting, range(1000), lines))
    post(do_not_call(sorted(numbers)[100:111]))
    assert assert_adds_up(run)["line_base"]["certain"] is False
    assert rejects_of(run)[0][-1].startswith("It is not yet certain which rows")
    assert "It is not yet certain which rows" in manager.get(run.get_absolute_url()).content.decode()
    # The next report shows it, and the first one's rows are assigned anew.
    text = (tmp_path / "a.csv").read_text("utf-8").replace("0770090", "0770091")
    (tmp_path / "b.csv").write_text(text, "utf-8")
    later = upload(tmp_path / "b.csv", mapping)
    post(do_not_call(names_of(other, REJECTED_ROWS, lines)))
    assert reasons_by_line(later) == {lines[row]: "DoNotCall" for row in REJECTED_ROWS}
    rows = {name: row for row, name in zip(range(1000), names_of(other, range(1000), lines), strict=True)}
    assert reasons_by_line(run) == {lines[rows[name]]: "DoNotCall" for name in sorted(numbers)[100:111]}
    assert assert_adds_up(run)["line_base"]["certain"] is True


@pytest.mark.parametrize("setting", ["record", "file", "auto", "physical"])
def test_lines_that_exist_under_no_reading_are_told(silent, mapping, post, tmp_path, manager, settings, setting):
    settings.MAXCONTACT_LINE_BASE = setting
    run = upload(write_leads(tmp_path / "a.csv", 9), mapping)
    post(report(6, ((4, "DoNotCall"), (5, "DoNotCall"), (40, "DoNotCall"))))
    state = assert_adds_up(run)
    assert state["line_base"]["certain"] is False
    assert state["rejected"] == {"DoNotCall": 3}
    assert run.parts.get().unplaced == 1
    page = manager.get(run.get_absolute_url()).content.decode()
    assert "The report names 1 line that is no row of this part" in page
    assert len(rejects_of(run)) == 2


def test_reject_of_no_row_is_not_counted_as_loaded(silent, mapping, post, tmp_path):
    run = upload(write_leads(tmp_path / "a.csv", 9), mapping)
    post(report(None, ((4, "DoNotCall"), (5, "DoNotCall"), (40, "DoNotCall"))))
    state = assert_adds_up(run)
    assert state["rejected"] == {"DoNotCall": 3}
    assert state["accepted"] + state["unknown"] == 6


@pytest.mark.parametrize("setting", ["record", "file"])
def test_what_a_file_without_line_breaks_showed_leaves_open_whether_they_count(
    silent, mapping, post, tmp_path, settings, setting
):
    settings.MAXCONTACT_LINE_BASE = setting
    first = FIRST_NUMBERS[setting]
    upload(write_leads(tmp_path / "a.csv", 9, bad=(2, 5)), mapping)
    post(report(7, ((2 + first, "InvalidPhoneNumber"), (5 + first, "InvalidPhoneNumber")), RejectedValidation=2))
    lines = write_with_breaks(tmp_path / "b.csv")
    run = upload(tmp_path / "b.csv", mapping)
    counting_lines = FAMILIES[setting][1]
    post(do_not_call(names_of(counting_lines, REJECTED_ROWS, lines)))
    assert reasons_by_line(run) == {lines[row]: "DoNotCall" for row in REJECTED_ROWS}
    # A later report on a file without line breaks takes nothing back.
    upload(write_leads(tmp_path / "c.csv", 8, bad=(2, 5), first=500), mapping)
    post(report(6, ((2 + first, "InvalidPhoneNumber"), (5 + first, "InvalidPhoneNumber")), RejectedValidation=2))
    mapping.refresh_from_db()
    assert mapping.line_base == counting_lines


def test_report_that_contradicts_what_was_learned_is_shown_with_doubt(silent, mapping, post, tmp_path):
    mapping.line_base, mapping.line_base_evidence = "record", "8 of 8."
    mapping.save()
    run = upload(write_leads(tmp_path / "a.csv", 6), mapping)
    post(report(4, ((2, "DoNotCall"), (7, "DoNotCall")), RejectedDnc=2))
    assert assert_adds_up(run)["line_base"]["certain"] is False
    mapping.refresh_from_db()
    assert mapping.line_base == "record"


def test_readings_that_name_the_same_rows_are_no_doubt(silent, mapping, post, tmp_path, settings):
    settings.MAXCONTACT_LINE_BASE = "record"
    path = tmp_path / "a.csv"
    path.write_text('phone,reference,name\n07700900001,1,x\n07700900002,2,x\n07700900003,3,"a\nb"\n', "utf-8")
    run = upload(path, mapping)
    post(report(2, ((2, "Duplicate"),), RejectedDedupe=1))
    assert reasons_by_line(run) == {3: "Duplicate"}
    assert assert_adds_up(run)["line_base"]["certain"] is True
    mapping.refresh_from_db()
    assert mapping.line_base == ""


def test_lines_are_in_doubt_where_the_deleted_file_alone_told_the_line_breaks(
    silent, mapping, post, tmp_path, settings
):
    settings.MAXCONTACT_LINE_BASE = "record"
    path = tmp_path / "a.csv"
    path.write_text('phone,reference,name\n07700900001,1,"a\nb"\n\n07700900002,2,x\n07700900003,3,x\n', "utf-8")
    run = upload(path, mapping)
    for personal in files_of(run).personal:
        personal.unlink(missing_ok=True)
    post(report(2, ((3, "Duplicate"),), RejectedDedupe=1))
    assert assert_adds_up(run)["line_base"]["certain"] is False
