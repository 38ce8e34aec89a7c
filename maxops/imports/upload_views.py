"""The way of a lead file into maxops: the upload page, and the address that its pieces go to."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.shortcuts import redirect, render
from django.utils.html import format_html
from django.views.decorators.http import require_http_methods, require_POST

from maxops.celery import enqueue
from maxops.imports import intake, uploads
from maxops.imports.disk import NoRoom, in_words
from maxops.imports.errors import NotText
from maxops.imports.form_files import DISK_FULL
from maxops.imports.models import Mapping, Run, Upload
from maxops.imports.posting import button_only
from maxops.imports.tasks import check_run
from maxops.imports.upload_forms import UploadForm
from maxops.imports.views import add_run

BLOCK = 1 << 15
REQUEST_SECONDS = 8  # a piece that takes longer ends where it is; the browser sends the rest as the next
SILENCE_SECONDS = 4  # a line that has gone dead without a word holds no thread longer
STATUS_TOO_MUCH, STATUS_NO_ROOM, STATUS_NOT_LEADS = 413, 507, 415


@add_run
@require_http_methods(["GET", "HEAD", "POST"])
def new_run(request: HttpRequest) -> HttpResponse:
    staff = request.user.get_username()
    again = find_again(request)
    first = {"attempt_of": again, "mapping": again.mapping_id, "list": again.list_id} if again else {}
    form = UploadForm(
        request.POST or None,
        request.FILES or None,
        initial=first,
        staff=staff,
        disk_full=DISK_FULL in request.META,
    )
    if request.method == "POST" and form.is_valid():
        try:
            return go_on(request, take_file(form.cleaned_data, staff), form.cleaned_data)
        except (NotText, NoRoom, uploads.Misplaced) as error:
            form.add_error("file", str(error))
    return render(request, "imports/new.html", page_of(form, again, staff))


def page_of(form: UploadForm, again: Run | None, staff: str) -> dict[str, Any]:
    """The template's context. A file that has arrived stays chosen, whatever else of the form has to be corrected."""
    chosen = form.cleaned_data.get("upload") if form.is_bound else None
    open_rows = [describe(upload) for upload in uploads.open_uploads(staff)]
    return {
        "form": form,
        "again": again,
        "was_sent": bool(again and again.parts.exists()),
        "has_mappings": Mapping.objects.exists(),
        "arrived": next((row for row in open_rows if row["upload"] == chosen and row["is_whole"]), None),
        "unfinished": [row for row in open_rows if row["upload"] != chosen],
        "limit": form.limit,
        "limit_words": uploads.limit_words(),
    }


def find_again(request: HttpRequest) -> Run | None:
    """The run that this upload is the next attempt of."""
    number = request.GET.get("again", "")
    return Run.objects.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None


def take_file(cleaned: dict[str, Any], staff: str) -> Upload:
    if cleaned["upload"]:
        uploads.complete(cleaned["upload"])
        return cleaned["upload"]
    return uploads.keep_whole(cleaned["file"].chunks(), cleaned["file"].name, staff)


def go_on(request: HttpRequest, upload: Upload, cleaned: dict[str, Any]) -> HttpResponse:
    """To the run, or first to the page that finds the mapping."""
    chosen = cleaned["list"]
    list_id = chosen.pk if chosen else None
    if cleaned["mapping"] is None:
        uploads.keep_wish(upload, list_id, cleaned["options"], cleaned["attempt_of"])
        return redirect("imports:columns", upload.pk)
    wish = intake.Wish(
        cleaned["mapping"], list_id, cleaned["options"], cleaned["attempt_of"], request.user.get_username()
    )
    run = uploads.begin_run(upload, wish)
    enqueue(check_run, run.pk)
    tell_same_file(request, run)
    return redirect(run)


def tell_same_file(request: HttpRequest, run: Run) -> None:
    """At once, while the check still runs: the same bytes went out before."""
    if earlier := intake.earlier_run(run):
        words = 'This very file was sent before, in <a href="{}">run {}</a>. Nothing is sent again unless you say so.'
    elif earlier := intake.earlier_runs(run).first():
        words = 'This very file was sent before to another list, in <a href="{}">run {}</a>. Nothing is sent yet.'
    else:
        return
    messages.warning(request, format_html(words, earlier.get_absolute_url(), earlier.pk))


