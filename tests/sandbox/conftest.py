"""A caller of the stand-in that has logged in."""

import pytest

from maxops.sandbox import Sandbox
from tests.sandbox.caller import Caller


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    caller = Caller(sandbox)
    caller.log_in()
    return caller
