"""Two people in the same moment: real threads, the second beginning while the first waits for the dialler."""

import time
from collections.abc import Callable
from threading import Thread
from typing import Any

from django.db import connection

from maxops.mirror.errors import Occupied
from maxops.remote.errors import Refused
from maxops.sandbox.server import Sandbox


def at_once(sandbox: Sandbox, first: Callable[[], Any], second: Callable[[], Any]) -> list[Exception]:
    """The second begins while the first waits for the answer to its first question."""
    troubles: list[Exception] = []

    def work(act: Callable[[], Any]) -> None:
        try:
            act()
        except (Refused, Occupied) as trouble:
            troubles.append(trouble)
        finally:
            connection.close()

    threads = [Thread(target=work, args=[act]) for act in (first, second)]
    threads[0].start()
    while threads[0].is_alive() and not sandbox.journal.entries:
        time.sleep(0.01)
    threads[1].start()
    for thread in threads:
        thread.join()
    return troubles


def slowly(sandbox: Sandbox, what: str) -> None:
    """What was read is half a second old before its reader gets to write."""
    sandbox.faults.add(what, "slow_after", seconds=0.5)
