"""Dates as people in the United Kingdom write them in a control room: day first, 24 hours."""

from datetime import UTC, datetime

import pytest
from django.utils import formats


@pytest.fixture
def _ours(settings):
    settings.FORMAT_MODULE_PATH = "maxops.console.formats"
    formats.reset_format_cache()
    yield
    formats.reset_format_cache()


@pytest.mark.usefixtures("_ours")
def test_moments_are_written_with_24_hours():
    moment = datetime(2026, 3, 7, 14, 5, tzinfo=UTC)
    assert formats.date_format(moment, "DATETIME_FORMAT") == "7 Mar 2026, 14:05"
    assert formats.date_format(moment, "SHORT_DATETIME_FORMAT") == "07/03/2026 14:05"
    assert formats.time_format(moment) == "14:05"
