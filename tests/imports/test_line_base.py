"""Which row 'Line: N' names, inferred from the rows that had to be rejected."""

from array import array

import pytest

from maxops.imports.findings import KINDS
from maxops.imports.line_base import infer as infer_from
from maxops.imports.part_rows import Breaks, SentPart
from maxops.remote.lines import NamedLines

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
