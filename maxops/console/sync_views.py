"""The sync page: what was read and when, a reading or a dry run asked for, and a dry run taken over as it was shown."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from maxops.console import sync
from maxops.console.context import EVERY_KIND
from maxops.console.sync_run import change_permission, number_in, screen_of
from maxops.mirror import leases
from maxops.mirror.applying import apply
from maxops.mirror.author import author_of
from maxops.mirror.errors import PullRefused, sentence
from maxops.mirror.models import Reading, mirrored_models
from maxops.mirror.tasks import ask_for
from maxops.remote.connect import configured_systems
from maxops.remote.errors import MaxopsConfigError

QUEUE_DOWN = "The queue does not answer, so nothing could be asked for. Try again in a moment."
LARGEST_ID = (1 << 63) - 1


def demand_sight(request: HttpRequest) -> None:
    """The page tells of all four kinds, so whoever opens it may see all four."""
    if not request.user.has_perms(EVERY_KIND):
        raise PermissionDenied("Sync is for members of the groups Supervisor and Manager; your account is in neither.")


def demand_change(request: HttpRequest, kind: str) -> None:
    demand_sight(request)
    if not request.user.has_perm(change_permission(kind)):
        raise PermissionDenied(f"Taking over what was read needs the right to change {kind}; it stays as it is.")


@require_safe
def show_sync(request: HttpRequest) -> HttpResponse:
    demand_sight(request)
    return render(request, "console/sync.html", filling(request))


@require_safe
def sync_live(request: HttpRequest) -> HttpResponse:
    """The part that changes, for the poll: nothing at all while nothing has."""
    demand_sight(request)
    etag = f'"{sync.mark()}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        response = render(request, "console/_sync.html", filling(request))
    response.headers["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


def filling(request: HttpRequest) -> dict[str, Any]:
    etag = f'"{sync.mark()}"'  # before the look: what comes in meanwhile is drawn by the next poll
    each = request.GET.get("each") == "1"
    before = number_in(request.GET.get("before"), LARGEST_ID) if request.GET.get("before") else None
    lines, older = sync.lines(before, each)
    cards = sync.cards()
    return {
        "etag": etag,
        "cards": cards,
        "lines": lines,
        "older": older,
        "before": before,
        "each": each,
        "is_moving": any(card.moving for card in cards),
        "is_connected": bool(configured_systems()),
    }


@require_POST
def ask_reading(request: HttpRequest, kind: str) -> HttpResponse:
    """It changes nothing in MaxContact, so whoever sees the page may ask for it."""
    demand_sight(request)
    if kind not in mirrored_models():
        raise Http404
    dry_run = request.POST.get("dry_run") == "1"
    what = f"A dry run of the {kind}" if dry_run else f"A reading of the {kind}"
    leases.give_up_crashed(timezone.now())  # one that nobody took up must not stand in the way for ever
    waiting = Reading.objects.filter(kind=kind, dry_run=dry_run, state=Reading.State.WAITING).first()
    if waiting:
        messages.info(request, f"{what} is on its way already.")
        return redirect("sync_reading", waiting.pk)
    reading = asked(request, kind, dry_run=dry_run)
    if reading is None:
        return redirect("sync")
    if dry_run:
        return redirect("sync_reading", reading.pk)  # which says itself how far it is
    messages.success(request, f"{what} is on its way.")
    return redirect("sync")


def asked(request: HttpRequest, kind: str, **wish: Any) -> Reading | None:
    """The reading that waits for the worker now; none, with a word to the person, if it could not be asked for."""
    if not configured_systems():
        messages.error(request, "No connection to MaxContact is configured, so nothing can be read.")
        return None
    try:
        return ask_for(kind, author_of(request, "sync"), **wish)
    except OperationalError:
        messages.error(request, QUEUE_DOWN)
    except (PullRefused, MaxopsConfigError) as refusal:
        messages.error(request, sentence(refusal))
    return None


def find_reading(reading_id: int) -> Reading:
    return get_object_or_404(Reading.objects.select_related("applies"), pk=reading_id)


def screen(request: HttpRequest, reading_id: int) -> dict[str, Any]:
    demand_sight(request)
    reading = find_reading(reading_id)
    may_change = request.user.has_perm(change_permission(reading.kind))
    return screen_of(reading, request.GET, may_change)


@require_safe
def show_reading(request: HttpRequest, reading_id: int) -> HttpResponse:
    return render(request, "console/sync_run.html", screen(request, reading_id))


@require_safe
def reading_live(request: HttpRequest, reading_id: int) -> HttpResponse:
    """The page's inside, for the poll; once the reading has ended it asks no further."""
    response = render(request, "console/_sync_run.html", screen(request, reading_id))
    patch_cache_control(response, private=True, no_store=True)
    return response


@require_POST
def apply_reading(request: HttpRequest, reading_id: int) -> HttpResponse:
    """Writes what the dry run showed, nothing else, and leads to the rows it touched."""
    reading = find_reading(reading_id)
    demand_change(request, reading.kind)
    if reading.missing and request.POST.get("missing") == str(reading.missing):
        # The person was shown how many rows this marks, and pressed the button that says so.
        reading.loss_accepted = reading.missing
        reading.save(update_fields=["loss_accepted"])
    try:
        applied = apply(reading, author_of(request, "sync"))
    except PullRefused as refusal:
        messages.error(request, f"Nothing was taken over. {sentence(refusal)}")
        return redirect("sync_reading", reading.pk)
    messages.success(request, told(applied))
    return redirect(f"{sync.changelist_of(reading.kind)}?reading={applied.pk}")


def told(applied: Reading) -> str:
    counts = f"{applied.created} new, {applied.changed} changed, {applied.missing} not there any more"
    return " ".join(filter(None, [f"Taken over as the dry run showed it: {counts}.", applied.message]))


@require_POST
def accept_loss(request: HttpRequest, reading_id: int) -> HttpResponse:
    """Reads anew with leave to mark as many rows as the person was shown, and not one more."""
    reading = find_reading(reading_id)
    demand_change(request, reading.kind)
    shown = request.POST.get("missing", "")
    if reading.state != Reading.State.REFUSED or shown != str(reading.missing) or not reading.missing:
        messages.error(request, "This is not what was shown any more. Look at the latest reading.")
        return redirect("sync_reading", reading.pk)
    again = asked(request, reading.kind, loss_accepted=reading.missing)
    if again is None:
        return redirect("sync_reading", reading.pk)
    messages.success(request, f"The {reading.kind} are read again; up to {reading.missing} may be marked as missing.")
    return redirect("sync_reading", again.pk)
