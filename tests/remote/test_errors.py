"""What an error tells its catcher."""

import copy

import pytest

from maxops.remote import errors

KINDS = [
    errors.Unreachable,
    errors.Busy,
    errors.Unanswered,
    errors.Garbled,
    errors.Refused,
    errors.NotAuthorised,
    errors.NotFound,
    errors.TooLarge,
]


@pytest.mark.parametrize("kind", KINDS)
def test_error_survives_a_copy(kind):
    error = kind("No.", operation="read", detail="x", fields={"name": "taken"})
    again = copy.deepcopy(error)
    assert type(again) is kind
    assert (str(again), again.operation, again.detail, again.fields) == ("No.", "read", "x", {"name": "taken"})


def test_only_certainty_is_called_no():
    certain = {kind for kind in KINDS if kind.taken == "no"}
    assert certain == set(KINDS) - {errors.Unanswered, errors.Garbled}


def test_detail_is_cut():
    assert len(errors.Garbled("x", detail="y" * 10_000).detail) == errors.DETAIL_LIMIT


def test_wrong_setup_is_no_remote_error():
    assert not issubclass(errors.MaxopsConfigError, errors.RemoteError)
