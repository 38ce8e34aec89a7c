"""Numbers that occur twice in a file, found again after its rows were corrected."""

from array import array

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maxops.imports import repeats
from maxops.imports.files import KEY, RunFiles
from maxops.imports.findings import KINDS
from maxops.imports.repeats import mark_repeats

REPEAT, HELD, TOLD = (KINDS[kind].code for kind in ("duplicate_in_file", "phone_lost_zero", "phone_international"))
ANY_TEST = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@pytest.fixture
def files(tmp_path):
    files = RunFiles(tmp_path, 1)
    files.folder.mkdir()
    return files


def leave(files, keys, codes):
    files.keys.write_bytes(array(KEY, keys).tobytes())
    files.codes.write_bytes(bytes(codes))


@pytest.mark.parametrize("is_fast", [True, False])
def test_the_first_row_that_nothing_holds_back_is_kept(files, is_fast):
    leave(files, [7, 7, 7, 8, 0, 0, 7], [HELD, TOLD, 0, 0, 0, 0, HELD])
    assert mark_repeats(files, is_fast=is_fast) == 1
    assert list(files.codes.read_bytes()) == [HELD, TOLD, REPEAT, 0, 0, 0, HELD]


@pytest.mark.parametrize("is_fast", [True, False])
def test_corrected_rows_are_compared_anew(files, is_fast):
    leave(files, [7, 7, 8, 9], [0, REPEAT, REPEAT, HELD])
    assert mark_repeats(files, is_fast=is_fast) == 1
    leave(files, [7, 6, 8, 8], [0, REPEAT, 0, 0])
    assert mark_repeats(files, lambda row: TOLD if row == 1 else 0, is_fast=is_fast) == 1
    assert list(files.codes.read_bytes()) == [0, TOLD, 0, REPEAT]


@ANY_TEST
@given(
    rows=st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0, HELD, TOLD, REPEAT])), max_size=40),
    chunk=st.integers(1, 12),
    is_fast=st.booleans(),
)
def test_repeats_are_those_a_set_finds(files, rows, chunk, is_fast):
    leave(files, [key for key, _ in rows], [code for _, code in rows])
    seen, expected = set(), []
    for key, code in rows:
        code = 0 if code == REPEAT else code
        if key and code != HELD:
            code = REPEAT if key in seen else code
            seen.add(key)
        expected.append(code)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(repeats, "CHUNK", chunk)
        assert mark_repeats(files, is_fast=is_fast) == expected.count(REPEAT)
    assert list(files.codes.read_bytes()) == expected
