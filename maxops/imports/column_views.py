"""The page on which a person says what a file's columns are; from there the file goes to its check, nothing is sent."""

from collections.abc import Mapping as Values
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from maxops.celery import enqueue
from maxops.imports import uploads, versions
from maxops.imports.chosen_list import list_choices, read_list
from maxops.imports.column_sources import Source, UploadSource, of_run
from maxops.imports.disk import NoRoom
from maxops.imports.errors import CsvError, NotText, WrongState
from maxops.imports.kinds import FileColumn
from maxops.imports.mapping import platform_of, region_of
from maxops.imports.matching_screen import Fit, Matching, by_choices, by_guesses, by_places, fits_of
from maxops.imports.models import Mapping, Upload
from maxops.imports.phones import shapes_of
from maxops.imports.reader import plain
from maxops.imports.samples import Start, columns_of, is_lead, read_start
from maxops.imports.tasks import check_run
from maxops.imports.upload_views import tell_same_file
from maxops.imports.views import add_run, find_run

FITS_SHOWN = 6
CHOICE = "column_"
NOT_HERE = "Nothing of this run is to be matched: its columns were found, or its file is no longer here."
look_or_do = require_http_methods(["GET", "HEAD", "POST"])


@dataclass(frozen=True, slots=True)
class Screen:
    """What is on the page: the file's start, the mappings that fit it, the chosen one and its columns."""

    source: Source
    start: Start
    has_header: bool
    fits: list[Fit]
    fit: Fit | None
    columns: list[FileColumn]
    matching: Matching | None
    list_word: str = ""  # the list as the form has it


@add_run
@look_or_do
def match_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = find_upload(request, upload_id)
    if upload.run:
        return redirect(upload.run)
    try:
        uploads.complete(upload)
    except (uploads.Misplaced, NotText) as error:
        messages.error(request, str(error))
        return redirect("imports:new")
    return serve(request, UploadSource(upload))


def find_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    """Whoever began an upload goes on with it, nobody else."""
    mine = Upload.objects.filter(staff=request.user.get_username()).select_related("run")
    return get_object_or_404(mine, pk=upload_id)


@add_run
@look_or_do
def match_run(request: HttpRequest, run_id: int) -> HttpResponse:
    run = find_run(run_id)
    source = of_run(run, request.user.get_username())
    if source is None:
        messages.error(request, NOT_HERE)
        return redirect(run)
    return serve(request, source)


def serve(request: HttpRequest, source: Source) -> HttpResponse:
    words = request.POST if request.method == "POST" else request.GET
    try:
        screen = screen_of(source, words)
    except CsvError as error:
        return render(request, "imports/columns.html", {"source": source, "refusal": error.message})
    do = request.POST.get("do", "")
    if do == "new" and request.user.has_perm("imports.add_mapping"):
        return redirect(f"{reverse('imports:mapping_new')}?{source.parameter}")
    if do == "check" and screen.fit and screen.matching and was_drawn_so(screen, words):
        if screen.matching.is_good:
            return begin(request, screen)
        messages.error(request, "Nothing was checked yet: see what is missing below.")
    return render(request, "imports/columns.html", context_of(screen))


def screen_of(source: Source, words: Values[str, str]) -> Screen:
    """`words` are the form's, or those of the address: `mapping` and `no_header`."""
    mappings = list(Mapping.objects.order_by("-pk").select_related("list"))
    names = [column for mapping in mappings for column in mapping.columns]
    start = read_start(source.path, names)
    own = shapes_of(apps.get_app_config("imports").phone_region)
    has_header = chosen_header(source, words, is_lead(start, names, own))
    columns = columns_of(start, start.first, has_header=has_header, shapes=own)
    used = set(Mapping.objects.filter(runs__parts__isnull=False).values_list("pk", flat=True))
    fits = fits_of(mappings, columns, used) if has_header else by_places(mappings, len(start.first), used)
    fit = choose_fit(fits, words.get("mapping") or source.mapping_id)
    if fit is None:
        return Screen(source, start, has_header, fits, None, columns, None)
    nameless = fit.mapping.columns if fit.found else [""] * len(start.first)
    listed = start.first if has_header else nameless
    columns = columns_of(start, listed, has_header=has_header, shapes=shapes_of(region_of(fit.mapping)))
    is_chosen = has_header and words.get("drawn") == "header"
    matching = by_choices(fit, columns, chosen_columns(words)) if is_chosen else by_guesses(fit, columns)
    list_word = words.get("list", str(source.list_id or ""))
    return Screen(source, start, has_header, fits, fit, columns, matching, list_word)


