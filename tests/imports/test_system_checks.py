"""What `manage.py check` says of the settings of leads in."""

import pytest
from django.core.checks import run_checks


@pytest.mark.parametrize("base", ["auto", "record", "file"])
def test_known_line_base_passes(settings, base):
    settings.MAXCONTACT_LINE_BASE = base
    assert [error for error in run_checks() if error.id == "imports.E001"] == []


def test_unknown_line_base_fails_the_check_with_the_words_that_are_possible(settings):
    settings.MAXCONTACT_LINE_BASE = "header"
    (error,) = [error for error in run_checks() if error.id == "imports.E001"]
    assert "auto, record, file" in error.msg
