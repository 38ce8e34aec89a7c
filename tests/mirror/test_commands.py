"""`pull` and `check_connections`: JSON on standard output only, exit codes, sentences for people."""

import json

import pytest
from django.core.management import CommandError, call_command

from maxops.campaigns.models import Campaign
from maxops.lists.models import LeadList

KEYS = {"read", "created", "changed", "unchanged", "missing", "seconds", "reading"}


def test_pull_answers_every_kind_in_json(connected, db, capsys):
    call_command("pull", json=True)
    answer = json.loads(capsys.readouterr().out)
    assert list(answer) == ["campaigns", "lists", "teams", "users"]
    assert all(set(counts) == KEYS for counts in answer.values())
    assert (answer["campaigns"]["read"], answer["campaigns"]["created"]) == (12, 12)


def test_pull_takes_only_the_kinds_named(connected, db, capsys):
    call_command("pull", "lists", "teams")
    told = capsys.readouterr().out
    assert [line.split(":")[0] for line in told.splitlines()] == ["lists", "teams"]
    assert not Campaign.objects.exists()


def test_unknown_kind_is_a_wrong_word(db):
    with pytest.raises(CommandError, match="invalid choice"):
        call_command("pull", "leads")


def test_loss_is_refused_with_exit_one_until_accepted(mirrored, capsys):
    for pk in range(1, 11):
        del mirrored.state.records["List"][pk]
    with pytest.raises(CommandError, match="over a third") as refused:
        call_command("pull", "lists", "users", json=True)
    assert refused.value.returncode == 1
    answer = json.loads(capsys.readouterr().out)
    assert "error" in answer["lists"]
    assert answer["users"]["read"] == 60
    call_command("pull", "lists", accept_loss=True, json=True)
    assert json.loads(capsys.readouterr().out)["lists"]["missing"] == 10
    assert LeadList.objects.exclude(missing_since=None).count() == 10


def test_dry_run_names_what_would_change(mirrored, capsys):
    mirrored.state.records["Campaign"][1]["CampaignName"] = "Changed in the Portal"
    call_command("pull", "campaigns", dry_run=True)
    told = capsys.readouterr().out
    assert "nothing written" in told
    assert "-> Changed in the Portal" in told


def test_dialler_away_fails_once_for_all(mirrored, settings, capsys):
    settings.MAXCONTACT_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="stands unchanged"):
        call_command("pull", json=True)
    assert all("error" in answer for answer in json.loads(capsys.readouterr().out).values())


def test_nothing_configured_is_named(db, settings):
    settings.MAXCONTACT_URL = settings.MAXCONTACT_LOGIN = settings.MAXCONTACT_PASSWORD = ""
    with pytest.raises(CommandError, match="MAXCONTACT_URL"):
        call_command("pull")
    with pytest.raises(CommandError, match="MAXCONTACT_URL"):
        call_command("check_connections")


def test_connection_is_tried_and_told(connected, capsys):
    call_command("check_connections", json=True)
    answer = json.loads(capsys.readouterr().out)["maxcontact"]
    assert answer["ok"] is True
    assert set(answer) == {"ok", "seconds", "detail"}


def test_wrong_password_fails_the_check(connected, settings, capsys):
    settings.MAXCONTACT_PASSWORD = "wrong"
    with pytest.raises(CommandError, match="maxcontact"):
        call_command("check_connections", json=True)
    assert json.loads(capsys.readouterr().out)["maxcontact"]["ok"] is False
