"""Fixtures for all tests: one stand-in of the remote systems for the session, reset before each test that uses it."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from maxops.mirror import looks
from maxops.sandbox.server import Sandbox
from tests.installation import Installation

LOGIN = "api.maxops"
PASSWORD = "sandbox-password"


@pytest.fixture(autouse=True)
def nothing_seen_before() -> None:
    """What a process remembers for a second must not reach the next test."""
    looks.readings.forget()
    looks.registers.forget()


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


@pytest.fixture
def installation(tmp_path, sandbox: Sandbox) -> Iterator[Installation]:
    """A whole maxops beside the stand-in, migrated, with the demo's log-ins; nothing started yet."""
    whole = Installation(tmp_path, MAXCONTACT_URL=sandbox.url, MAXCONTACT_LOGIN=LOGIN, MAXCONTACT_PASSWORD=PASSWORD)
    whole.prepare()
    yield whole
    whole.stop()
