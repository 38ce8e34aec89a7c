"""Locks on files: between all threads and processes of this machine, freed by the kernel however their holder dies."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

POLL_SECONDS = 0.05
FOREVER = float("inf")


@contextmanager
def hold(path: Path, *, patience: float = 0) -> Iterator[bool]:
    """Whether the lock on this path is ours meanwhile; `patience` is how many seconds to wait for it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + patience
    with path.open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    yield False
                    return
            time.sleep(POLL_SECONDS)
        yield True
