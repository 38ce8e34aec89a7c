"""The emergency page: the panel, the checklist after the press, the way back (screens.md part 1).

Whatever changes something is a POST and needs the handle's permission. A GET may read the campaigns, never more; a POST
to the page itself draws it again with the reason and the note kept, which is what Enter on a reason does.
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from maxops.campaigns.models import STATUS_CHOICES
from maxops.emergency import journal, proof, readings, records, service
from maxops.emergency.models import REASONS, Event, Kind, State
from maxops.emergency.service import Press
from maxops.remote.connect import configured_systems
from maxops.remote.maxcontact.choices import CampaignStatus

HANDLE = "emergency.pull_handle"
SHOWN_AFTERWARDS = 12 * 3600  # seconds for which the page still opens on how the last one ended
READ_EVERY = 3.0  # seconds between two readings for the panel, however many look at it


def demand_sight(request: HttpRequest) -> None:
    if not (request.user.has_perm("emergency.view_event") or request.user.has_perm(HANDLE)):
        raise PermissionDenied("Looking at the emergency page needs the group Supervisor or Emergency.")


def demand_handle(request: HttpRequest) -> None:
    if not request.user.has_perm(HANDLE):
        raise PermissionDenied("Pulling and releasing the emergency handle needs the group Emergency.")


def press_of(request: HttpRequest) -> Press:
    try:
        token = UUID(request.POST.get("press", ""))
    except ValueError:
        token = uuid4()
    return Press(
        by=request.user.get_username(),
        reason=request.POST.get("reason", "")[:100],
        note=request.POST.get("note", "").strip()[:2000],
        token=token,
    )


@require_http_methods(["GET", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    demand_sight(request)
    event = records.look_up()
    last = records.last_event((Kind.PULL, Kind.RELEASE))
    shown = event or (last if last and is_recent(last) else None)
    asked = request.POST if request.method == "POST" else request.GET
    sight = readings.newest()
    context = {
        "event": shown,
        "reasons": REASONS,
        "chosen": asked.get("reason") or (shown.reason if shown and shown.state == State.FAILED else ""),
        "note": request.POST.get("note", ""),
        "panel": panel_place(shown),
        "press": uuid4(),
        "release_press": uuid4(),
        "drill_press": uuid4(),
        "is_connected": "maxcontact" in configured_systems(),
        "last": last,
        "last_drill": records.last_event((Kind.DRILL,)),
        **(progress_context(shown, sight) if shown else {}),
        **counts_context(sight),
    }
    return render(request, "emergency/page.html", context)


def is_recent(event: Event) -> bool:
    since = event.released_at or event.settled_at or event.requested_at
    return event.state != State.JOINED and (timezone.now() - since).total_seconds() < SHOWN_AFTERWARDS


def panel_place(event: Event | None) -> str:
    """Where the handle stands: below the record while the way back is what matters, nowhere while it is pulled."""
    if event and event.kind == Kind.PULL and event.is_open:
        return ""
    return "below" if event and (event.state == State.OFF or event.kind == Kind.RELEASE) else "above"


def counts_context(sight: readings.Sight | None) -> dict[str, Any]:
    return {
        "sight": sight,
        "running": sight.running if sight else [],
        "paused": sight.paused if sight else [],
    }


def progress_context(event: Event, sight: readings.Sight | None = None) -> dict[str, Any]:
    """`sight` is the newest reading: campaigns are started again after the stand-down, and the event is not told."""
    statuses, statuses_at = event.seen, event.read_at
    if event.state == State.OFF and sight and (statuses_at is None or sight.at > statuses_at):
        statuses, statuses_at = {str(row["id"]): row["status"] for row in sight.campaigns}, sight.at
    rows = [campaign_row(event, row, statuses if statuses_at else None) for row in event.affected]
    ran = sorted((row for row in rows if row["ran"]), key=order)
    others = sorted((row for row in rows if not row["ran"]), key=order)
    return {
        "event": event,
        "ran": ran,
        "others": others,
        "all_affected": ran + others,
        "statuses_at": statuses_at,
        "unconfirmed": [row for row in ran if row["stopped_at"] is None],
        "confirmed": [row for row in ran if row["stopped_at"] is not None],
        "request_mark": request_mark(event),
        "campaigns_mark": campaigns_mark(event),
        "steps": records.steps_of(event),
    }


def order(row: dict[str, Any]) -> tuple[bool, float, str]:
    """Unconfirmed first; the others in the order in which they were seen stopped."""
    stopped_at = row["stopped_at"]
    return (stopped_at is not None, stopped_at.timestamp() if stopped_at else 0.0, row["name"])


def request_mark(event: Event) -> str:
    """How the checklist marks the request: the answer if there was one, else what is known without."""
    if event.state == State.REQUESTED:
        return "current"
    if event.accepted_at:
        return "done"
    return "failed" if event.state == State.FAILED else "unknown"


def campaigns_mark(event: Event) -> str:
    if event.is_settling:
        return "current"
    if event.state == State.FAILED:
        return "failed"
    return "done" if event.read_at and not event.unconfirmed else "failed"


def campaign_row(event: Event, row: dict[str, Any], statuses: dict[str, int] | None) -> dict[str, Any]:
    """One campaign before and now; `statuses` is None while none were read."""
    key = str(row["id"])
    return {
        **row,
        "ran": row["status"] == CampaignStatus.RUNNING,
        "was": status_word(row["status"]),
        "now": "not read yet" if statuses is None else status_word(statuses.get(key)),
        "now_status": None if statuses is None else statuses.get(key),
        "stopped_at": datetime.fromisoformat(event.stopped[key]) if key in event.stopped else None,
    }


def status_word(status: int | None) -> str:
    known = dict(STATUS_CHOICES)
    return known.get(status, "not seen" if status is None else f"status {status}")


@require_GET
@never_cache
def bar(request: HttpRequest) -> HttpResponse:
    """The strip alone, for pages opened before; nothing at all when it shows what is so already."""
    event = records.glance.look()
    if event and event.is_settling:
        event = records.glance.event = proof.confirm(event)
    shown = request.GET.get("shown", "")
    if shown == (event.bar_key if event else ""):
        return HttpResponse(status=204)
    is_news = event is not None and not shown.startswith(f"{event.state}-")
    return render(request, "emergency/_bar.html", {"emergency": event, "is_news": is_news})


@require_GET
@never_cache
def progress(request: HttpRequest) -> HttpResponse:
    """The checklist, polled until the outcome is known; a change of state draws the whole page anew."""
    demand_sight(request)
    event = records.look_up()
    if event:
        event = proof.confirm(event)
    if event is None or event.state != request.GET.get("state"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "emergency/_progress.html", progress_context(event))


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Read the campaigns again: for the checklist while an emergency is open, else for the panel's counts."""
    demand_sight(request)
    event = records.look_up()
    if event and event.kind == Kind.PULL and not request.htmx:
        proof.confirm(event, wanted=True)
        return redirect("emergency:page")
    sight = read_for_panel()
    if request.htmx:
        return render(
            request, "emergency/_counts.html", {**counts_context(readings.newest()), "problem": sight.problem}
        )
    if sight.problem:
        messages.warning(request, sight.problem)
    return redirect("emergency:page")


def read_for_panel() -> readings.Sight:
    known = readings.newest()
    if known and known.watched and known.is_younger_than(READ_EVERY):
        return known
    with journal.sole_reader() as ours:
        if ours:
            return readings.read_now(watched=True)
    return known or readings.Sight(timezone.now(), problem="The campaigns are being read at this moment.")


@require_POST
def on(request: HttpRequest) -> HttpResponse:
    demand_handle(request)
    service.pull(press_of(request), again="again" in request.POST)
    return redirect("emergency:page")


@require_POST
def off(request: HttpRequest) -> HttpResponse:
    demand_handle(request)
    service.release(press_of(request))
    return redirect("emergency:page")


@require_POST
def drill(request: HttpRequest) -> HttpResponse:
    demand_handle(request)
    if "end" in request.POST:
        service.end_drill(request.user.get_username())
    else:
        event = service.drill(press_of(request))
        if not event.is_drill:
            messages.warning(request, "An emergency is on: no drill was begun.")
    return redirect("emergency:page")
