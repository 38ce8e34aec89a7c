"""The page of received reports: those that wait for a person, with what speaks for which part, then all others."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from maxops.imports import matching
from maxops.imports.answer_forms import AssignForm
from maxops.imports.answer_screen import waiting_of
from maxops.imports.models import Answer
from maxops.imports.posting import button_only

WAITING_SHOWN = 20
PAGE = 50

view_run = permission_required("imports.view_run", raise_exception=True)
change_answer = permission_required("imports.change_answer", raise_exception=True)


@view_run
@require_safe
def show_answers(request: HttpRequest) -> HttpResponse:
    unmatched = Answer.objects.filter(state=Answer.State.UNMATCHED).select_related("mapping")
    others = Answer.objects.exclude(state=Answer.State.UNMATCHED).select_related("mapping", "part__run")
    context = {
        "waiting": [waiting_of(answer) for answer in unmatched[:WAITING_SHOWN]],
        "unmatched": unmatched.count(),
        "page": Paginator(others, PAGE).get_page(request.GET.get("page")),
    }
    return render(request, "imports/answers.html", context)


@change_answer
@button_only
def assign_answer(request: HttpRequest, answer_id: int) -> HttpResponse:
    answer = get_object_or_404(Answer, pk=answer_id)
    form = AssignForm(request.POST, answer=answer)
    if not form.is_valid():
        messages.error(request, "Choose a part that still waits for its report.")
        return redirect("imports:answers")
    part = form.cleaned_data["part"]
    matching.settle_answer(answer.pk, part)
    answer.refresh_from_db()
    if answer.state != Answer.State.MATCHED or answer.part_id != part.pk:
        messages.error(request, f"Not assigned: {answer.evidence}")
        return redirect("imports:answers")
    messages.success(request, f"Assigned to run {part.run_id}, part {part.number}.")
    return redirect(part.run)


@change_answer
@button_only
def put_aside(request: HttpRequest, answer_id: int) -> HttpResponse:
    """A report of something that was not sent from here; it can be taken up again."""
    staff = request.user.get_username()
    if request.POST.get("do") == "back":
        changed = matching.take_up(answer_id)
        words = "Taken up again."
    else:
        changed = matching.put_aside(answer_id, staff)
        words = "Put aside: it counts nowhere. It can be taken up again from the list below."
    if changed:
        messages.success(request, words)
    else:
        messages.error(request, "This report has changed meanwhile; it stays as it is.")
    return redirect("imports:answers")
