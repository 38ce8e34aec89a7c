"""What is removed by itself: uploads nobody went on with, what a crash left lying, and lead files that are old enough.

Counts, findings and the log of a run stay; only what holds people's names and numbers goes.
"""

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from django.apps import apps
from django.db.models import Q, QuerySet
from django.utils import timezone

from maxops.imports import uploads
from maxops.imports.answers import body_of
from maxops.imports.counts import note, recount
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import MOVING, Answer, Run, Upload
from maxops.locks import hold

STALE = timedelta(hours=24)  # for what belongs to no run
LONGEST_OPEN = timedelta(days=90)  # an open run keeps its file for so long, whatever the setting says
BUSY = ("received", "checking", "sending")
# An open run whose file went can go no further, and must not be picked up again and again.
AFTERWARDS = {
    "ready": Run.State.CANCELLED,
    "received": Run.State.FAILED,
    "checking": Run.State.FAILED,
    "sending": Run.State.INTERRUPTED,
}
FILES_GONE = "Its lead file was deleted, so nothing more of it can be sent. Upload the file again."


def sweep(now: datetime | None = None) -> Counter[str]:
    """How much of each kind was removed, and `bytes`. Two at once do no harm: the second finds nothing to do."""
    now = now or timezone.now()
    removed: Counter[str] = Counter()
    with hold(apps.get_app_config("imports").runs_folder / "sweep.lock") as mine:
        if mine:
            _sweep_uploads(now, removed)
            _sweep_leftovers(now, removed)
            _sweep_runs(now, removed)
            _sweep_answers(now, removed)
    return removed


def _sweep_uploads(now: datetime, removed: Counter[str]) -> None:
    for upload in Upload.objects.filter(touched_at__lt=now - STALE):
        if upload.run_id is None:
            removed["uploads"] += 1
            removed["bytes"] += uploads.received(upload)
        uploads.remove(upload)


def _sweep_leftovers(now: datetime, removed: Counter[str]) -> None:
    """Files and folders that no row knows of: a crash lay between the one and the other."""
    config = apps.get_app_config("imports")
    known = {str(number) for number in Upload.objects.values_list("pk", flat=True)}
    before = now - STALE
    for path in files_before(config.incoming_folder.glob("*"), before):
        if path.stem not in known:
            _delete(path, "files", removed)
    for folder, pattern in (
        (config.form_files_folder, "*.upload*"),
        (config.answers_folder, ".*"),
        (config.runs_folder, "*/*.unfinished"),
    ):
        for path in files_before(folder.glob(pattern), before):
            _delete(path, "files", removed)
    for folder in list(config.runs_folder.glob("*-left-*")):
        if modified(folder) < before:
            _delete_folder(folder, removed)
    if config.keep_files_days:
        _sweep_unknown_runs(now - timedelta(days=config.keep_files_days), removed)


def _sweep_unknown_runs(before: datetime, removed: Counter[str]) -> None:
    """Folders of runs that the database does not know. Not at once: it may be the database that is the wrong one."""
    folders = {folder.name: folder for folder in apps.get_app_config("imports").runs_folder.glob("[0-9]*")}
    known = {str(number) for number in Run.objects.values_list("pk", flat=True)}
    for name, folder in folders.items():
        if name.isdecimal() and name not in known and modified(folder) < before:
            _delete_folder(folder, removed)


def _sweep_runs(now: datetime, removed: Counter[str]) -> None:
    for run in runs_to_clear(now):
        delete_files(run, f"as set ({keep_words()})", removed)


def runs_to_clear(now: datetime) -> QuerySet[Run]:
    days = apps.get_app_config("imports").keep_files_days
    if not days:
        return Run.objects.none()
    is_open = Q(state__in=[*MOVING, "ready"], created_at__gte=now - LONGEST_OPEN)
    old = Run.objects.filter(created_at__lt=now - timedelta(days=days), files_deleted_at=None)
    return old.exclude(is_open).select_related("mapping")


def _sweep_answers(now: datetime, removed: Counter[str]) -> None:
    """Bodies of reports that are settled; one that somebody has yet to assign waits as long as an open run."""
    days = apps.get_app_config("imports").keep_files_days
    if days:
        old = Answer.objects.filter(received_at__lt=now - timedelta(days=days)).exclude(state=Answer.State.NEW)
        waits = Q(state=Answer.State.UNMATCHED, received_at__gte=now - LONGEST_OPEN)
        _delete_bodies(old.exclude(waits), removed)


def delete_now(run: Run, staff: str) -> Counter[str]:
    """WrongState while somebody works with the file."""
    removed: Counter[str] = Counter()
    if run.files_deleted_at:
        raise WrongState(deleted_words(run))
    if run.state in BUSY:
        raise WrongState(f"Run {run.pk} is {run.get_state_display().lower()}: its file is needed. Try again later.")
    delete_files(run, f"by {staff}", removed)
    if not removed["runs"]:
        raise WrongState(f"Run {run.pk} is being worked on. Try again later.")
    return removed


def delete_files(run: Run, why: str, removed: Counter[str]) -> None:
    files = files_of(run)
    with hold(files.folder / "lock") as mine:
        if not mine:
            return
        for path in files.personal:
            if path.exists():
                removed["bytes"] += path.stat().st_size
                path.unlink()
        _delete_bodies(Answer.objects.filter(part__run=run).exclude(state=Answer.State.NEW), removed)
        Run.objects.filter(pk=run.pk).update(files_deleted_at=timezone.now())
        removed["runs"] += 1
        note(run, f"The lead file was deleted {why}; counts stay.")
        if run.state in AFTERWARDS:
            recount(run.pk, state=AFTERWARDS[run.state], message=FILES_GONE)


def _delete_bodies(answers: QuerySet[Answer], removed: Counter[str]) -> None:
    for answer in answers.exclude(file="").iterator():
        body = body_of(answer)
        if body.is_file():
            _delete(body, "answers", removed)


def deleted_words(run: Run) -> str:
    """For pages and commands that cannot give the rows of a run back any more; "" while they can."""
    if run.files_deleted_at is None:
        return ""
    day = timezone.localtime(run.files_deleted_at)
    return f"The lead file was deleted on {day:%-d %B %Y}, as set ({keep_words()}) or by hand; the counts stay."


def keep_words() -> str:
    days = apps.get_app_config("imports").keep_files_days
    return f"{days} days" if days != 1 else "1 day"


def modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, tz=timezone.get_current_timezone())


def files_before(paths: Iterable[Path], before: datetime) -> Iterator[Path]:
    for path in list(paths):
        if path.is_file() and modified(path) < before:
            yield path


def _delete(path: Path, kind: str, removed: Counter[str]) -> None:
    removed[kind] += 1
    removed["bytes"] += path.stat().st_size
    path.unlink(missing_ok=True)


def _delete_folder(folder: Path, removed: Counter[str]) -> None:
    removed["folders"] += 1
    removed["bytes"] += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    shutil.rmtree(folder)
