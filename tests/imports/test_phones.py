"""The shape of numbers as people and spreadsheets write them."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maxops.imports.findings import KINDS
from maxops.imports.phones import shapes_of
from maxops.imports.vector_phones import PhoneColumn

REGIONS = ["GB", "US", "DE", "RU", "IT", "FR", "MX", "HU", "IE"]
WRITTEN = st.one_of(
    st.text('0123456789+ ()-.eE\u00a0xO\t,"', max_size=16),
    st.from_regex(r"(\+|00)?(44|49|1|7|39|33|52|36|353)?(\(?0\)?|1|8|06)? ?[1-9][0-9 ]{5,11}", fullmatch=True),
)


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


def test_north_americas_1_and_russias_8_may_be_left_out():
    assert shapes_of("US").judge("12125550123") == shapes_of("US").judge("2125550123") == ("", 2125550123)
    assert shapes_of("RU").judge("88001234567") == shapes_of("RU").judge("8001234567") == ("", 8001234567)


@settings(deadline=None, max_examples=300)
@given(cells=st.lists(WRITTEN, min_size=1, max_size=12), region=st.sampled_from(REGIONS), is_quoted=st.booleans())
def test_a_whole_column_is_judged_as_its_cells_are(cells, region, is_quoted):
    shapes = shapes_of(region)
    quoted = [f'"{cell.replace(chr(34), chr(34) * 2)}"' if is_quoted or '"' in cell else cell for cell in cells]
    block, starts, stops = b"", [], []
    for cell in quoted:
        starts.append(len(block))
        block += cell.encode()
        stops.append(len(block))
        block += b","
    found = PhoneColumn(shapes).read(numpy.frombuffer(block, numpy.uint8), numpy.array(starts), numpy.array(stops))
    for cell, code, key, taken in zip(cells, *found, strict=True):
        kind, number = shapes.judge(cell)
        assert not taken or (code, key) == (KINDS[kind].code if kind else 0, number or 0), cell
        assert taken or (code, key) == (0, 0)


@pytest.mark.parametrize("written", ["07700900123", "+447700900123", "0044 7700 900123", "7700900123", "020 7946 0123"])
def test_usual_ways_to_write_a_number_are_taken_without_a_look_at_each(written):
    block = written.encode() + b","
    column = PhoneColumn(shapes_of("GB"))
    found = column.read(numpy.frombuffer(block, numpy.uint8), numpy.array([0]), numpy.array([len(written)]))
    assert found.taken.all()
    assert found.keys[0] == shapes_of("GB").judge(written)[1]
