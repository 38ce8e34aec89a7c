"""Teams in the admin."""

from django.contrib import admin

from maxops.mirror.admin import MirroredAdmin, SeenFilter
from maxops.mirror.columns import named
from maxops.teams.models import Team


@admin.register(Team)
class TeamAdmin(MirroredAdmin):
    list_display = ["name", "supervisor_words", "max_callbacks_per_day", "hours_per_day", "activity_column", "presence"]
    list_filter = [SeenFilter]
    list_select_related = ["primary_supervisor"]
    search_fields = ["search__holds"]
    readonly_fields = ["activity"]
    fieldsets = [
        ("Identity", {"fields": ["name", "primary_supervisor", "activity"]}),
        ("Work", {"fields": ["max_callbacks_per_day", "service_time", "hours_per_working_day"]}),
        ("Plans", {"fields": ["well_being_deck_id", "tenant_id"]}),
    ]

    @admin.display(description="primary supervisor")
    def supervisor_words(self, team: Team) -> str:
        return named(team, "primary_supervisor")

    @admin.display(description="hours per working day", ordering="hours_per_working_day")
    def hours_per_day(self, team: Team) -> str:
        hours = team.hours_per_working_day
        return "" if hours is None else f"{hours.normalize():f}"
