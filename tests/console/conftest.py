"""People of each group, a board that looks anew in every test, and the dialler's campaigns as the stand-in has them."""

import time
from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.test import Client

from maxops.console.board import glance
from maxops.console.groups import grant
from maxops.mirror import watch


@pytest.fixture(autouse=True)
def _fresh_board():
    """Looked at a moment ago, so that a look asks for no reading of its own; nothing drawn is kept."""
    glance.forget()
    watch._noted["at"] = time.monotonic()
    yield
    glance.forget()


@pytest.fixture
def log_in(db) -> Callable[..., Client]:
    """A browser in which a member of these groups is logged in."""
    grant(apps)  # a transactional test elsewhere may have emptied the tables since the migration

    def client_for(*groups: str) -> Client:
        account = get_user_model().objects.create_user("-".join(groups).lower() or "nobody")
        account.groups.set(Group.objects.filter(name__in=groups))
        client = Client()
        client.force_login(account)
        return client

    return client_for


@pytest.fixture
def pulled(connected, db):
    """The stand-in's campaigns, lists, teams and users, read once."""
    call_command("pull", verbosity=0)
    return connected
