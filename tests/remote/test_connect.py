"""From settings and cache to ready clients."""

import pytest
from django.core.cache import cache

from maxops.remote import connect
from maxops.remote.connect import check, configured_systems, maxcontact
from maxops.remote.errors import MaxopsConfigError, RemoteError
from tests.remote.scripted import says, scripted


class BrokenCache:
    def __getattr__(self, name):
        raise ConnectionError("cache is down")


def test_clients_read_with_the_settings(connected):
    assert maxcontact().management.campaigns.all()


def test_clients_are_kept_until_the_settings_change(connected, settings):
    first = maxcontact()
    assert maxcontact() is first
    settings.MAXCONTACT_AUTH_SCHEME = "bare"
    second = maxcontact()
    assert second is not first
    assert second.management.teams.all()
    assert connected.journal.find("GET", "login")[-1]["authorization"] == "bare"


def test_processes_share_one_log_in_by_the_cache(connected):
    for _ in range(3):
        connect._connect.cache_clear()
        maxcontact().management.teams.all()
    assert connected.state.logins == 1


def test_broken_cache_stops_no_call(connected, monkeypatch, caplog):
    monkeypatch.setattr(connect, "cache", BrokenCache())
    connect._connect.cache_clear()
    assert maxcontact().management.teams.all()
    assert "cache" in caplog.text


@pytest.mark.parametrize("rubbish", ["rubbish", {"at": 0}, {"key": "k", "given": None, "life": "long"}])
def test_odd_cache_content_stops_no_call(connected, rubbish):
    maxcontact().management.teams.all()
    for key in kept_keys():
        cache.set(key, rubbish)
    connect._connect.cache_clear()
    assert maxcontact().management.teams.all()


def kept_keys():
    session = maxcontact().session
    return [session._store_key, session._store_key + "-refused"]


def test_password_is_no_part_of_a_cache_key(connected):
    assert all(connected.password not in key for key in kept_keys())


@pytest.mark.parametrize("name", ["MAXCONTACT_URL", "MAXCONTACT_LOGIN", "MAXCONTACT_PASSWORD"])
def test_missing_setting_is_named(connected, settings, name):
    setattr(settings, name, "")
    with pytest.raises(MaxopsConfigError, match=name) as caught:
        maxcontact()
    assert not isinstance(caught.value, RemoteError)
    assert configured_systems() == ["maxcontact"]
    ok, _, detail = check("maxcontact")
    assert not ok
    assert name in detail


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MAXCONTACT_URL", "acme.maxcontact.com"),
        ("MAXCONTACT_URL", "ftp://acme.maxcontact.com"),
        ("MAXCONTACT_URL", "https://user:pw@acme.maxcontact.com"),
        ("MAXCONTACT_URL", "http://[broken"),
        ("MAXCONTACT_AUTH_SCHEME", "digest"),
        ("MAXCONTACT_PASSWORD", "pässword"),
    ],
)
def test_wrong_setting_is_named(connected, settings, name, value):
    setattr(settings, name, value)
    with pytest.raises(MaxopsConfigError, match=name):
        maxcontact()


def test_nothing_set_means_no_system(settings):
    for name in connect.REQUIRED:
        setattr(settings, name, "")
    assert configured_systems() == []


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://acme.maxcontact.com", "https://acme.maxcontact.com/webservices/services"),
        ("https://acme.maxcontact.com/", "https://acme.maxcontact.com/webservices/services"),
        ("https://acme.maxcontact.com/webservices/services/", "https://acme.maxcontact.com/webservices/services"),
        ("https://acmeapi.maxcontact.com/acmeapi/services", "https://acmeapi.maxcontact.com/acmeapi/services"),
        ("http://127.0.0.1:8100/dialler", "http://127.0.0.1:8100/dialler/webservices/services"),
    ],
)
def test_address_gets_the_documented_path(url, base):
    assert connect._base_url(url) == base


def test_check_logs_in_and_reads(connected):
    ok, seconds, detail = check("maxcontact")
    assert ok
    assert seconds < 5
    assert detail == f"Logged in and read {len(connected.state.records['Campaign'])} campaigns."
    assert {entry["method"] for entry in connected.journal.entries} == {"GET"}


def test_check_says_why_it_failed(connected, settings):
    settings.MAXCONTACT_PASSWORD = "wrong"
    ok, _, detail = check("maxcontact")
    assert not ok
    assert "refused the API account's log-in" in detail
    assert "wrong" not in detail


def test_check_recognises_a_wrong_address(settings):
    with scripted(says(b"<html><body>Welcome</body></html>", content_type="text/html")) as server:
        settings.MAXCONTACT_URL, settings.MAXCONTACT_LOGIN, settings.MAXCONTACT_PASSWORD = server.url, "a", "b"
        ok, _, detail = check("maxcontact")
    assert not ok
    assert "should check MAXCONTACT_URL" in detail
