"""Columns of a list of leads, as the Management API 1.3 names them."""

from django.db import models

from maxops.mirror.models import Mirrored
from maxops.mirror.search import search_column
from maxops.remote.maxcontact.choices import ListType
from maxops.remote.maxcontact.entities import LIST

PLAN_HELP = "Id as shown in the Portal; MaxContact's interface cannot list plans. 0 for none."


class LeadList(Mirrored):
    """A group of leads that campaigns dial."""

    name = models.CharField(
        "name",
        help_text="At most 100 characters; MaxContact's Campaign Manager cuts long names.",
    )
    description = models.TextField("description", blank=True)
    list_type = models.SmallIntegerField("type", choices=ListType.choices, null=True, blank=True)
    caller_id_enabled = models.BooleanField("own caller ID", null=True, blank=True)
    caller_id = models.CharField(
        "caller ID", blank=True, help_text="Number shown to the person called, instead of the campaign's."
    )
    max_callback_days = models.IntegerField(
        "furthest callback", null=True, blank=True, help_text="Days ahead, when limited by days."
    )
    use_max_callback_days = models.BooleanField("limit callbacks by days", null=True, blank=True)
    max_callback_date = models.DateTimeField("no callbacks after", null=True, blank=True)
    fetch_weight = models.IntegerField(
        "fetch weight", null=True, blank=True, help_text="0 to 10; a list with 0 is not dialled."
    )
    alerts_enabled = models.BooleanField("alerts", null=True, blank=True)
    scripting_enabled = models.BooleanField("scripting", null=True, blank=True)
    script_provider = models.IntegerField("script provider", null=True, blank=True)
    script_id = models.IntegerField("script id", null=True, blank=True)
    script = models.TextField("script", blank=True)
    recall_plan_id = models.IntegerField("recall plan", null=True, blank=True, help_text=PLAN_HELP)
    calling_time_plan_id = models.IntegerField("calling time plan", null=True, blank=True, help_text=PLAN_HELP)
    result_code_plan_id = models.IntegerField("result code plan", null=True, blank=True, help_text=PLAN_HELP)
    ivr_plan_id = models.IntegerField("IVR plan", null=True, blank=True, help_text=PLAN_HELP)
    answer_machine_plan_id = models.IntegerField("answer machine plan", null=True, blank=True, help_text=PLAN_HELP)
    do_not_call_plan_id = models.IntegerField("do-not-call plan", null=True, blank=True, help_text=PLAN_HELP)
    schedule_plan_id = models.IntegerField("schedule plan", null=True, blank=True, help_text=PLAN_HELP)
    search = search_column("name", "description", "caller_id")

    entity = LIST

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "list"
        verbose_name_plural = "lists"
        # Every order a list page offers, with the id behind it: mirror/changelist.py needs one index for both ways.
        indexes = [
            models.Index(fields=["name", "id"], name="list_by_name"),
            models.Index(fields=["list_type", "id"], name="list_by_type"),
            models.Index(fields=["fetch_weight", "id"], name="list_by_weight"),
            models.Index(fields=["caller_id", "id"], name="list_by_caller_id"),
            models.Index(fields=["max_callback_days", "id"], name="list_by_callback_days"),
            models.Index(fields=["alerts_enabled", "id"], name="list_by_alerts"),
            models.Index(fields=["missing_since", "id"], name="list_by_presence"),
        ]

    def __str__(self) -> str:
        return self.name or f"list {self.pk}"
