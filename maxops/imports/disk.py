"""Room on the disk that lead files lie on: asked for before bytes are taken, and put into words when it ran out."""

import errno
import os
import shutil
from pathlib import Path

from django.db import OperationalError

# What the kernel says when a file can grow no further: no room, no quota, or a limit set for the process.
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
FULL_DATABASE = ("database or disk is full", "No space left on device")
# The file itself, and what the check writes beside it: a translation of an odd encoding, and some bytes a row.
GROWTH = 2.5
MARGIN = 100_000_000  # bytes left for the database, the queue and the log, so that everything else goes on
FULL_WORDS = (
    "The disk of this server is full. What had arrived of the file was removed; nothing was sent. "
    "Ask whoever runs the server for room, then upload it again."
)


class NoRoom(Exception):
    """A lead file that the disk cannot hold; the message is a sentence for the person who brings it."""


def is_full(error: BaseException) -> bool:
    """Whether this failure means that the disk took no more, be it the database that says so."""
    if isinstance(error, OperationalError):
        return any(words in str(error) for words in FULL_DATABASE)
    return isinstance(error, OSError) and error.errno in FULL


def free_bytes(folder: Path) -> int:
    """Of the disk that this folder lies on, or will lie on."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return shutil.disk_usage(there).free


def require_room(folder: Path, size: int, promised: int = 0) -> None:
    """NoRoom unless a file of this size can be received, checked and sent; `promised` is what others are bringing."""
    needed = int((size + promised) * GROWTH) + MARGIN
    free = free_bytes(folder)
    if free < needed:
        raise NoRoom(
            f"The disk of this server has {in_words(free)} left, and this file needs about {in_words(needed)}. "
            "Nothing was stored; ask whoever runs the server for room."
        )


def in_words(size: int) -> str:
    """Bytes as people read them: 31 MB, 1.9 GB."""
    if size >= 1_000_000_000:
        return f"{size / 1_000_000_000:.1f} GB".replace(".0 ", " ")
    return f"{size / 1_000_000:,.0f} MB" if size >= 1_000_000 else f"{max(size, 0) / 1000:,.0f} kB"


def flush_to_disk(path: Path) -> None:
    """Until here what was written may be lost with the machine's power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
