"""Pages of leads on their way in: one page for a run in whatever state it is, and what can be done with it."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_safe

from maxops.celery import enqueue
from maxops.imports import chosen_list, delivery, intake, verdicts
from maxops.imports.check_views import change_list
from maxops.imports.errors import WrongState
from maxops.imports.mapping import files_of
from maxops.imports.models import Mapping, Part, Run
from maxops.imports.posting import button_only
from maxops.imports.screens import screen_of
from maxops.imports.tasks import check_run, deliver_run

view_run = permission_required("imports.view_run", raise_exception=True)
add_run = permission_required("imports.add_run", raise_exception=True)


def find_run(run_id: int) -> Run:
    return get_object_or_404(Run.objects.select_related("mapping", "list", "mapping__list"), pk=run_id)


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
@button_only
def send_run(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find_run(run_id)
    if chosen_list.is_other(run, request.POST.get("list")):
        change_list(request, run)  # nothing goes to a list that whoever presses has not seen the check of
        messages.warning(request, "Nothing was sent: another list was chosen. Look at the check again, then send.")
        return redirect(f"{run.get_absolute_url()}#send-title")
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
@button_only
def cancel_run(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find_run(run_id)
    try:
        delivery.cancel(run, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
    return redirect(run)


@add_run
@button_only
def recheck_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """The file of a refused run once more, with another mapping: a run of its own, the next attempt of this one."""
    run = find_run(run_id)
    chosen = request.POST.get("mapping", "")
    mapping = Mapping.objects.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 19 else None
    is_here = files_of(run).original.exists()
    if mapping is None or run.parts.exists() or run.state != Run.State.FAILED or not is_here:
        messages.error(request, "Choose a mapping. If the file is no longer here, upload it again.")
        return redirect(run)
    options = run.options if mapping.platform == run.mapping.platform else {}
    staff = request.user.get_username()
    wish = intake.Wish(mapping, run.list_id, options, run, staff, has_header=run.has_header)
    again = intake.receive(intake.stage_again(run), run.file_name, wish)
    enqueue(check_run, again.pk)
    return redirect(again)


@add_run
@button_only
def decide_part(request: HttpRequest, run_id: int, number: int) -> HttpResponse:
    """What somebody found in MaxContact about a part that was never answered."""
    part = get_object_or_404(Part.objects.select_related("run__mapping"), run=run_id, number=number)
    found = request.POST.get("found", "")
    if found not in ("there", "missing"):
        messages.error(request, "Say whether the leads are in MaxContact or not.")
        return redirect(part.run)
    if found == "there" and not request.POST.get("sure"):
        messages.error(request, "Tick the box first: rows counted as loaded are not sent again.")
        return redirect(part.run)
    try:
        verdicts.decide(part, taken=found == "there", staff=request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
    return redirect(part.run)
