"""What a column is taken for: by name, by what earlier files called it, by likeness; never against its cells."""

import pytest

from maxops.imports.kinds import DATE, EMAIL, EMPTY, NUMBER, PHONE, POSTCODE, TEXT, FileColumn, kind_of
from maxops.imports.phones import shapes_of
from maxops.imports.suggestions import (
    EXACT,
    LEARNED,
    SIMILAR,
    Wanted,
    learned_targets,
    match_columns,
    match_targets,
    similarity,
)
from maxops.remote.platforms.maxcontact import MaxContactBulk

COLUMNS = ("phone", "reference", "first_name", "postcode")


def columns(*names: str, **kinds: str) -> list[FileColumn]:
    return [FileColumn(place, name, kind=kinds.get(name, EMPTY)) for place, name in enumerate(names)]


def found(file_columns: list[FileColumn], aliases: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    guesses = match_columns(Wanted(COLUMNS, frozenset({"phone"}), aliases or {}), file_columns)
    return {file_columns[place].name: tuple(guess) for place, guess in guesses.items()}


def test_same_name_whatever_case_and_spaces():
    assert found(columns("PHONE ", "First Name", "post_code")) == {
        "PHONE ": ("phone", EXACT),
        "First Name": ("first_name", EXACT),
        "post_code": ("postcode", EXACT),
    }


def test_name_learned_from_earlier_files_comes_before_a_similar_one():
    aliases = {"handy": "phone", "telephone": "nowhere"}
    assert found(columns("Handy", "Telephone"), aliases) == {"Handy": ("phone", LEARNED)}


def test_exact_name_comes_before_a_learned_one():
    assert found(columns("mobile", "phone"), {"mobile": "phone"}) == {"phone": ("phone", EXACT)}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Telephone Number", "phone"),
        ("Mobile", "phone"),
        ("Customer Ref", "reference"),
        ("Forename", "first_name"),
        ("Zip", "postcode"),
        ("Post cde", "postcode"),
    ],
)
def test_similar_names_are_guesses(name, meant):
    assert found(columns(name)) == {name: (meant, SIMILAR)}


@pytest.mark.parametrize("name", ["phone2", "surname", "Preferred contact", "offer", "x", "", "Email"])
def test_what_is_not_sound_is_no_guess(name):
    assert found(columns(name)) == {}


def test_cells_overrule_a_similar_name():
    assert found(columns("Telephone", Telephone=TEXT)) == {}
    assert found(columns("Telephone", Telephone=PHONE)) == {"Telephone": ("phone", SIMILAR)}
    assert found(columns("Forename", Forename=PHONE)) == {}


def test_each_column_is_taken_once_and_the_first_of_two_alike():
    assert found(columns("Mobile", "Telephone")) == {"Mobile": ("phone", SIMILAR)}


@pytest.mark.parametrize(
    ("one", "other", "is_alike"),
    [
        ("phone", "phone1", True),
        ("phone", "phone2", False),
        ("address1", "address2", False),
        ("surname", "first name", False),
        ("adress", "address", True),
        ("home phone", "work phone", False),
        ("town", "City", True),
    ],
)
def test_similarity_knows_what_only_looks_alike(one, other, is_alike):
    assert (similarity(one, other) > 0) is is_alike
    assert similarity(one, other) == similarity(other, one)


def test_targets_of_a_new_mapping_by_all_three_steps():
    listed = columns("Mobile", "Kundennr", "Fornames", "Renewal", Mobile=PHONE, Kundennr=NUMBER)
    guesses = match_targets(MaxContactBulk.targets, listed, {"kundennr": "reference"})
    assert {place: tuple(guess) for place, guess in guesses.items()} == {
        0: ("phone", EXACT),
        1: ("reference", LEARNED),
        2: ("name", SIMILAR),
    }


def test_column_called_number_that_holds_words_is_no_phone():
    assert match_targets(MaxContactBulk.targets, columns("Number", Number=TEXT), {}) == {}


def test_most_mappings_decide_what_is_learned():
    fields = [{"Kundennr": "reference"}, {"kundennr": "other_info"}, {"KUNDENNR": "reference"}]
    assert learned_targets(fields) == {"kundennr": "reference"}


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["07700 900123", "+447700900124", "7700900125"], PHONE),
        (["07700900123", "", "n/a"], TEXT),
        (["4.47701E+11", "07700900124"], PHONE),
        (["a@example.com", "b@example.com"], EMAIL),
        (["2026-05-03", "1/2/2026"], DATE),
        (["LS1 4DY", "m1 1ae"], POSTCODE),
        (["12", "1,200.50", "£30"], NUMBER),
        (["2024", "1999"], NUMBER),
        (["", " "], EMPTY),
        ([], EMPTY),
    ],
)
def test_kind_of_cells(cells, kind):
    assert kind_of(cells, shapes_of("GB")) == kind


def test_share_of_empty_cells_is_never_rounded_to_none_or_all():
    assert FileColumn(0, "x", empty=0.001).empty_percent == 1
    assert FileColumn(0, "x", empty=0.999).empty_percent == 99
    assert FileColumn(0, "x", empty=0.0).empty_percent == 0
    assert FileColumn(0, "x", empty=1.0).empty_percent == 100
