"""One call of the handle, bounded in time, and what may be said of it afterwards (targets.md section 4).

Outcomes: accepted, refused, no (nothing was taken), unknown, not sent (no connection is configured).
"""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from maxops.emergency.models import Step, What
from maxops.remote.connect import maxcontact
from maxops.remote.errors import Busy, Refused, RemoteError, Unanswered

ENABLE = "emergency enable"
DISABLE = "emergency disable"
CALL_SECONDS = 9.0  # a log-in before the call included
LONGEST_WAIT = 3.0  # however long MaxContact asks us to wait when busy

Found = TypeVar("Found")


class Work(Generic[Found]):
    """Something asked of the dialler in a thread of its own: one that hangs on a dead connection is left behind."""

    def __init__(self, work: Callable[[], Found]) -> None:
        self.done = threading.Event()
        self.result: Found | None = None
        self.error: Exception | None = None
        threading.Thread(target=self.run, args=[work], daemon=True).start()

    def run(self, work: Callable[[], Found]) -> None:
        try:
            self.result = work()
        except (RemoteError, ImproperlyConfigured) as error:
            self.error = error
        except BaseException:
            self.error = Unanswered("Something went wrong on our side while MaxContact was asked: see the log.")
            raise
        finally:
            self.done.set()

    def wait(self, seconds: float) -> Found:
        if not self.done.wait(seconds):
            raise Unanswered(f"MaxContact did not answer within {seconds:g} seconds.")
        if self.error:
            raise self.error
        return self.result


def call(operation: str, by: str) -> tuple[Step, float]:
    """Send it once: the line for the timeline, and how long MaxContact wants us to wait before asking again."""
    step = Step(what=What.CALL, operation=operation, by=by, at=timezone.now())
    began = time.monotonic()
    wait = 0.0
    try:
        Work(lambda: send(operation)).wait(CALL_SECONDS)
    except Busy as error:
        step.outcome, step.text, wait = "no", error.message, min(error.retry_after or 0.0, LONGEST_WAIT)
    except Refused as error:
        step.outcome, step.text = "refused", error.message
    except RemoteError as error:
        step.outcome, step.text = error.taken, error.message
    except ImproperlyConfigured as error:
        step.outcome, step.text = "not sent", str(error)
    else:
        step.outcome, step.text = "accepted", "MaxContact accepted the request."
    step.seconds = round(time.monotonic() - began, 3)
    return step, wait


def send(operation: str) -> None:
    management = maxcontact().management
    if operation == ENABLE:
        management.emergency_enable()
    else:
        management.emergency_disable()
