"""Pages of leads on their way in: the list of runs, the upload, and one page for a run in whatever state it is."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST, require_safe

from maxops.celery import enqueue
from maxops.imports import delivery, intake, verdicts
from maxops.imports.errors import WrongState
from maxops.imports.forms import UploadForm
from maxops.imports.mapping import files_of
from maxops.imports.models import MOVING, Answer, Mapping, Part, Run
from maxops.imports.report import SELECTIONS, write_csv
from maxops.imports.screens import screen_of
from maxops.imports.tasks import check_run, deliver_run

RUNS_PER_PAGE = 50
BLOCK = 1 << 20
FAILURE_FADES = timedelta(days=1)
NEEDING = ("ready", "interrupted", "partly_sent", "no_answer")

view_run = permission_required("imports.view_run", raise_exception=True)
add_run = permission_required("imports.add_run", raise_exception=True)


def find_run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("mapping", "list", "mapping__list"), pk=run_id)


def needs_person() -> Q:
    """Runs that wait for somebody. A failure that was tried again, or is a day old, no longer does."""
    fresh = Q(state="failed", created_at__gte=timezone.now() - FAILURE_FADES)
    tried_again = Exists(Run.objects.filter(attempt_of=OuterRef("pk")))
    unanswered = Q(state="waiting", waiting=0, unknown__gt=0)
    return Q(state__in=NEEDING) | fresh & ~Q(tried_again) | unanswered


def groups_of() -> dict[str, tuple[str, Q]]:
    return {
        "moving": ("Under way", Q(state__in=MOVING)),
        "attention": ("Need you", needs_person()),
        "finished": ("Finished", Q(state__in=["finished", "finished_with_rejects"])),
    }


@view_run
@require_safe
def show_runs(request: HttpRequest) -> HttpResponse:
    runs = Run.objects.select_related("mapping", "list").prefetch_related("tallies")
    group, words = request.GET.get("show", ""), request.GET.get("q", "").strip()
    groups = groups_of()
    if group in groups:
        runs = runs.filter(groups[group][1])
    if words:
        runs = runs.filter(file_name__icontains=words) | runs.filter(mapping__name__icontains=words)
    context = {
        "page": Paginator(runs, RUNS_PER_PAGE).get_page(request.GET.get("page")),
        "groups": [
            {"key": key, "label": label, "count": Run.objects.filter(rule).count()}
            for key, (label, rule) in groups.items()
        ],
        "show": group,
        "words": words,
        "unmatched": Answer.objects.filter(state=Answer.State.UNMATCHED).count(),
    }
    return render(request, "imports/list.html", context)


@add_run
def new_run(request: HttpRequest) -> HttpResponse:
    again = Run.objects.filter(pk=request.GET.get("again")).first() if request.GET.get("again", "").isdigit() else None
    first = {"attempt_of": again, "mapping": again.mapping_id, "list": again.list_id} if again else {}
    form = UploadForm(request.POST or None, request.FILES or None, initial=first, limit=settings.MAXOPS_UPLOAD_LIMIT)
    if request.method == "POST" and form.is_valid():
        return redirect(receive_upload(form.cleaned_data, request.user.get_username()))
    context = {
        "form": form,
        "again": again,
        "was_sent": bool(again and again.parts.exists()),
        "has_mappings": Mapping.objects.exists(),
    }
    return render(request, "imports/new.html", context)


def receive_upload(cleaned: dict[str, Any], staff: str) -> Run:
    chosen = cleaned["list"]
    wish = intake.Wish(
        cleaned["mapping"], chosen.pk if chosen else None, cleaned["options"], cleaned["attempt_of"], staff
    )
    staged = intake.stage(cleaned["file"].chunks())
    run = intake.receive(staged, cleaned["file"].name, wish)
    enqueue(check_run, run.pk)
    return run


@view_run
@require_safe
def show_run(request: HttpRequest, run_id: int) -> HttpResponse:
    return render(request, "imports/run.html", screen_of(find_run(run_id), request.GET))


@view_run
@require_GET
def show_state(request: HttpRequest, run_id: int) -> HttpResponse:
    """The part of the page that changes, for the poll; once nothing changes any more it asks no further."""
    return render(request, "imports/_run.html", screen_of(find_run(run_id), request.GET))


@add_run
@require_POST
def send_run(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find_run(run_id)
    held_back = request.POST.get("held_back", "")
    try:
        choice = held_back if held_back in Run.HeldBack.values else Run.HeldBack.SEND
        again = bool(request.POST.get("again"))
        delivery.send(run, choice, request.user.get_username(), again=again)
    except WrongState as error:
        messages.error(request, str(error))
        return redirect(run)
    enqueue(deliver_run, run.pk)
    return redirect(run)


@add_run
@require_POST
def cancel_run(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find_run(run_id)
    try:
        delivery.cancel(run, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
    return redirect(run)


@add_run
@require_POST
def recheck_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """The file of a refused run once more, with another mapping: a run of its own, the next attempt of this one."""
    run = find_run(run_id)
    chosen = request.POST.get("mapping", "")
    mapping = Mapping.objects.filter(pk=chosen).first() if chosen.isdecimal() else None
    original = files_of(run).original
    if mapping is None or run.parts.exists() or run.state != Run.State.FAILED or not original.exists():
        messages.error(request, "Choose a mapping. If the file is no longer here, upload it again.")
        return redirect(run)
    with original.open("rb") as file:
        staged = intake.stage(iter(partial(file.read, BLOCK), b""))
    wish = intake.Wish(mapping, run.list_id, attempt_of=run, staff=request.user.get_username())
    again = intake.receive(staged, run.file_name, wish)
    enqueue(check_run, again.pk)
    return redirect(again)


@add_run
@require_POST
def decide_part(request: HttpRequest, run_id: int, number: int) -> HttpResponse:
    """What somebody found in MaxContact about a part that was never answered."""
    part = get_object_or_404(Part.objects.select_related("run__mapping"), run=run_id, number=number)
    found = request.POST.get("found", "")
    if found not in ("there", "missing"):
        messages.error(request, "Say whether the leads are in MaxContact or not.")
        return redirect(part.run)
    try:
        verdicts.decide(part, taken=found == "there", staff=request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
    return redirect(part.run)


@view_run
@require_safe
def download_rejects(request: HttpRequest, run_id: int) -> HttpResponseBase:
    """`?only=` picks other rows than the rejects, `?for=excel` makes the copy safe to open in a spreadsheet."""
    run = find_run(run_id)
    only = request.GET.get("only", "")
    only = only if only in SELECTIONS else "rejects"
    for_excel = request.GET.get("for") == "excel"
    name = f"run-{run.pk}-{only.replace('_', '-')}{'-excel' if for_excel else ''}.csv"
    return StreamingHttpResponse(
        write_csv(run, SELECTIONS[only], for_excel=for_excel),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
