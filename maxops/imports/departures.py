"""How much of a part has gone out: told in a small file of the run's folder, twice a second or each megabyte.

It says what left this machine, never what the platform has: that only its answer tells.
"""

import contextlib
import os
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from typing import BinaryIO, NamedTuple

from maxops.imports.files import RunFiles
from maxops.remote.platforms.interface import Batch

EVERY_SECONDS, EVERY_BYTES = 0.5, 1 << 20  # by bytes too: a platform that stops reading lets no more seconds count
FORM = struct.Struct("<QQQ")


class Departure(NamedTuple):
    """`gone` of `size` bytes of a part."""

    number: int
    gone: int
    size: int


class Watched:
    """A body whose progress is told while it is read."""

    def __init__(self, body: BinaryIO, tell: Callable[[int], None]) -> None:
        self._body, self._tell = body, tell
        self._gone = self._told = 0
        self._due = 0.0

    def read(self, count: int = -1) -> bytes:
        piece = self._body.read(count)
        self._gone += len(piece)
        now = time.monotonic()
        if now >= self._due or self._gone - self._told >= EVERY_BYTES:
            self._due, self._told = now + EVERY_SECONDS, self._gone
            self._tell(self._gone)
        return piece

    def close(self) -> None:
        self._tell(self._gone)
        self._body.close()


def watched(batch: Batch, files: RunFiles, number: int, leave: Callable[[], None]) -> Batch:
    """The batch with its progress told; `leave` is called before its first byte is read."""

    def tell(gone: int) -> None:
        # The sending goes on, whatever becomes of the picture of it.
        with contextlib.suppress(OSError):
            write(files, Departure(number, gone, batch.size))

    def open_body() -> Watched:
        leave()
        return Watched(batch.open(), tell)

    return replace(batch, open=open_body)


def write(files: RunFiles, departure: Departure) -> None:
    gauge = os.open(files.folder / "gone", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(gauge, FORM.pack(*departure), 0)
    finally:
        os.close(gauge)


def read(files: RunFiles) -> Departure | None:
    path = files.folder / "gone"
    if not path.exists():
        return None
    with path.open("rb") as file:
        content = file.read(FORM.size)
    return Departure(*FORM.unpack(content)) if len(content) == FORM.size else None
