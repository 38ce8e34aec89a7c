"""Drift between the tables and the models stops the process, and so does a half-filled connection."""

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from maxops.campaigns.models import Campaign
from maxops.mirror.checks import check_connection, compare
from maxops.remote.fields import Field
from maxops.remote.kinds import INT, TEXT
from maxops.remote.maxcontact.entities import CAMPAIGN


def test_models_fit_their_tables():
    call_command("check")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ((*CAMPAIGN.fields, Field("wrap_up_time", "WrapUpTime", INT)), "mirror.E001"),
        ((*CAMPAIGN.fields[:-1], Field("status", "Status", TEXT)), "mirror.E001"),
        (CAMPAIGN.fields[:-1], "mirror.W001"),
    ],
    ids=["row without column", "column of another kind", "column nobody fills"],
)
def test_drift_is_found(fields, found, monkeypatch):
    monkeypatch.setattr(Campaign, "entity", replace(CAMPAIGN, fields=fields))
    assert [message.id for message in compare(Campaign)] == [found]


@pytest.mark.parametrize("missing", ["MAXCONTACT_URL", "MAXCONTACT_LOGIN", "MAXCONTACT_PASSWORD"])
def test_half_filled_connection_fails_by_name(missing, settings):
    names = ("MAXCONTACT_URL", "MAXCONTACT_LOGIN", "MAXCONTACT_PASSWORD")
    for name, value in zip(names, ("https://acme.example", "api", "secret"), strict=True):
        setattr(settings, name, "" if name == missing else value)
    with pytest.raises(SystemCheckError, match=missing):
        call_command("check")


def test_unknown_scheme_fails_and_none_at_all_is_fine(settings):
    assert check_connection() == []
    settings.MAXCONTACT_URL, settings.MAXCONTACT_LOGIN, settings.MAXCONTACT_PASSWORD = "https://acme.example", "a", "b"
    settings.MAXCONTACT_AUTH_SCHEME = "digest"
    [message] = check_connection()
    assert "MAXCONTACT_AUTH_SCHEME" in message.msg
