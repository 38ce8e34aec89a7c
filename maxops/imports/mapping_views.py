"""Pages of the mappings: the list, a new one, and the page of one with its form, its probe and its history."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from maxops.imports import edits, portal, versions
from maxops.imports.column_sources import Source, UploadSource, of_run
from maxops.imports.edits import Question
from maxops.imports.errors import CsvError
from maxops.imports.kinds import FileColumn
from maxops.imports.line_base import known_base
from maxops.imports.mapping_forms import MappingForm, opened_again, suggest
from maxops.imports.models import Answer, Mapping, Run, Upload
from maxops.imports.phones import shapes_of
from maxops.imports.probe_screen import probe_screen
from maxops.imports.samples import columns_of, read_start

view_mapping = permission_required("imports.view_mapping", raise_exception=True)
add_mapping = permission_required("imports.add_mapping", raise_exception=True)

look_or_save = require_http_methods(["GET", "HEAD", "POST"])


@view_mapping
@require_safe
def show_mappings(request: HttpRequest) -> HttpResponse:
    mappings = Mapping.objects.select_related("list").annotate(used=Count("runs"), last_used=Max("runs__created_at"))
    unmatched = Answer.objects.filter(state=Answer.State.UNMATCHED).count()
    return render(request, "imports/mappings.html", {"mappings": mappings, "unmatched": unmatched})


@add_mapping
@look_or_save
def new_mapping(request: HttpRequest) -> HttpResponse:
    """Empty, or with the columns of a file that has been uploaded; then the way goes on to that file."""
    source = source_of(request)
    file_columns = columns_in(source) if source else []
    if request.method == "POST" and request.POST.get("do") != "columns":
        form = MappingForm(request.POST)
        if form.is_valid():
            mapping = Mapping(**form.definition())
            versions.keep(mapping, request.user.get_username())
            messages.success(request, "Mapping added. Now set up the same in MaxContact, as said below.")
            return redirect(f"{source.url}?mapping={mapping.pk}" if source else mapping_page(mapping))
    else:
        started = request.method == "POST"
        suggested = opened_again(request.POST) if started else suggest("maxcontact", file_columns)
        form = MappingForm(initial=suggested.initial, hints=suggested.hints)
    context = {"form": form, "mapping": None, "may_change": True, "source": source, "file_columns": file_columns}
    return render(request, "imports/mapping.html", context)


def source_of(request: HttpRequest) -> Source | None:
    """`?upload=` or `?run=`: the file that the new mapping is made for."""
    staff, upload, run = request.user.get_username(), request.GET.get("upload", ""), request.GET.get("run", "")
    with suppress(ValueError):
        found = Upload.objects.filter(staff=staff, run=None, pk=UUID(upload)).first()
        return UploadSource(found) if found else None
    found = Run.objects.filter(pk=run).select_related("mapping").first() if run.isdecimal() and len(run) < 19 else None
    return of_run(found, staff) if found else None


def columns_in(source: Source) -> list[FileColumn]:
    try:
        start = read_start(source.path)
    except (CsvError, FileNotFoundError):
        return []
    shapes = shapes_of(apps.get_app_config("imports").phone_region)
    columns = columns_of(start, start.first, has_header=True, shapes=shapes)
    return [column for column in columns if column.name.strip()]


def mapping_page(mapping: Mapping) -> str:
    return reverse("imports:mapping", args=[mapping.pk])


@view_mapping
@look_or_save
def change_mapping(request: HttpRequest, mapping_id: int) -> HttpResponse:
    mapping = get_object_or_404(Mapping.objects.select_related("list"), pk=mapping_id)
    may_change = request.user.has_perm("imports.change_mapping")
    if request.method == "POST" and not may_change:
        raise PermissionDenied("Changing a mapping needs the group Manager; it stays as it is.")
    form, questions = MappingForm(instance=Mapping.objects.get(pk=mapping_id)), []
    if request.POST.get("do") == "columns":
        suggested = opened_again(request.POST)
        form = MappingForm(instance=form.instance, initial=suggested.initial, hints=suggested.hints)
    elif request.method == "POST":
        form, questions = save_form(request, mapping_id)
        if not questions and form.is_valid():
            messages.success(request, "Mapping saved here. MaxContact's own mapping is not changed by this.")
            return redirect(mapping_page(mapping))
    return render(request, "imports/mapping.html", mapping_screen(mapping, form, questions, may_change=may_change))


@transaction.atomic
def save_form(request: HttpRequest, mapping_id: int) -> tuple[MappingForm, list[Question]]:
    """Saved, unless the form has errors or somebody else's save asks questions."""
    mapping = get_object_or_404(Mapping.objects.select_for_update(), pk=mapping_id)
    form = MappingForm(request.POST, instance=Mapping.objects.get(pk=mapping_id))
    if not form.is_valid():
        return form, []
    result = edits.save(mapping, form.definition(), request.POST, request.user.get_username())
    for fault in result.faults:
        form.add_error(None, f"Together with what was saved meanwhile: {fault}")
    return form, result.questions


def mapping_screen(
    mapping: Mapping, form: MappingForm, questions: list[Question], *, may_change: bool
) -> dict[str, Any]:
    return {
        "form": form,
        "mapping": mapping,
        "may_change": may_change,
        "questions": questions,
        "seen": mapping.version,
        "saver": mapping.versions.first() if questions else None,
        "history": versions.history_of(mapping),
        "needs": portal.needs_of(mapping),
        "map_trouble": portal.map_trouble(mapping),
        "portal_url": apps.get_app_config("imports").portal_mapper_url,
        "line_base": known_base(mapping),
        "runs": mapping.runs.count(),
        **probe_screen(mapping),
    }
