"""Fixtures for all tests: one stand-in of the remote systems for the session, reset before each test that uses it."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from maxops.sandbox.server import Sandbox

LOGIN = "api.maxops"
PASSWORD = "sandbox-password"


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    with Sandbox(port=0, login=LOGIN, password=PASSWORD) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Sandbox:
    """The stand-in as if just started, with the demo's campaigns, lists, teams and users."""
    running_sandbox.reset()
    return running_sandbox


@pytest.fixture
def connected(sandbox: Sandbox, settings) -> Sandbox:
    """The stand-in, with maxops' settings pointing at it and no token kept from before."""
    settings.MAXCONTACT_URL = sandbox.url
    settings.MAXCONTACT_LOGIN = LOGIN
    settings.MAXCONTACT_PASSWORD = PASSWORD
    cache.clear()
    return sandbox