def describe(upload: Upload) -> dict[str, Any]:
    """An upload that is no run yet, for the page."""
    here = uploads.received(upload)
    return {
        "upload": upload,
        "here": in_words(here),
        "size": in_words(upload.size),
        "is_whole": here == upload.size,
    }


@add_run
@require_POST
def begin_upload(request: HttpRequest) -> HttpResponse:
    """`name` and `size` of a file; the answer says where its pieces go."""
    size = request.POST.get("size", "")
    if not size.isdecimal() or not size.isascii() or len(size) > 18:
        return refuse(400, "Say how many bytes the file has.")
    try:
        upload = uploads.begin(request.user.get_username(), request.POST.get("name", ""), int(size))
    except uploads.TooMuch as error:
        return refuse(STATUS_TOO_MUCH, str(error))
    except NoRoom as error:
        return refuse(STATUS_NO_ROOM, str(error))
    return JsonResponse(state_of(upload), status=201)


@add_run
@require_http_methods(["GET", "HEAD", "POST", "PUT"])
def show_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """GET tells how much of the file is here; a POST or PUT with `?from=N` brings the bytes from N on."""
    upload = find_upload(request, upload_id)
    if request.method in ("GET", "HEAD"):
        return JsonResponse(state_of(upload))
    start, length = request.GET.get("from", ""), int(request.META.get("CONTENT_LENGTH") or 0)
    if not start.isdecimal() or not start.isascii() or len(start) > 18:
        return refuse(400, "Say with ?from= where this piece begins.")
    if not 0 < length <= uploads.LARGEST_PIECE:
        return refuse(STATUS_TOO_MUCH, f"A piece has 1 to {uploads.LARGEST_PIECE:,} bytes.")
    try:
        uploads.append(upload, int(start), length, read_piece(request, length))
    except uploads.Gone as error:
        raise Http404 from error
    except uploads.Misplaced as error:
        return refuse(409, str(error), received=error.received)
    except uploads.TooMuch as error:
        return refuse(STATUS_TOO_MUCH, str(error))
    except NoRoom as error:
        return refuse(STATUS_NO_ROOM, str(error))
    except NotText as error:
        return refuse(STATUS_NOT_LEADS, error.message)
    return JsonResponse(state_of(upload))


@add_run
@button_only
def cancel_upload(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    try:
        uploads.cancel(find_upload(request, upload_id))
    except uploads.Misplaced as error:
        messages.error(request, f"{error} It was not removed; try again in a moment.")
    return redirect("imports:new")


def find_upload(request: HttpRequest, upload_id: UUID) -> Upload:
    """Whoever began it, nobody else; a run that was made of it is beyond this."""
    upload = Upload.objects.filter(pk=upload_id, staff=request.user.get_username()).select_related("run").first()
    if upload is None or (upload.run and request.method != "GET"):
        raise Http404
    return upload


def state_of(upload: Upload) -> dict[str, Any]:
    return {
        "upload": str(upload.pk),
        "received": upload.size if upload.run_id else uploads.received(upload),
        "size": upload.size,
        "piece": uploads.PIECE,
        "run": upload.run.get_absolute_url() if upload.run_id else "",
    }


def refuse(status: int, sentence: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": sentence, **more}, status=status)


def read_piece(request: HttpRequest, length: int) -> Iterator[bytes]:
    """The body, for as long as a request may live: what came by then counts, the rest is sent again."""
    line = request.META.get("gunicorn.socket")
    if line is not None:
        line.settimeout(SILENCE_SECONDS)
    until = time.monotonic() + REQUEST_SECONDS
    left = length
    while left and time.monotonic() < until:
        try:
            block = request.read(min(BLOCK, left))
        except UnreadablePostError:
            return
        if not block:
            return
        left -= len(block)
        yield block
