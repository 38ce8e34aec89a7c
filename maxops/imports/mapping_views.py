"""Pages of the mappings, and of the answers that could not be matched to a run by themselves."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from maxops.imports import matching
from maxops.imports.forms import AssignForm, MappingForm
from maxops.imports.models import Answer, Mapping

view_mapping = permission_required("imports.view_mapping", raise_exception=True)
add_mapping = permission_required("imports.add_mapping", raise_exception=True)
view_run = permission_required("imports.view_run", raise_exception=True)
change_answer = permission_required("imports.change_answer", raise_exception=True)

ANSWERS_SHOWN = 100


@view_mapping
@require_safe
def show_mappings(request: HttpRequest) -> HttpResponse:
    mappings = Mapping.objects.select_related("list").annotate(used=Count("runs"), last_used=Max("runs__created_at"))
    unmatched = Answer.objects.filter(state=Answer.State.UNMATCHED).count()
    return render(request, "imports/mappings.html", {"mappings": mappings, "unmatched": unmatched})


@add_mapping
def new_mapping(request: HttpRequest) -> HttpResponse:
    form = MappingForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        mapping = form.save()
        messages.success(request, "Mapping added. Now paste its callback address into MaxContact.")
        return redirect("imports:mapping", mapping.pk)
    return render(request, "imports/mapping.html", {"form": form, "mapping": None, "may_change": True})


@view_mapping
def change_mapping(request: HttpRequest, mapping_id: int) -> HttpResponse:
    mapping = get_object_or_404(Mapping.objects.select_related("list"), pk=mapping_id)
    may_change = request.user.has_perm("imports.change_mapping")
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Changing a mapping needs the group Manager; it stays as it is.")
    form = MappingForm(request.POST or None, instance=mapping)
    if form.is_bound and form.is_valid():
        form.save()
        messages.success(request, "Mapping saved here. MaxContact's own mapping is not changed by this.")
        return redirect("imports:mapping", mapping.pk)
    context = {"form": form, "mapping": mapping, "may_change": may_change}
    return render(request, "imports/mapping.html", context)


@view_run
@require_safe
def show_answers(request: HttpRequest) -> HttpResponse:
    """Unmatched ones first, since they wait for a person; then the latest of the others."""
    waiting = list(Answer.objects.filter(state=Answer.State.UNMATCHED).select_related("mapping")[:ANSWERS_SHOWN])
    others = Answer.objects.exclude(state=Answer.State.UNMATCHED).select_related("mapping", "part__run")
    rows = [(answer, AssignForm(answer=answer, auto_id=f"id_{answer.pk}_%s")) for answer in waiting]
    return render(request, "imports/answers.html", {"waiting": rows, "others": others[:ANSWERS_SHOWN]})


@change_answer
@require_POST
def assign_answer(request: HttpRequest, answer_id: int) -> HttpResponse:
    answer = get_object_or_404(Answer, pk=answer_id)
    form = AssignForm(request.POST, answer=answer)
    if not form.is_valid():
        messages.error(request, "Choose a part that still waits for its report.")
        return redirect("imports:answers")
    part = form.cleaned_data["part"]
    matching.settle_answer(answer.pk, part)
    messages.success(request, f"Assigned to run {part.run_id}, part {part.number}.")
    return redirect(part.run)
