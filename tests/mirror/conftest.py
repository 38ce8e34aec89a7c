"""A manager who may edit, a supervisor who may look, and the dialler read once."""

import pytest
from django.test import Client

from maxops.mirror.models import mirrored_models
from maxops.mirror.pull import pull
from maxops.remote import http
from maxops.sandbox.server import Sandbox
from tests.mirror.browsing import client_of


@pytest.fixture
def manager(db) -> Client:
    return client_of("m.naidu", "view", "add", "change")


@pytest.fixture
def supervisor(db) -> Client:
    return client_of("s.viewer", "view")


@pytest.fixture
def mirrored(connected: Sandbox, db, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The stand-in, read whole, with an empty journal; what is repeated is repeated soon."""
    monkeypatch.setattr(http, "FIRST_WAIT_SECONDS", 0.01)
    for kind in mirrored_models():
        pull(kind)
    connected.journal.clear()
    return connected
