"""Which row 'Line: N' names, inferred from the rows that had to be rejected."""

from array import array

import pytest

from maxops.imports.findings import KINDS
from maxops.imports.line_base import SentPart, infer

BAD_PHONE, RAGGED = KINDS["phone_shape"].code, KINDS["column_count"].code
# Twelve rows; rows 3 and 8 are faulty, row 5 has a line break inside a cell.
CODES = bytes([0, 0, 0, BAD_PHONE, 0, 0, 0, 0, RAGGED, 0, 0, 0])
PHYSICAL = [2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14]
PART = SentPart(array("I", range(12)), CODES, PHYSICAL)


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
    part = SentPart(array("I", range(4)), codes, range(2, 6))
    assert infer(part, [(2, "InvalidPhoneNumber")]).base == ""
    assert infer(part, [(2, "InvalidPhoneNumber"), (3, "InvalidPhoneNumber")]).base == "record"


def test_header_and_physical_lines_are_one_where_no_cell_has_a_line_break():
    part = SentPart(array("I", range(12)), CODES, range(2, 14))
    assert infer(part, [(5, "InvalidPhoneNumber")]).base == "file"
