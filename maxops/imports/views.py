"""Pages of leads on their way in: the list of runs, the upload, and one page for a run in whatever state it is."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from maxops.celery import enqueue
from maxops.imports import delivery, intake
from maxops.imports.errors import WrongState
from maxops.imports.forms import UploadForm
from maxops.imports.models import MOVING, Answer, Mapping, Run
from maxops.imports.report import SELECTIONS, write_csv
from maxops.imports.screens import screen_of
from maxops.imports.tasks import check_run, deliver_run

RUNS_PER_PAGE = 50
GROUPS = {
    "moving": ("Under way", MOVING),
    "attention": ("Need you", ("ready", "interrupted", "partly_sent", "no_answer", "failed")),
    "finished": ("Finished", ("finished", "finished_with_rejects")),
}

view_run = permission_required("imports.view_run", raise_exception=True)
add_run = permission_required("imports.add_run", raise_exception=True)


def find_run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("mapping", "list", "mapping__list"), pk=run_id)


@view_run
@require_safe
def show_runs(request: HttpRequest) -> HttpResponse:
    runs = Run.objects.select_related("mapping", "list").prefetch_related("tallies")
    group, words = request.GET.get("show", ""), request.GET.get("q", "").strip()
    if group in GROUPS:
        runs = runs.filter(state__in=GROUPS[group][1])
    if words:
        runs = runs.filter(file_name__icontains=words) | runs.filter(mapping__name__icontains=words)
    context = {
        "page": Paginator(runs, RUNS_PER_PAGE).get_page(request.GET.get("page")),
        "groups": [
            {"key": key, "label": label, "count": Run.objects.filter(state__in=states).count()}
            for key, (label, states) in GROUPS.items()
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
    context = {"form": form, "again": again, "has_mappings": Mapping.objects.exists()}
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
    is_repeat = any(finding["kind"] == "same_file" for finding in run.findings) and not run.parts.exists()
    if is_repeat and not request.POST.get("again"):
        messages.error(request, "This very file was sent before. Tick the box if it is to be sent again.")
        return redirect(run)
    try:
        choice = held_back if held_back in Run.HeldBack.values else Run.HeldBack.SEND
        delivery.send(run, choice, request.user.get_username())
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
