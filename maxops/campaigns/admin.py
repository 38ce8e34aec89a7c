"""Campaigns in the admin: groups a manager thinks in, and the verbs that start, pause and stop."""

from django.contrib import admin
from django.utils.safestring import SafeString

from maxops.campaigns.models import Campaign
from maxops.mirror.admin import MirroredAdmin, SeenFilter, badge
from maxops.mirror.columns import code_words, named


@admin.register(Campaign)
class CampaignAdmin(MirroredAdmin):
    list_display = ["name", "status_badge", "type_words", "active", "list_words", "caller_id", "max_lines", "presence"]
    list_filter = ["status", "type", "active", SeenFilter]
    list_select_related = ["default_list"]
    search_fields = ["search__holds"]
    fieldsets = [
        ("Identity", {"fields": ["name", "description", "active", "status"]}),
        (
            "Dialling",
            {
                "fields": [
                    "type",
                    "default_list",
                    "caller_id",
                    "default_phone_type",
                    "max_lines",
                    "target_drop_percent",
                    "degrade_to_progressive",
                    "progressive_threshold",
                ]
            },
        ),
        ("Hours and plans", {"fields": ["hours_per_working_day", "schedule_plan_id", "tele_param_plan_id"]}),
        (
            "Call handling",
            {
                "fields": [
                    "is_blended",
                    "auto_record",
                    "not_ready_wait_time",
                    "zip_tone",
                    "zip_tone_beep",
                    "zip_tone_wav",
                ]
            },
        ),
    ]

    @admin.display(description="status", ordering="status")
    def status_badge(self, campaign: Campaign) -> str | SafeString:
        words = code_words(campaign, "status")
        return badge(words, campaign.status_tone) if words else words

    @admin.display(description="type", ordering="type")
    def type_words(self, campaign: Campaign) -> str:
        return code_words(campaign, "type")

    @admin.display(description="default list")
    def list_words(self, campaign: Campaign) -> str:
        return named(campaign, "default_list")
