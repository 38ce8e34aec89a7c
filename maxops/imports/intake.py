"""A lead file comes in and is checked as a whole; nothing is sent from here.

The bytes are stored under a name of ours, hashed on the way; the browser's file name is kept for people to read only.
"""

import hashlib
import os
import time
import uuid
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import apps
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from maxops.imports import after_check, archives
from maxops.imports.archives import readable_name
from maxops.imports.attempts import first_of
from maxops.imports.checks import Checked, check_file
from maxops.imports.counts import note, recount
from maxops.imports.disk import NoRoom, is_full, require_room
from maxops.imports.errors import CsvError
from maxops.imports.files import RunFiles
from maxops.imports.findings import Finding
from maxops.imports.mapping import expected_of, files_of, list_words, region_of
from maxops.imports.models import Mapping, Run
from maxops.imports.phones import shapes_of
from maxops.imports.rejections import start_outcomes
from maxops.locks import hold

BLOCK = 1 << 20
WAITS_FOR_ROOM = (
    "The disk of this server is full. Nothing was sent; the check goes on by itself as soon as there is room again."
)


class Staged(NamedTuple):
    """A file on our disk that belongs to no run yet."""

    path: Path
    sha256: str
    size: int


class Wish(NamedTuple):
    """What a person wants done with a file."""

    mapping: Mapping
    list_id: int | None = None
    options: dict[str, Any] = {}
    attempt_of: Run | None = None
    staff: str = ""
    matches: dict[str, str] = {}  # column of the file -> column of the mapping
    has_header: bool = True
    is_probe: bool = False


