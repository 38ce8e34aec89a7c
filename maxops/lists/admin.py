"""Lists of leads in the admin."""

from django.contrib import admin

from maxops.lists.models import LeadList
from maxops.mirror.admin import MirroredAdmin, SeenFilter
from maxops.mirror.columns import code_words


@admin.register(LeadList)
class LeadListAdmin(MirroredAdmin):
    list_display = [
        "name",
        "type_words",
        "fetch_weight",
        "caller_id",
        "max_callback_days",
        "alerts_enabled",
        "activity_column",
        "presence",
    ]
    list_filter = ["list_type", "alerts_enabled", "scripting_enabled", SeenFilter]
    search_fields = ["search__holds"]
    readonly_fields = ["activity"]
    fieldsets = [
        ("Identity", {"fields": ["name", "description", "list_type", "activity"]}),
        ("Dialling", {"fields": ["fetch_weight", "caller_id_enabled", "caller_id", "alerts_enabled"]}),
        ("Callbacks", {"fields": ["use_max_callback_days", "max_callback_days", "max_callback_date"]}),
        ("Script", {"fields": ["scripting_enabled", "script_provider", "script_id", "script"]}),
        (
            "Plans",
            {
                "fields": [
                    "recall_plan_id",
                    "calling_time_plan_id",
                    "result_code_plan_id",
                    "ivr_plan_id",
                    "answer_machine_plan_id",
                    "do_not_call_plan_id",
                    "schedule_plan_id",
                ]
            },
        ),
    ]

    @admin.display(description="type", ordering="list_type")
    def type_words(self, lead_list: LeadList) -> str:
        return code_words(lead_list, "list_type")
