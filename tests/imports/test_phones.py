"""The shape of numbers as people and spreadsheets write them."""

import pytest

from maxops.imports.phones import shapes_of


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("07700900123", ""),
        ("020 7946 0123", ""),
        ("(0161) 496-0123", ""),
        (" 01632 960123\u00a0", ""),
        ("+44 7700 900123", "phone_international"),
        ("0044 7700 900123", "phone_international"),
        ("+44 (0)7700 900123", "phone_international"),
        ("447700900123", "phone_international"),
        ("+353 1 234 5678", "phone_international"),
        ("7700900123", "phone_lost_zero"),
        ("7.7009E+09", "phone_spreadsheet"),
        ("4,41E+11", "phone_spreadsheet"),
        ("", "phone_empty"),
        ("   ", "phone_empty"),
        ("n/a", "phone_shape"),
        ("-", "phone_shape"),
        ("0770090012O", "phone_shape"),
        ("077009", "phone_shape"),
        ("07700900123456789", "phone_shape"),
        ("٠٧٧٠٠٩٠٠١٢٣", "phone_shape"),
    ],
)
def test_number_is_judged_by_its_shape(written, kind):
    assert shapes_of("GB").judge(written)[0] == kind


@pytest.mark.parametrize("written", ["07700 900123", "+44 7700 900123", "00447700900123", "7700900123"])
def test_one_number_has_one_key_however_written(written):
    assert shapes_of("GB").judge(written)[1] == shapes_of("GB").key("07700900123")


def test_unknown_region_is_refused_in_words():
    with pytest.raises(ValueError, match="MAXOPS_PHONE_REGION"):
        shapes_of("ZZ")


def test_other_regions_have_their_own_shapes():
    assert shapes_of("DE").judge("030 123456")[0] == ""
    assert shapes_of("US").judge("(212) 555-0123")[0] == ""
