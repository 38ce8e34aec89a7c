"""The record of emergencies and drills in the admin: for reading only."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from maxops.emergency.models import Event, Step


class ReadOnly:
    """Nobody adds, changes or deletes what happened."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class StepInline(ReadOnly, admin.TabularInline):
    model = Step
    fields = ["at", "what", "operation", "outcome", "text", "by", "seconds"]
    verbose_name_plural = "timeline"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("emergency.view_event")


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["requested_at", "kind", "state", "by", "reason", "stopped_of_running", "seconds", "released_at"]
    list_filter = ["kind", "state", "reason"]
    date_hierarchy = "requested_at"
    inlines = [StepInline]
    fields = [
        ("kind", "state"),
        ("by", "source"),
        ("reason", "note"),
        "answer",
        ("requested_at", "accepted_at", "settled_at"),
        ("stopped_of_running", "read_at"),
        ("released_at", "released_by"),
    ]
    readonly_fields = ["stopped_of_running"]

    @admin.display(description="seen stopped")
    def stopped_of_running(self, event: Event) -> str:
        return f"{event.confirmed_stopped} of {event.running_before}"
