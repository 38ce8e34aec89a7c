"""One write at a time to one record: a PUT carries all of it, so one read before another's write would undo that."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from maxops.locks import hold
from maxops.mirror.errors import Occupied

PATIENCE = 20  # seconds; a person waits no longer


@contextmanager
def turn(name: str, label: str) -> Iterator[None]:
    """Our turn to write to what the name stands for ("campaigns-12"); Occupied when it does not come."""
    with hold(settings.DATA_DIR / "locks" / name, patience=PATIENCE) as mine:
        if not mine:
            words = f"Somebody else's change to this {label} is on its way; nothing was sent. Try again in a moment."
            raise Occupied(words)
        yield
