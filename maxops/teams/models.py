"""Columns of a team of agents, as the Management API 1.3 names them."""

from django.db import models

from maxops.mirror.models import Mirrored
from maxops.mirror.search import search_column
from maxops.remote.maxcontact.entities import TEAM


class Team(Mirrored):
    """Agents who work together under a supervisor."""

    tenant_id = models.IntegerField("tenant", null=True, blank=True)
    name = models.CharField("name")
    primary_supervisor = models.ForeignKey(
        "users.User",
        models.DO_NOTHING,
        verbose_name="primary supervisor",
        related_name="supervised_teams",
        db_constraint=False,
        null=True,
        blank=True,
    )
    max_callbacks_per_day = models.IntegerField("callbacks a day at most", null=True, blank=True)
    service_time = models.IntegerField("service time", null=True, blank=True, help_text="Unit as in the Portal.")
    hours_per_working_day = models.DecimalField(
        "hours per working day",
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="As a decimal: 7.5.",
    )
    well_being_deck_id = models.IntegerField(
        "well-being deck", null=True, blank=True, help_text="Id as shown in the Portal. 0 for none."
    )
    search = search_column("name")

    entity = TEAM

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "team"
        verbose_name_plural = "teams"
        # Every order a list page offers, with the id behind it: mirror/changelist.py needs one index for both ways.
        indexes = [
            models.Index(fields=["name", "id"], name="team_by_name"),
            models.Index(fields=["max_callbacks_per_day", "id"], name="team_by_callbacks"),
            models.Index(fields=["hours_per_working_day", "id"], name="team_by_hours"),
            models.Index(fields=["missing_since", "id"], name="team_by_presence"),
        ]

    def __str__(self) -> str:
        return self.name or f"team {self.pk}"
