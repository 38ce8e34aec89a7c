"""Views of the check of a run: its findings as files, corrections, what is held back, and checking again."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from maxops.celery import enqueue
from maxops.imports import chosen_list, fixes, holding
from maxops.imports.chosen_rows import Choice, count_of
from maxops.imports.downloads import reason_for_none, write_csv
from maxops.imports.errors import WrongState
from maxops.imports.findings import KINDS, ROW_KINDS
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.posting import button_only
from maxops.imports.report import Words
from maxops.imports.tasks import apply_fix, check_run, look_anew

HELD_BACK = "held-back"

view_run = permission_required("imports.view_run", raise_exception=True)
add_run = permission_required("imports.add_run", raise_exception=True)


class FindingWords(Words):
    """What the check says of a row, whatever became of it."""

    def of(self, outcome: int, code: int, is_changed: bool = False) -> tuple[str, str]:
        kind = ROW_KINDS.get(code)
        return (kind.text, kind.advice) if kind else ("", "")


def find_run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("mapping", "list", "mapping__list"), pk=run_id)


@view_run
@require_safe
def download_finding(request: HttpRequest, run_id: int, kind: str) -> HttpResponseBase:
    """The rows with one finding, or with any that holds back, each with its line, the finding and what to do."""
    run = find_run(run_id)
    known = KINDS.get(kind)
    if kind == HELD_BACK:
        codes = holding.codes_to_hold(run, Run.HeldBack.DROP)
    elif known and known.code:
        codes = frozenset({known.code})
    else:
        raise Http404("There is no such finding.")
    if gone := reason_for_none(run):
        return HttpResponse(gone, status=410, content_type="text/plain; charset=utf-8")
    if not count_of(files_of(run)) or run.state in (Run.State.RECEIVED, Run.State.CHECKING):
        raise Http404("The check of this file is not done.")
    for_excel = request.GET.get("for") == "excel"
    name = f"run-{run.pk}-{kind.replace('_', '-')}{'-excel' if for_excel else ''}.csv"
    return StreamingHttpResponse(
        write_csv(run, Choice(codes=codes), FindingWords({}), for_excel=for_excel),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@add_run
@button_only
def fix_rows(request: HttpRequest, run_id: int, kind: str) -> HttpResponse:
    """A correction that the person saw before and after; many rows are corrected by the queue."""
    run = find_run(run_id)
    try:
        count = fixes.accept(run, kind, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
        return redirect(run)
    if count > fixes.AT_ONCE:
        enqueue(apply_fix, run.pk)
    else:
        fixes.apply(run.pk)
    return redirect(run)


@add_run
@button_only
def choose_held(request: HttpRequest, run_id: int, kind: str) -> HttpResponse:
    """Whether the rows with one finding stay behind."""
    run = find_run(run_id)
    wanted = request.POST.get("hold", "")
    try:
        if wanted not in ("yes", "no"):
            raise WrongState("Say whether these rows are to be held back.")
        holding.choose(run, kind, request.user.get_username(), holds_back=wanted == "yes")
    except WrongState as error:
        messages.error(request, str(error))
    return redirect(f"{run.get_absolute_url()}#findings")


@add_run
@button_only
def check_again(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find_run(run_id)
    try:
        fixes.check_again(run, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
        return redirect(run)
    enqueue(check_run, run.pk)
    return redirect(run)


@add_run
@button_only
def choose_list(request: HttpRequest, run_id: int) -> HttpResponse:
    """Another list than was chosen at upload; what went to it before is looked for at once, or by the queue."""
    run = find_run(run_id)
    if chosen_list.is_other(run, request.POST.get("list")):
        change_list(request, run)
    return redirect(f"{run.get_absolute_url()}#send-title")


def change_list(request: HttpRequest, run: Run) -> None:
    try:
        chosen_list.change(run, request.POST.get("list", ""), request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
        return
    if run.rows > chosen_list.AT_ONCE:
        enqueue(look_anew, run.pk)
    else:
        chosen_list.look_anew(run.pk)
