"""The local record of emergencies: one JSON line for each state of an event, beside the other files of this machine.

It keeps the pull possible, joinable and on record while no database answers (targets.md T4.3); nothing in here may stop
a call, so every failure of the disk is logged and passed over. No lead, no password, no token is ever written to it.
"""

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, RLock
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models

from maxops.emergency.models import Event, Step

log = logging.getLogger(__name__)

LOCK_SECONDS = 0.3  # a press waits no longer for another press
COMPACT_BYTES = 200_000
KEEP_EVENTS = 5
HEAD_BYTES = 90  # holds the key of the first event


@dataclass
class Entry:
    """What the journal knows of one event; `steps` are those the database does not have yet."""

    event: Event
    in_database: bool = True
    steps: list[Step] = field(default_factory=list)
    step_ids: set[UUID] = field(default_factory=set)


class Held:
    """The lock of this process: threads by an RLock, processes by flock on a file taken at the outermost level."""

    def __init__(self) -> None:
        self.threads = RLock()
        self.depth = 0

    @contextmanager
    def take(self) -> Iterator[bool]:
        """True when it is ours. After a short wait it goes on without: a stuck lock must not hold the handle."""
        if not self.threads.acquire(timeout=LOCK_SECONDS):
            yield False
            return
        try:
            self.depth += 1
            if self.depth > 1:
                yield True
                return
            with file_lock("emergency.lock", LOCK_SECONDS) as ours:
                yield ours
        finally:
            self.depth -= 1
            self.threads.release()


held = Held()
tellings: dict[Path, "Telling"] = {}


def place() -> Path:
    return apps.get_app_config("emergency").folder / "emergency.jsonl"


def lock() -> Any:
    """Around look-then-write, so that two presses become one event."""
    return held.take()


@contextmanager
def file_lock(name: str, seconds: float, *, without: bool = False) -> Iterator[bool]:
    """True when it is ours; `without` is the answer where no lock file can be made."""
    try:
        descriptor = os.open(place().with_name(name), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        log.warning("emergency: no lock file (%s), going on without", error.strerror)
        yield without
        return
    try:
        yield wait_for(descriptor, seconds)
    finally:
        os.close(descriptor)  # gives the lock back


def wait_for(descriptor: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        else:
            return True


def sole_reader() -> Any:
    """True for the one who reads the campaigns now; the other viewers take what he finds."""
    return file_lock("emergency.reading.lock", 0, without=True)


def write(event: Event, steps: list[Step], *, in_database: bool) -> None:
    line = json.dumps(
        {"in_database": in_database, "event": plain(event), "steps": [plain(step) for step in steps]}, default=str
    )
    with lock() as ours:
        try:
            append(line)
            # Never before a call: what waits for its answer is not in the database yet.
            if ours and in_database and place().stat().st_size > COMPACT_BYTES:
                compact()
        except OSError as error:
            log.warning("emergency: the local journal cannot be written (%s)", error.strerror)


def append(line: str) -> None:
    # The line break in front keeps a line that a crash cut short from swallowing this one.
    descriptor = os.open(place(), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, f"\n{line}\n".encode())
    finally:
        os.close(descriptor)


def compact() -> None:
    """Keep the last state of the latest events, and all that the database lacks."""
    entries = sorted(read().values(), key=lambda entry: entry.event.requested_at)
    kept = [entry for entry in entries[:-KEEP_EVENTS] if not entry.in_database] + entries[-KEEP_EVENTS:]
    lines = [
        json.dumps(
            {
                "in_database": entry.in_database,
                "event": plain(entry.event),
                "steps": [plain(step) for step in entry.steps],
                "known": list(entry.step_ids),
            },
            default=str,
        )
        for entry in kept
    ]
    fresh = place().with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text("\n".join([*lines, ""]), "utf-8")
    fresh.replace(place())


def plain(row: models.Model) -> dict[str, Any]:
    return {column.attname: getattr(row, column.attname) for column in row._meta.concrete_fields}


def revive(model: type[models.Model], values: dict[str, Any]) -> Any:
    """An unsaved instance from a line; columns the line does not know keep their defaults."""
    columns = {column.attname: column for column in model._meta.concrete_fields}
    return model(**{name: columns[name].to_python(value) for name, value in values.items() if name in columns})


def read() -> dict[UUID, Entry]:
    """Every event the journal knows; only what was added since the last look is parsed."""
    known = tellings.setdefault(place(), Telling())
    try:
        with known.lock:
            known.catch_up(place())
            return dict(known.entries)
    except OSError:
        return {}


class Telling:
    """The file as far as this process has read it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.begin((0, b""))

    def begin(self, identity: tuple[int, bytes]) -> None:
        self.identity, self.offset = identity, 0
        self.entries: dict[UUID, Entry] = {}

    def catch_up(self, path: Path) -> None:
        with path.open("rb") as file:
            # The number of a file that was removed is given to the next one; its first event is its own.
            inode, head = os.fstat(file.fileno()).st_ino, file.read(HEAD_BYTES)
            if (inode, head[: len(self.identity[1])]) != self.identity or not self.identity[1]:
                self.begin((inode, head))
            file.seek(self.offset)
            # A line without its end is still being written, or was cut short: the next one begins with a line break.
            whole, line_end, _ = file.read().rpartition(b"\n")
            whole += line_end
        self.offset += len(whole)
        for line in filter(None, whole.decode("utf-8", errors="replace").splitlines()):
            self.take(line)

    def take(self, line: str) -> None:
        try:
            found = json.loads(line)
        except ValueError:
            return  # cut short by a crash or a full disk
        event = revive(Event, found["event"])
        steps = [revive(Step, values) for values in found["steps"]]
        before = self.entries.get(event.pk, Entry(event))
        waiting = [] if found["in_database"] else [*before.steps, *steps]
        step_ids = before.step_ids | {step.pk for step in steps} | {UUID(step_id) for step_id in found.get("known", ())}
        self.entries[event.pk] = Entry(event, found["in_database"], waiting, step_ids)


def latest(wanted: Callable[[Event], bool]) -> Event | None:
    """The youngest event for which `wanted(event)` holds."""
    fitting = [entry.event for entry in read().values() if wanted(entry.event)]
    found = max(fitting, key=lambda event: event.requested_at, default=None)
    return deepcopy(found)  # what the journal remembers is not for others to change


def of_press(press: UUID) -> Event | None:
    """The event this very press began or joined, however long ago."""
    for entry in read().values():
        if press == entry.event.pk or press in entry.step_ids:
            return deepcopy(entry.event)
    return None


def pending() -> list[Entry]:
    return [entry for entry in read().values() if not entry.in_database]
