"""The frame around every page: navigation by permission, the emergency button for holders only, one policy for all."""

import re

import pytest

from maxops.campaigns.models import Campaign
from maxops.mirror.models import Reading

PAGES = (
    "/",
    "/?show=running&q=a",
    "/admin/",
    "/admin/campaigns/",
    "/admin/campaigns/campaign/",
    "/admin/campaigns/campaign/?status__exact=1&q=a",
    "/admin/lists/leadlist/",
    "/admin/teams/team/",
    "/admin/users/user/",
    "/admin/mirror/ledger/",
    "/admin/mirror/reading/",
    "/sync/",
    "/sync/?each=1",
    "/sync/{reading}/",
    "/sync/history/",
    "/audit/",
    "/audit/?start=yesterday",
    "/imports/",
    "/imports/new/",
    "/imports/mappings/",
    "/emergency/",
    "/accounts/password/",
    "/accounts/password/done/",
)
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=\"|javascript:", re.IGNORECASE)


def at(address: str) -> str:
    return address.format(reading=Reading.objects.latest("pk").pk)


@pytest.fixture
def everything(log_in):
    return log_in("Manager", "Emergency")


@pytest.mark.parametrize("address", PAGES)
def test_pages_keep_the_strict_policy(pulled, everything, address):
    response = everything.get(at(address))
    assert response.status_code == 200
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert not INLINE.findall(response.content.decode())


def test_forms_of_the_dialler_keep_the_strict_policy(pulled, everything):
    response = everything.get(f"/admin/campaigns/campaign/{Campaign.objects.first().pk}/change/")
    assert response.status_code == 200
    assert not INLINE.findall(response.content.decode())


def test_nothing_is_loaded_from_elsewhere(pulled, everything):
    for address in ("/", "/admin/campaigns/campaign/"):
        page = everything.get(address).content.decode()
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_emergency_button_is_on_every_page_of_holders(pulled, everything):
    for address in PAGES:
        assert 'class="handle" href="/emergency/#stop"' in everything.get(at(address)).content.decode(), address


def test_emergency_button_is_not_drawn_for_others(pulled, log_in):
    client = log_in("Manager")
    for address in ("/", "/admin/campaigns/campaign/"):
        assert 'class="handle"' not in client.get(address).content.decode()


def test_navigation_offers_only_what_may_be_opened(pulled, log_in):
    supervisor = log_in("Supervisor").get("/").content.decode()
    assert 'href="/imports/"' in supervisor
    assert 'href="/imports/new/"' not in supervisor
    assert 'href="/admin/auth/user/"' not in supervisor
    for address in ("/sync/", "/audit/", "/admin/mirror/namedid/"):
        assert f'href="{address}"' in supervisor
    emergency = log_in("Emergency").get("/emergency/").content.decode()
    assert 'href="/sync/"' not in emergency
    assert 'href="/audit/"' not in emergency
    assert 'href="/imports/new/"' in log_in("Manager").get("/").content.decode()


def test_navigation_marks_the_page_that_is_open(pulled, log_in):
    client = log_in("Manager")
    for address in ("/", "/admin/campaigns/campaign/", "/imports/", "/imports/new/", "/sync/", "/audit/"):
        page = client.get(address).content.decode()
        assert re.findall(r'<a href="([^"]+)" aria-current="page">', page) == [address]


def test_registers_of_what_happened_are_reached_through_all_registers_alone(pulled, log_in):
    client = log_in("Supervisor")
    for address in ("/admin/mirror/ledger/", "/admin/mirror/reading/"):
        assert f'href="{address}"' not in client.get("/").content.decode()
        assert f'href="{address}"' in client.get("/admin/").content.decode()


def test_account_menu_logs_out_by_post_only(log_in):
    client = log_in("Supervisor")
    assert client.get("/accounts/logout/").status_code == 405
    assert client.post("/accounts/logout/").status_code == 302
    assert client.get("/").headers["Location"].startswith("/accounts/login/")
