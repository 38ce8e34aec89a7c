"""A lead file comes in and is checked as a whole; nothing is sent from here.

The bytes are stored under a name of ours, hashed on the way; the browser's file name is kept for people to read only.
"""

import hashlib
import os
import re
import time
import uuid
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple

from django.apps import apps
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from maxops.imports.checks import Checked, check_file
from maxops.imports.counts import note, recount
from maxops.imports.errors import CsvError
from maxops.imports.files import RunFiles
from maxops.imports.findings import Finding
from maxops.imports.mapping import expected_of, files_of, region_of
from maxops.imports.models import Mapping, Run
from maxops.imports.phones import shapes_of
from maxops.imports.rejections import start_outcomes
from maxops.locks import hold

UNSAFE_IN_NAMES = re.compile(r"[^\w.() +-]")


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


def stage(blocks: Iterable[bytes]) -> Staged:
    folder = apps.get_app_config("imports").runs_folder / "incoming"
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


def receive(staged: Staged, file_name: str, wish: Wish) -> Run:
    """The run of a stored file; whoever calls queues its check."""
    with transaction.atomic():
        run = Run.objects.create(
            mapping=wish.mapping,
            mapping_version=wish.mapping.version,
            list_id=wish.list_id,
            options=wish.options,
            attempt_of=wish.attempt_of,
            file_name=readable_name(file_name),
            sha256=staged.sha256,
            size=staged.size,
            staff=wish.staff,
            heartbeat=timezone.now(),
        )
        files = files_of(run)
        if files.folder.exists():  # SQLite gives the number of a run that was never committed once more
            files.folder.rename(files.folder.with_name(f"{files.folder.name}-left-{uuid.uuid4()}"))
        files.folder.mkdir(mode=0o700, parents=True)
        staged.path.rename(files.original)
        note(run, f"Received {staged.size:,} bytes from {wish.staff or 'the command line'}.")
    return run


def readable_name(name: str) -> str:
    """The last part of whatever path a browser sends, without what could trouble a screen or a header."""
    last = PurePosixPath(PureWindowsPath(name).name).name
    return UNSAFE_IN_NAMES.sub("_", last)[-200:] or "leads.csv"


def check(run_id: int) -> None:
    """Reads the whole file and leaves the run ready, or failed with the reason. Nothing is sent."""
    run = Run.objects.select_related("mapping").get(pk=run_id)
    files = files_of(run)
    with hold(files.folder / "lock") as mine:
        run.refresh_from_db()
        if not mine or run.state not in (Run.State.RECEIVED, Run.State.CHECKING):
            return
        Run.objects.filter(pk=run.pk).update(state=Run.State.CHECKING, heartbeat=timezone.now())
        try:
            checked = check_file(files, expected_of(run), shapes_of(region_of(run.mapping)), progress_of(run))
        except CsvError as error:
            _fail_check(run, error)
            return
        _keep_check(run, files, checked)


def progress_of(run: Run) -> Callable[[int], None]:
    """Tells the database how far the check is, at most once a second."""
    told = time.monotonic()

    def progress(rows: int) -> None:
        nonlocal told
        if time.monotonic() - told >= 1:
            told = time.monotonic()
            Run.objects.filter(pk=run.pk).update(rows=rows, heartbeat=timezone.now())

    return progress


def _fail_check(run: Run, error: CsvError) -> None:
    finding = Finding(error.kind, 1, [error.line] if error.line else [], error.message)
    note(run, f"The file cannot be sent: {error.message}")
    recount(run.pk, state=Run.State.FAILED, rows=0, findings=[finding.as_json()], message=error.message)


def _keep_check(run: Run, files: RunFiles, checked: Checked) -> None:
    findings = [finding.as_json() for finding in checked.findings]
    if earlier := earlier_run(run):
        findings.append(same_file(earlier))
    start_outcomes(files)
    note(run, f"Checked {checked.rows:,} rows.")
    recount(
        run.pk,
        state=Run.State.READY,
        rows=checked.rows,
        encoding=checked.layout.encoding,
        delimiter=checked.layout.delimiter,
        header=list(checked.layout.header),
        findings=findings,
        message="",
    )


def earlier_run(run: Run) -> Run | None:
    """The last other run that sent this very file to the same list, is sending it, or may have."""
    same = Run.objects.filter(sha256=run.sha256, mapping__platform=run.mapping.platform).exclude(pk=run.pk)
    same = same.filter(Q(sent__gt=0) | Q(state=Run.State.SENDING))
    list_id = run.list_id or run.mapping.list_id
    return next((other for other in same if (other.list_id or other.mapping.list_id) == list_id), None)


def same_file(earlier: Run) -> dict[str, Any]:
    words = f"Run {earlier.pk} on {timezone.localtime(earlier.created_at):%d %B %Y, %H:%M}"
    return Finding("same_file", 1, [], words).as_json()


def rows_to_hold(run: Run) -> int:
    """How many rows the platform would reject by what the check found."""
    return sum(finding["count"] for finding in run.findings if finding["holds_back"])
