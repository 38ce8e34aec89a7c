"""A run driven to its end in the caller's own process, as the commands do it: no worker is needed, none disturbs.

Stored answers are settled here as well; only the callback itself needs a web server to arrive at.
"""

import time

from maxops.imports import delivery, intake, matching
from maxops.imports.models import Run

PAUSE = 0.25
DONE = frozenset({"finished", "finished_with_rejects", "no_answer", "failed", "cancelled", "ready"})


def wait_for(run: Run, seconds: float) -> Run:
    """The run as it is once nothing more is to come, or the time is up."""
    end = time.monotonic() + seconds
    while True:
        advance(run)
        run.refresh_from_db()
        left = end - time.monotonic()
        if is_settled(run) or left <= 0:
            return run
        time.sleep(min(PAUSE, left))


def advance(run: Run) -> None:
    run.refresh_from_db()
    if run.state in (Run.State.RECEIVED, Run.State.CHECKING):
        intake.check(run.pk)
    elif run.state == Run.State.SENDING:
        delivery.deliver(run.pk)
    matching.settle_open(run.mapping)


def is_settled(run: Run) -> bool:
    if run.state in DONE:
        return True
    return run.state in (Run.State.INTERRUPTED, Run.State.PARTLY_SENT) and not run.waiting and not run.unknown
