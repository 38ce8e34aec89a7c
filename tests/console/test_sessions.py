"""A press that meets an ended session: told on the log-in page, carried out nowhere, led back to where it came from."""

import pytest
from django.conf import settings as configured
from django.test import Client

DJANGOS = "django.contrib.auth.middleware.LoginRequiredMiddleware"
OURS = "maxops.console.sessions.SessionMiddleware"
FORM = "/admin/campaigns/campaign/1/change/"


@pytest.fixture
def stranger(settings, db) -> Client:
    settings.MIDDLEWARE = [OURS if name == DJANGOS else name for name in configured.MIDDLEWARE]
    return Client()


def test_press_after_the_session_ended_says_that_nothing_was_saved(stranger):
    response = stranger.post(
        FORM, {"name": "Renamed"}, headers={"referer": f"http://testserver{FORM}?_changelist_filters=q"}
    )
    where = response.headers["Location"]
    assert (
        where
        == "/accounts/login/?next=%2Fadmin%2Fcampaigns%2Fcampaign%2F1%2Fchange%2F%3F_changelist_filters%3Dq&ended=1"
    )
    assert "Your session had ended; nothing was saved" in stranger.get(where).content.decode()


def test_plain_visit_is_asked_to_log_in_without_alarm(stranger):
    where = stranger.get(FORM).headers["Location"]
    assert where == f"/accounts/login/?next={FORM}"
    assert "had ended" not in stranger.get(where).content.decode()


@pytest.mark.parametrize("referrer", ["", "https://elsewhere.example/page"])
def test_press_from_nowhere_known_leads_to_the_board(referrer, stranger):
    response = stranger.post("/board/read/", headers={"referer": referrer})
    assert response.headers["Location"] == "/accounts/login/?next=%2F&ended=1"


def test_log_in_itself_needs_no_session(stranger):
    assert stranger.post("/accounts/login/", {"username": "a", "password": "b"}).status_code == 200
