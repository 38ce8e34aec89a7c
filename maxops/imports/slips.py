"""The slip of a part on its way: a small file in the run's folder that says how far its sender came.

The database may fail, the sender be killed, or the machine lose the last second of the database, between MaxContact's
answer and its booking: the slip is on the disk first. All its room is taken before the part's first byte leaves, so
that a full disk cannot lose an answer.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from maxops.imports.files import RunFiles
from maxops.imports.models import Part
from maxops.remote.platforms.interface import Receipt

ROOM = 4096  # bytes
ENTERED, LEFT, TAKEN = "entered", "left", "taken"


class Slip(NamedTuple):
    """ENTERED: nothing of the part is there; LEFT: it may be; TAKEN: the platform said so, in these words."""

    step: str
    attempt: int
    reference: str = ""
    detail: str = ""
    rejected_at_once: int = 0


def path_of(files: RunFiles, number: int) -> Path:
    return files.folder / f"slip-{number}"


def enter(files: RunFiles, number: int, attempt: int) -> None:
    """Before the part is booked as being sent; also once it is certain that nothing of it was taken."""
    write(files, number, Slip(ENTERED, attempt), lasting=False)


def leave(files: RunFiles, number: int, attempt: int) -> None:
    """Before its first lead leaves."""
    write(files, number, Slip(LEFT, attempt))


def taken(attempt: int, receipt: Receipt) -> Slip:
    at_once = len(receipt.report.lines) if receipt.report else 0
    return Slip(TAKEN, attempt, receipt.reference, receipt.detail, at_once)


def write(files: RunFiles, number: int, slip: Slip, *, lasting: bool = True) -> None:
    content = json.dumps(slip._asdict()).encode()
    while len(content) > ROOM:
        slip = slip._replace(detail=slip.detail[: len(slip.detail) // 2], reference=slip.reference[:1000])
        content = json.dumps(slip._asdict()).encode()
    number_of_file = os.open(path_of(files, number), os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.pwrite(number_of_file, content.ljust(ROOM), 0)
        if lasting:
            os.fsync(number_of_file)
    finally:
        os.close(number_of_file)


def forget(files: RunFiles, numbers: Iterable[int]) -> None:
    """Parts of these numbers are no more; others will have their numbers."""
    for number in numbers:
        path_of(files, number).unlink(missing_ok=True)


def read(files: RunFiles, part: Part, attempt: int) -> Slip | None:
    """The slip of this try of a part or a later one, None when there is none that can be read."""
    try:
        with path_of(files, part.number).open("rb") as file:
            slip = Slip(**json.loads(file.read(ROOM)))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):
        return None  # the machine stopped while it was written
    return slip if slip.attempt >= attempt else None
