"""Locks on files: between all threads and processes of this machine, freed by the kernel however their holder dies."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

POLL_SECONDS = 0.05
FOREVER = float("inf")


@contextmanager
def hold(path: Path, *, patience: float = 0) -> Iterator[bool]:
    """Whether the lock on this path is ours meanwhile; `patience` is how many seconds to wait for it.

    Not reentrant: whoever holds it waits in vain for himself. The file is gone once the lock is free.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + patience
    while True:
        with path.open("ab") as file:
            if _is_ours(file, path):
                try:
                    yield True
                finally:
                    path.unlink(missing_ok=True)
                return
        if time.monotonic() >= until:
            break
        time.sleep(POLL_SECONDS)
    yield False


def _is_ours(file: BinaryIO, path: Path) -> bool:
    """Locked, and still the file of this path: its last holder may have removed the one we opened."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False
