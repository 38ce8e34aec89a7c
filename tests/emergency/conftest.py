"""A holder of the handle, a supervisor who may look, and no trace of what an earlier test pulled."""

from collections.abc import Iterator

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from maxops.emergency import journal, readings, records
from maxops.sandbox.server import Sandbox

ENABLE = "globalemergency/enable"
DISABLE = "globalemergency/disable"


def forget() -> None:
    for path in (journal.place(), readings.place()):
        path.unlink(missing_ok=True)
    records.glance.forget()
    records.retry.after = 0.0


@pytest.fixture(autouse=True)
def clean_record(settings) -> Iterator[None]:
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a folder that is not there
    forget()
    yield
    forget()


def person(login: str, *permissions: str) -> Client:
    user = get_user_model().objects.create_user(login, password="x")
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def holder(db) -> Client:
    return person("h.keeper", "pull_handle", "view_event")


@pytest.fixture
def supervisor(db) -> Client:
    return person("s.viewer", "view_event")


@pytest.fixture
def manager(db) -> Client:
    return person("m.starter", "view_event", "view_campaign", "change_campaign")


def enables(sandbox: Sandbox) -> int:
    return sent(sandbox, ENABLE)


def disables(sandbox: Sandbox) -> int:
    return sent(sandbox, DISABLE)


def sent(sandbox: Sandbox, path: str) -> int:
    """Calls with a valid token; one turned away for an old token is followed by the same call with a new one."""
    return len([entry for entry in sandbox.journal.find("POST", path) if entry["status"] != 401])


def running_ids(sandbox: Sandbox) -> list[int]:
    return sorted(pk for pk, row in sandbox.state.records["Campaign"].items() if row["Status"] == 1)
