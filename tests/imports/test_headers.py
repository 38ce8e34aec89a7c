"""The first line of a file against the columns that its mapping expects."""

import pytest

from maxops.imports.errors import ColumnMissing, ColumnRepeated, NoHeader
from maxops.imports.headers import Expected, take_header
from maxops.imports.phones import shapes_of
from maxops.imports.reader import Layout

EXPECTED = Expected(("phone", "name"), "phone")


def take(*header: str, expected: Expected = EXPECTED, line: int = 1):
    sent, findings = take_header(Layout("utf-8", ",", header, line), expected, shapes_of("GB"))
    return sent, {finding.kind: finding.detail for finding in findings}


def test_columns_are_known_by_name_then_by_a_persons_word_then_by_habit():
    matches, aliases = {"Contact No": "phone"}, {"tel": "phone", "fullname": "name"}
    expected = Expected(("phone", "name"), "phone", matches=matches, aliases=aliases)
    assert take("Contact No", "Full Name", expected=expected) == (
        ("phone", "name"),
        {"column_renamed": "Contact No, Full Name"},
    )
    assert take("Phone", "Contact No", "Tel", "name", expected=expected)[0] == ("phone", "Contact No", "Tel", "name")
    assert take("Tel", "Contact No", "name", expected=expected)[0] == ("Tel", "phone", "name")


def test_names_without_letters_are_only_like_themselves():
    expected = Expected(("№", "#"))
    assert take("№", "#", expected=expected) == (("№", "#"), {})
    with pytest.raises(ColumnMissing):
        take("#", "*", expected=expected)


def test_column_of_the_mapping_that_occurs_twice_stops_the_file():
    with pytest.raises(ColumnRepeated) as refusal:
        take("phone", "name", "Phone", line=3)
    assert (refusal.value.line, refusal.value.column) == (3, "phone")
    assert "columns 1, 3" in refusal.value.message


def test_other_columns_without_a_name_or_of_one_name_are_told_and_sent():
    sent, told = take("phone", "name", "note", "note", "", " ")
    assert sent == ("phone", "name", "note", "note", "", " ")
    assert told == {"column_extra": "note, note", "column_doubtful": "note, 2 without a name"}


@pytest.mark.parametrize(
    "header",
    [
        ("07700 900123", "Bob Smith"),
        ("Bob Smith", "Leeds"),
        ("+447700900123", "Bob", "x"),
        ("no number", "Bob", "bob@example.com"),
        ("no number", "Bob", "1017"),
    ],
)
def test_first_line_that_is_a_lead_is_told_from_a_header_and_not_quoted(header):
    with pytest.raises(NoHeader) as refusal:
        take(*header)
    assert "looks like a lead" in refusal.value.message
    assert not any(cell in refusal.value.message for cell in header if cell)


def test_missing_column_is_named_beside_those_of_the_file():
    with pytest.raises(ColumnMissing) as refusal:
        take("telephone", "name")
    assert refusal.value.column == "phone"
    assert "'telephone'" in refusal.value.message


def test_without_a_header_the_columns_are_the_mappings_in_their_order():
    expected = Expected(("phone", "name"), "phone", has_header=False)
    assert take("07700900123", "Bob", expected=expected) == (("phone", "name"), {})
    with pytest.raises(ColumnMissing) as refusal:
        take("07700900123", "Bob", "Leeds", expected=expected)
    assert "3 cells" in refusal.value.message
    assert "Leeds" not in refusal.value.message
