"""Corrections that a person accepts before anything is sent, and the choices beside them: hold back, check again.

What was accepted is noted with the run before a byte changes. Until all of it is done the run counts as being checked:
whoever dies on the way leaves a run that is checked again from the file as it came, with every correction noted.
"""

from django.db import transaction
from django.utils import timezone

from maxops.imports import after_check
from maxops.imports.counts import note, recount
from maxops.imports.disk import is_full
from maxops.imports.errors import WrongState
from maxops.imports.holding import find_unsent
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.rejections import start_outcomes
from maxops.locks import hold

AT_ONCE = 5_000  # rows corrected while the person waits; more go to the queue
GONE = "The file of this run is no longer here: upload it again."


def accept(run: Run, kind: str, staff: str) -> int:
    """Notes that somebody wants this correction; how many rows it is about. `apply` makes it."""
    with transaction.atomic():
        run = find_unsent(run, [Run.State.READY])
        offered = next((finding for finding in run.findings if finding["kind"] == kind and "fix" in finding), None)
        if offered is None:
            raise WrongState("There is nothing of that kind left to correct.")
        fix = {"kind": kind, "rows": None, "by": staff, "at": timezone.now().isoformat()}
        run.fixes = [*run.fixes, fix]
        run.state, run.heartbeat = Run.State.CHECKING, timezone.now()
        run.save(update_fields=["fixes", "state", "heartbeat"])
    return offered["fix"]["count"]


def apply(run_id: int) -> None:
    """Makes the correction noted last. Nothing to do where somebody else did it, or checked the file anew meanwhile."""
    run = Run.objects.select_related("mapping").get(pk=run_id)
    files = files_of(run)
    with hold(files.folder / "lock") as mine:
        run.refresh_from_db()
        if not mine or run.state != Run.State.CHECKING or not is_pending(run):
            return
        try:
            *done, fix = run.fixes
            made = after_check.make_fix(run, files, fix)
            findings = after_check.finish(run, files, run.findings)
            start_outcomes(files)
        except OSError as error:
            if not is_full(error):
                raise
            # The check from the beginning asks for room, says that it waits for it, and makes the correction too.
            Run.objects.filter(pk=run.pk).update(state=Run.State.RECEIVED)
            return
        recount(run.pk, state=Run.State.READY, fixes=[*done, made], findings=findings)


def is_pending(run: Run) -> bool:
    return bool(run.fixes) and run.fixes[-1]["rows"] is None


def check_again(run: Run, staff: str) -> None:
    """From the file as it came, with the mapping as it is now: undoes every correction. The check is the queue's."""
    with transaction.atomic():
        run = find_unsent(run, [Run.State.READY, Run.State.FAILED])
        if not files_of(run).original.exists():
            raise WrongState(GONE)
        run.fixes, run.findings, run.message = [], [], ""
        run.state, run.heartbeat, run.mapping_version = Run.State.RECEIVED, timezone.now(), run.mapping.version
        run.save(update_fields=["fixes", "findings", "message", "state", "heartbeat", "mapping_version"])
        note(run, f"To be checked again from the file as it came, asked by {staff}.")
