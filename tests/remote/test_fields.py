"""Kinds read what either wire format may hold, and write what the other side wants back."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
import time_machine
from hypothesis import assume, given
from hypothesis import strategies as st

from maxops.remote.codec import encode
from maxops.remote.fields import Textual
from maxops.remote.kinds import DECIMAL, FLAG, INT, SECRET, TEXT, WHEN, choice, choice_name
from maxops.remote.maxcontact.choices import CampaignStatus, CampaignType, ZipTone
from maxops.remote.maxcontact.entities import CAMPAIGN, ENTITIES, LIST, USER


@pytest.mark.parametrize(
    ("kind", "wire", "value"),
    [
        (INT, 12, 12),
        (INT, "12", 12),
        (INT, " 12 ", 12),
        (INT, Decimal("12.0"), 12),
        (INT, None, None),
        (INT, "", None),
        (TEXT, "x", "x"),
        (TEXT, None, ""),
        (TEXT, 1132, "1132"),
        (FLAG, True, True),
        (FLAG, "true", True),
        (FLAG, "False", False),
        (FLAG, "0", False),
        (FLAG, 1, True),
        (FLAG, None, None),
        (DECIMAL, Decimal("7.50"), Decimal("7.50")),
        (DECIMAL, "7.5", Decimal("7.5")),
        (DECIMAL, 3, Decimal(3)),
        (DECIMAL, "", None),
        (SECRET, "hidden", None),
        (choice(CampaignStatus), 1, 1),
        (choice(CampaignStatus), "1", 1),
        (choice(CampaignStatus), "Not Running", 0),
        (choice(CampaignStatus), "NotRunning", 0),
        (choice(CampaignStatus), 17, 17),
        (choice(CampaignStatus), "Levitating", None),
        (choice(CampaignStatus), None, None),
        (choice(ZipTone), "None", 2),
    ],
)
def test_kind_reads_both_formats(kind, wire, value):
    assert kind.read(wire) == value
    assert type(kind.read(wire)) is type(value)


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (INT, "twelve"),
        (INT, "1.5"),
        (FLAG, "perhaps"),
        (DECIMAL, "NaN"),
        (WHEN, "yesterday"),
        (WHEN, "/Date(99999999999999999)/"),
        (INT, Decimal("1e99999")),
        (TEXT, {"a": 1}),
    ],
)
def test_kind_refuses_what_it_cannot_mean(kind, wire):
    with pytest.raises(ValueError, match=r"\w"):
        kind.read(wire)


@pytest.mark.parametrize(
    ("wire", "value"),
    [
        ("2026-03-01T09:30:00", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-03-01T09:30:00Z", datetime(2026, 3, 1, 9, 30, tzinfo=UTC)),
        ("2026-07-01T09:30:00.1234567+01:00", datetime(2026, 7, 1, 8, 30, 0, 123456, tzinfo=UTC)),
        ("2018-01-01T00:00:00.0000000+00:00", datetime(2018, 1, 1, tzinfo=UTC)),
        ("/Date(1514764800000)/", datetime(2018, 1, 1, tzinfo=UTC)),
        ("/Date(1514764800000+0100)/", datetime(2018, 1, 1, tzinfo=UTC)),
        ("/Date(-1000)/", datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("/Date(-62135596800000)/", None),
        ("", None),
        (None, None),
    ],
)
def test_dates_become_aware_utc(wire, value):
    assert WHEN.read(wire) == value


def test_dates_go_out_in_the_manner_they_came():
    when = datetime(2026, 7, 1, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    assert WHEN.write(when, None) == "2026-07-01T08:30:00Z"
    assert WHEN.write(when, "2020-01-01T00:00:00") == "2026-07-01T08:30:00Z"
    assert WHEN.write(when, "/Date(0)/") == "/Date(1782894600000)/"
    assert WHEN.write(None, "/Date(0)/") is None


def test_codes_go_out_in_the_manner_they_came():
    kind = choice(CampaignType)
    assert kind.write(CampaignType.PREVIEW, None) == 2
    assert kind.write(2, "1") == 2
    assert kind.write(2, "Progressive") == "Preview"
    assert choice_name(CampaignStatus).write(0, None) == "Not Running"


@given(st.datetimes(timezones=st.just(UTC)))
def test_any_moment_survives_the_wire(when):
    assume(when.year > 1)
    assert WHEN.read(WHEN.write(when, None)) == when


def test_record_keeps_raw_and_lacks_what_was_not_sent():
    wire = {"Id": 7, "CampaignName": "Boiler", "TargetDropPercent": Decimal("3.0"), "Mystery": [1, {"a": None}]}
    record = CAMPAIGN.read(wire)
    assert record == {"id": 7, "name": "Boiler", "target_drop_percent": Decimal("3.0")}
    assert record.raw == wire


def test_record_from_xml_has_values_and_a_raw_row_fit_for_json():
    wire = Textual(
        Id="7",
        ListName="Q1",
        ListType="Follow Campaign",
        AlertsEnabled="false",
        FetchWeight=None,
        MaxCallbackDate="2026-03-01T09:30:00",
        Mystery="9",
    )
    record = LIST.read(wire)
    assert record["list_type"] == 0
    assert record["alerts_enabled"] is False
    assert record["fetch_weight"] is None
    assert record.raw == {
        "Id": 7,
        "ListName": "Q1",
        "ListType": "Follow Campaign",
        "AlertsEnabled": False,
        "FetchWeight": None,
        "MaxCallbackDate": "2026-03-01T09:30:00",
        "Mystery": "9",
    }


def test_password_is_neither_read_nor_kept():
    record = USER.read({"Id": 3, "Login": "j.smith", "Password": "oops"})
    assert "password" not in record
    assert "Password" not in record.raw


def test_unreadable_value_names_its_field():
    with pytest.raises(ValueError, match=r"Campaign\.MaxLines"):
        CAMPAIGN.read({"Id": 1, "MaxLines": "many"})


def test_write_sends_only_what_is_given():
    assert CAMPAIGN.write({"name": "Boiler", "max_lines": None}) == {"CampaignName": "Boiler", "MaxLines": None}
    assert USER.write({"password": "s3cret"}) == {"Password": "s3cret"}


def test_names_are_unique_and_found():
    for entity in ENTITIES.values():
        assert len({field.attribute for field in entity.fields}) == len(entity.fields)
        assert len({field.wire for field in entity.fields}) == len(entity.fields)
        assert all(entity.field(field.attribute) is field for field in entity.fields)
    assert CAMPAIGN.verb("set_status").field.wire == "CampaignStatus"
    assert CAMPAIGN.link("teams").wire == "TeamId"
    with pytest.raises(KeyError):
        CAMPAIGN.field("nope")


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.path)
def test_row_survives_reading_and_writing(entity):
    """What was read goes back as the same JSON, across any time zone of the machine."""
    samples = {
        "int": 5,
        "text": "é <b>",
        "flag": True,
        "decimal": Decimal("2.50"),
        "when": "2026-03-01T09:30:00Z",
        "choice": 1,
    }
    wire = {field.wire: samples[field.kind.name] for field in entity.fields if not field.write_only}
    with time_machine.travel("2026-06-01"):
        record = entity.read(wire)
        assert encode(entity.write(dict(record), like=record.raw)) == encode(wire)