def stage(blocks: Iterable[bytes]) -> Staged:
    folder = apps.get_app_config("imports").incoming_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / str(uuid.uuid4())
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("wb") as file:
            for block in blocks:
                digest.update(block)
                size += len(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return Staged(path, digest.hexdigest(), size)


def stage_again(run: Run) -> Staged:
    """The file of a run once more, for another run: at once, however large it is, since nothing writes into it."""
    original, folder = files_of(run).original, apps.get_app_config("imports").incoming_folder
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / str(uuid.uuid4())
    try:
        os.link(original, path)
    except OSError:  # not every disk can
        with original.open("rb") as file:
            return stage(iter(partial(file.read, BLOCK), b""))
    return Staged(path, run.sha256, run.size)


def receive(staged: Staged, file_name: str, wish: Wish) -> Run:
    """The run of a stored file; whoever calls queues its check."""
    with transaction.atomic():
        run = Run.objects.create(
            mapping=wish.mapping,
            mapping_version=wish.mapping.version,
            list_id=wish.list_id,
            options=wish.options,
            attempt_of=first_of(wish.attempt_of) if wish.attempt_of else None,
            file_name=readable_name(file_name),
            sha256=staged.sha256,
            size=staged.size,
            staff=wish.staff,
            matches=wish.matches,
            has_header=wish.has_header,
            is_probe=wish.is_probe,
            heartbeat=timezone.now(),
        )
        files = files_of(run)
        if files.folder.exists():  # SQLite gives the number of a run that was never committed once more
            files.folder.rename(files.folder.with_name(f"{files.folder.name}-left-{uuid.uuid4()}"))
        files.folder.mkdir(mode=0o700, parents=True)
        staged.path.rename(files.original)
        note(run, f"Received {staged.size:,} bytes from {wish.staff or 'the command line'}.")
    return run


def check(run_id: int) -> None:
    """Reads the whole file and leaves the run ready, or failed with the reason. Nothing is sent."""
    run = Run.objects.select_related("mapping").get(pk=run_id)
    files = files_of(run)
    with hold(files.folder / "lock") as mine:
        run.refresh_from_db()
        if not mine or run.state not in (Run.State.RECEIVED, Run.State.CHECKING):
            return
        run.mapping_version = run.mapping.version  # what it is checked by; it may have been edited since the file came
        Run.objects.filter(pk=run.pk).update(
            state=Run.State.CHECKING, heartbeat=timezone.now(), rows=0, checked_bytes=0
        )
        try:
            require_room(files.folder, run.size // 4)  # the file itself is here already
            _unpack(run, files)
            checked = check_file(files, expected_of(run), shapes_of(region_of(run.mapping)), progress_of(run))
            _keep_check(run, files, checked)
        except CsvError as error:
            _fail_check(run, error)
        except (NoRoom, OSError, OperationalError) as error:
            if not isinstance(error, NoRoom) and not is_full(error):
                raise
            _wait_for_room(run, files)


def _unpack(run: Run, files: RunFiles) -> None:
    """The leads of a packed file take the place of the archive, under their own hash: that is what is sent."""
    if not archives.is_packed(files.original):
        return
    told = progress_of(run)
    target = files.folder / "original.unfinished"
    limit = apps.get_app_config("imports").upload_limit
    unpacked = archives.unpack(files.original, target, limit, lambda size: told(0, size))
    # Before the rename: whoever dies between the two unpacks once more, to the same hash.
    run.sha256, run.size = unpacked.sha256, unpacked.size
    run.save(update_fields=["sha256", "size"])
    target.rename(files.original)
    note(run, f"Unpacked {unpacked.size:,} bytes.")


def _wait_for_room(run: Run, files: RunFiles) -> None:
    """What the check wrote so far goes first: without it there is room to say so."""
    for path in files.folder.iterdir():
        if path.is_file() and path not in (files.original, files.corrections, files.folder / "lock"):
            path.unlink()
    if run.message != WAITS_FOR_ROOM:
        note(run, WAITS_FOR_ROOM)
    Run.objects.filter(pk=run.pk).update(state=Run.State.RECEIVED, rows=0, checked_bytes=0, message=WAITS_FOR_ROOM)


def progress_of(run: Run) -> Callable[..., None]:
    """Tells the database how far the check is: at once, then at most once a second."""
    told = float("-inf")

    def progress(rows: int, place: int = 0) -> None:
        nonlocal told
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            Run.objects.filter(pk=run.pk).update(rows=rows, checked_bytes=place, heartbeat=timezone.now())

    return progress


def _fail_check(run: Run, error: CsvError) -> None:
    finding = Finding(error.kind, 1, [error.line] if error.line else [], error.message)
    note(run, f"The file cannot be sent: {error.message}")
    recount(run.pk, state=Run.State.FAILED, rows=0, findings=[finding.as_json()], message=error.message)


def _keep_check(run: Run, files: RunFiles, checked: Checked) -> None:
    kept = after_check.follow(run, files, checked.findings)
    kept["findings"] = with_same_file(run, kept["findings"])
    start_outcomes(files)
    note(run, f"Checked {checked.rows:,} rows.")
    recount(
        run.pk,
        state=Run.State.READY,
        rows=checked.rows,
        encoding=checked.layout.encoding,
        delimiter=checked.layout.delimiter,
        header=list(checked.layout.header),
        surplus=checked.surplus,
        mapping_version=run.mapping_version,
        message="",
        **kept,
    )


def earlier_run(run: Run) -> Run | None:
    """The last other run that sent this very file to the same list, is sending it, or may have."""
    list_id = run.list_id or run.mapping.list_id
    return next((other for other in earlier_runs(run) if (other.list_id or other.mapping.list_id) == list_id), None)


def earlier_runs(run: Run) -> QuerySet[Run]:
    """Runs that sent this very file, to whatever list, or are about to; the newest first."""
    same = Run.objects.filter(sha256=run.sha256, mapping__platform=run.mapping.platform, is_probe=False)
    return same.exclude(pk=run.pk).filter(Q(sent__gt=0) | Q(state=Run.State.SENDING)).select_related("mapping")


def with_same_file(run: Run, findings: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The findings, with what is so now of this very file sent before; to the same list counts first."""
    kept = [finding for finding in findings if finding["kind"] != "same_file"]
    same = earlier_run(run)
    earlier = same or earlier_runs(run).first()
    return [*kept, same_file(earlier, to_same_list=same is not None)] if earlier else kept


def same_file(earlier: Run, *, to_same_list: bool = True) -> dict[str, Any]:
    """Whoever sends it to the same list has to say that it is meant; of another list it is only told."""
    list_name = list_words(earlier)
    where = f"into list {list_name}" if list_name else "into the list that MaxContact's own mapping decides"
    words = f"Run {earlier.pk} on {timezone.localtime(earlier.created_at):%d %B %Y, %H:%M}, {where}"
    return {**Finding("same_file", 1, [], words).as_json(), "runs": [earlier.pk], "to_same_list": to_same_list}