def chosen_header(source: Source, words: Values[str, str], looks_like_lead: bool) -> bool:
    if "do" in words:
        return "no_header" not in words
    if "no_header" in words:
        return words["no_header"] != "1"
    return not looks_like_lead if source.has_header is None else source.has_header


def choose_fit(fits: list[Fit], wanted: str | int | None) -> Fit | None:
    """The mapping asked for; else the best, which the list begins with."""
    found = next((fit for fit in fits if str(fit.mapping.pk) == str(wanted)), None)
    return found or next(iter(fits), None)


def chosen_columns(words: Values[str, str]) -> dict[int, str]:
    """Place in the file -> column of the mapping, as chosen in the form."""
    places = [name.removeprefix(CHOICE) for name in words if name.startswith(CHOICE)]
    numbers = [place for place in places if place.isascii() and place.isdecimal() and len(place) < 10]
    chosen = {int(place): words[CHOICE + place] for place in numbers}
    return {place: meant for place, meant in chosen.items() if meant}


def was_drawn_so(screen: Screen, words: Values[str, str]) -> bool:
    """Whether the rows that were sent are those of this reading of the first line; else they are to be looked at."""
    drawn = "header" if screen.has_header else "no_header"
    return words.get("drawn") == drawn and words.get("mapping") == str(screen.fit and screen.fit.mapping.pk)


def begin(request: HttpRequest, screen: Screen) -> HttpResponse:
    """The run is made and its check queued; what was chosen is remembered for the next file."""
    mapping, matches = screen.fit.mapping, screen.matching.matches() if screen.has_header else {}
    try:
        list_id = read_list(mapping, screen.source.list_id, screen.list_word)
        run = screen.source.begin(mapping, matches, list_id, has_header=screen.has_header)
    except (NoRoom, CsvError, WrongState) as error:
        messages.error(request, str(error))
        return render(request, "imports/columns.html", context_of(screen))
    if screen.has_header:
        learn(mapping, screen, matches, request.user.get_username())
    enqueue(check_run, run.pk)
    tell_same_file(request, run)
    return redirect(run)


def learn(mapping: Mapping, screen: Screen, matches: Values[str, str], staff: str) -> None:
    """Names of this file's columns count for the next one; those that were wrong before no longer do."""
    aliases = {plain(name): meant for name, meant in matches.items() if plain(name)}
    unused = {plain(column.name) for column in screen.columns} - set(aliases)
    versions.learn(mapping.pk, aliases, unused, staff)


def context_of(screen: Screen) -> dict[str, Any]:
    fit = screen.fit
    return {
        "source": screen.source,
        "fits": screen.fits[:FITS_SHOWN],
        "others": screen.fits[FITS_SHOWN:],
        "fit": fit,
        "matching": screen.matching,
        "columns": screen.columns,
        "has_header": screen.has_header,
        "options": ordered_options(fit.mapping) if fit else [],
        "lists": list_choices(fit.mapping, screen.source.list_id) if fit else [],
        "list_word": screen.list_word,
        "width": len(screen.start.first),
        "rows_read": len(screen.start.rows) + (not screen.has_header),
    }


def ordered_options(mapping: Mapping) -> list[tuple[str, str]]:
    """Each column of the mapping with where it goes; those that go somewhere first, the phone number on top."""
    targets = platform_of(mapping.platform).targets
    places = {target.name: place for place, target in enumerate(targets)}
    last = len(targets)
    ordered = sorted(mapping.columns, key=lambda column: places.get(mapping.fields.get(column, ""), last))
    labels = {target.name: target.label for target in targets}
    return [(column, labels.get(mapping.fields.get(column, ""), "")) for column in ordered]
