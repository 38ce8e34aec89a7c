"""The record of emergencies and drills in the admin: for reading only."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from maxops.emergency.models import Event, Step, moment
from maxops.mirror.read_only import ReadOnly, ReadOnlyAdmin


def dated(model: type[Model], name: str) -> Callable[[Any], str | None]:
    """A column told to the second, which the dates of other pages are not."""

    def shown(row: Model) -> str | None:
        when = getattr(row, name)
        return moment(when) if when else None

    shown.__name__ = name  # the page makes a style of it
    return admin.display(shown, description=model._meta.get_field(name).verbose_name, ordering=name)


def dates(*names: str) -> tuple[Callable[[Any], str | None], ...]:
    return tuple(dated(Event, name) for name in names)


DATES = dates(
    "requested_at", "accepted_at", "settled_at", "before_at", "read_at", "release_requested_at", "released_at"
)


class StepInline(ReadOnly, admin.TabularInline):
    model = Step
    fields = [dated(Step, "at"), "what", "operation", "outcome", "text", "by", "seconds"]
    readonly_fields = fields[:1]
    verbose_name_plural = "timeline"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("emergency.view_event")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = [
        *dates("requested_at"),
        "kind",
        "state",
        "by",
        "reason",
        "stopped_of_running",
        "seconds",
        *dates("released_at"),
    ]
    list_filter = ["kind", "state", "reason"]
    date_hierarchy = "requested_at"
    inlines = [StepInline]
    fields = [
        ("kind", "state"),
        ("by", "source"),
        ("reason", "note"),
        "answer",
        DATES[:3],
        ("stopped_of_running", *DATES[3:5]),
        (*DATES[5:], "released_by"),
        "release_answer",
    ]
    readonly_fields = ["stopped_of_running", *DATES]

    @admin.display(description="seen stopped")
    def stopped_of_running(self, event: Event) -> str:
        return f"{event.confirmed_stopped} of {event.running_before}"
