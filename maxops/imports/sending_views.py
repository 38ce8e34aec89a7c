"""What a person may do to a run on its way: stop it, and send a part once more of which nothing is known."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from maxops.celery import enqueue
from maxops.imports import bookings, verdicts
from maxops.imports.errors import WrongState
from maxops.imports.models import Part
from maxops.imports.posting import button_only
from maxops.imports.tasks import deliver_run
from maxops.imports.views import add_run, find_run


@add_run
@button_only
def stop_run(request: HttpRequest, run_id: int) -> HttpResponse:
    """Whatever has not gone out stays here."""
    run = find_run(run_id)
    try:
        bookings.pause(run, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
    return redirect(run)


@add_run
@button_only
def resend_part(request: HttpRequest, run_id: int, number: int) -> HttpResponse:
    part = get_object_or_404(Part.objects.select_related("run__mapping"), run=run_id, number=number)
    if not request.POST.get("sure"):
        messages.error(request, "Tick the box first: the part may be in MaxContact already.")
        return redirect(part.run)
    try:
        verdicts.send_again(part, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
        return redirect(part.run)
    enqueue(deliver_run, part.run_id)
    return redirect(part.run)
