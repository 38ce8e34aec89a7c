"""The board at `/`: the whole page, and the part of it that asks for itself again every few seconds."""

import hashlib
import secrets
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_POST, require_safe
from kombu.exceptions import OperationalError

from maxops.celery import enqueue_now
from maxops.console.board import GROUPS, Picture, glance
from maxops.console.context import PULL_HANDLE
from maxops.emergency.records import glance as emergency_glance
from maxops.mirror import watch
from maxops.mirror.tasks import pull_one
from maxops.remote.connect import configured_systems

SEE_CAMPAIGNS = "campaigns.view_campaign"
CHANGE_CAMPAIGNS = "campaigns.change_campaign"
POLL_MILLISECONDS, POLL_SPREAD = 4500, 1000  # spread, so that twenty open boards do not ask in step
GROUP_KEYS = {group.key for group in GROUPS}
GROUP_LIMIT = 100  # rows drawn of one group; the search finds the rest


def pace() -> int:
    """Seconds between two readings as it held until this look, which makes the readings come sooner."""
    seconds = settings.MAXOPS_BOARD_SECONDS if watch.is_watched() else settings.MAXOPS_IDLE_SECONDS
    watch.note_look()
    return int(seconds)


def asked_for(request: HttpRequest, picture: Picture) -> dict[str, Any]:
    """All that makes one viewer's board differ from another's at the same moment."""
    event = emergency_glance.look()
    interval = pace()
    stopped = event.affected if event and not event.is_drill else []
    return {
        "only": only if (only := request.GET.get("show", "")) in GROUP_KEYS else "",
        "words": request.GET.get("q", "").strip(),
        "stopped_ids": sorted(row["id"] for row in stopped),
        "interval": interval,
        "freshness": picture.freshness(interval, timezone.now()),
        "is_connected": bool(configured_systems()),
        "may_change": request.user.has_perm(CHANGE_CAMPAIGNS),
        "may_see_runs": request.user.has_perm("imports.view_run"),
        "may_upload": request.user.has_perm("imports.add_run"),
    }


def etag_of(picture: Picture, asked: dict[str, Any]) -> str:
    text = "|".join([picture.mark, *(f"{name}={value}" for name, value in asked.items())])
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def filling(picture: Picture, asked: dict[str, Any]) -> dict[str, Any]:
    """What `_board.html` is filled from. Nothing in it may cost a query: the picture holds every row."""
    return {
        **asked,
        "picture": picture,
        "groups": picture.shown(asked["only"], asked["words"]),
        "group_limit": GROUP_LIMIT,
        "due_at": picture.due_at(asked["interval"]),
    }


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm(SEE_CAMPAIGNS):
        if request.user.has_perm(PULL_HANDLE) or request.user.has_perm("emergency.view_event"):
            return redirect("emergency:page")
        raise PermissionDenied(
            "The board is for members of the groups Supervisor and Manager; your account is in neither."
        )
    picture = glance.look()
    asked = asked_for(request, picture)
    poll = POLL_MILLISECONDS + secrets.randbelow(POLL_SPREAD)
    return render(
        request, "console/board.html", {**filling(picture, asked), "etag": etag_of(picture, asked), "poll": poll}
    )


@require_safe
@permission_required(SEE_CAMPAIGNS, raise_exception=True)
def board_rows(request: HttpRequest) -> HttpResponse:
    """The polled part: 304 without a body while nothing shown has changed, else drawn once for all who ask alike."""
    picture = glance.look()
    asked = asked_for(request, picture)
    etag = etag_of(picture, asked)
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        # Without a request: no frame around it, so no context processors to run.
        response = HttpResponse(
            glance.drawn(etag, lambda: render_to_string("console/_board.html", filling(picture, asked)))
        )
    response.headers["ETag"] = etag
    patch_cache_control(response, private=True, no_cache=True)
    return response


@require_POST
@permission_required(SEE_CAMPAIGNS, raise_exception=True)
def read_again(request: HttpRequest) -> HttpResponse:
    """Asks the worker for a reading now; it changes nothing in MaxContact, so whoever sees the board may ask."""
    try:
        enqueue_now(pull_one, "campaigns")
    except OperationalError:
        messages.error(
            request, "The queue does not answer, so no reading could be asked for. The board keeps the last one."
        )
    else:
        messages.success(request, "A new reading of the campaigns is on its way.")
    return redirect("board")
