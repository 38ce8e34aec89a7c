"""Columns of a campaign, as the Management API 1.3 names them, in words a manager reads."""

from django.db import models

from maxops.mirror.models import Mirrored
from maxops.mirror.search import search_column
from maxops.remote.maxcontact.choices import CampaignStatus, CampaignType, ZipTone, ZipToneBeep
from maxops.remote.maxcontact.entities import CAMPAIGN

STATUS_TONES = {
    CampaignStatus.RUNNING: "ok",
    CampaignStatus.PAUSED: "warn",
    CampaignStatus.FLUSHED: "warn",
    CampaignStatus.NOT_RUNNING: "mute",
}
# The document writes "Not Running"; that is for the wire, this for people.
STATUS_CHOICES = [(status.value, str(status.label).capitalize()) for status in CampaignStatus]
PLAN_HELP = "Id as shown in the Portal; MaxContact's interface cannot list plans. 0 for none."


class Campaign(Mirrored):
    """A dialling (or inbound) campaign: what is dialled how, and whether it runs now."""

    name = models.CharField("name")
    active = models.BooleanField(
        "active", null=True, blank=True, help_text="Inactive campaigns are kept but cannot be started."
    )
    description = models.TextField("description", blank=True)
    caller_id = models.CharField("caller ID", blank=True, help_text="Number shown to the person called.")
    type = models.SmallIntegerField("dialling type", choices=CampaignType.choices, null=True, blank=True)
    max_lines = models.IntegerField(
        "maximum lines", null=True, blank=True, help_text="Applies to Bridge and IVR campaigns."
    )
    degrade_to_progressive = models.BooleanField(
        "degrade to progressive", null=True, blank=True, help_text="Applies to Predictive and Progressive campaigns."
    )
    progressive_threshold = models.IntegerField(
        "progressive threshold",
        null=True,
        blank=True,
        help_text="Applies to Predictive and Progressive campaigns that degrade to progressive.",
    )
    target_drop_percent = models.DecimalField(
        "target drop rate", max_digits=20, decimal_places=6, null=True, blank=True, help_text="Percent."
    )
    is_blended = models.BooleanField("blended", null=True, blank=True, help_text="Agents also take inbound calls.")
    auto_record = models.BooleanField("record calls automatically", null=True, blank=True)
    default_list = models.ForeignKey(
        "lists.LeadList",
        models.DO_NOTHING,
        verbose_name="default list",
        related_name="default_of",
        db_constraint=False,
        null=True,
        blank=True,
    )
    hours_per_working_day = models.DecimalField(
        "hours per working day",
        max_digits=20,
        decimal_places=6,
        null=True,
        blank=True,
        help_text="As a decimal: 7.5.",
    )
    default_phone_type = models.IntegerField("default phone type", null=True, blank=True)
    tele_param_plan_id = models.IntegerField("telephony parameter plan", null=True, blank=True, help_text=PLAN_HELP)
    schedule_plan_id = models.IntegerField("schedule plan", null=True, blank=True, help_text=PLAN_HELP)
    zip_tone = models.SmallIntegerField(
        "zip tone",
        choices=ZipTone.choices,
        null=True,
        blank=True,
        help_text="What the agent hears when a call is put through.",
    )
    zip_tone_beep = models.SmallIntegerField("zip tone beep", choices=ZipToneBeep.choices, null=True, blank=True)
    zip_tone_wav = models.CharField("zip tone wav file", blank=True)
    not_ready_wait_time = models.IntegerField(
        "not-ready wait time",
        null=True,
        blank=True,
        help_text="Applies to Predictive and Progressive campaigns. Unit as in the Portal.",
    )
    status = models.SmallIntegerField("status", choices=STATUS_CHOICES, null=True, blank=True)
    search = search_column("name", "description", "caller_id")

    entity = CAMPAIGN

    class Meta:
        ordering = ["name", "id"]
        verbose_name = "campaign"
        verbose_name_plural = "campaigns"
        # Every order a list page offers, with the id behind it: mirror/changelist.py needs one index for both ways.
        indexes = [
            models.Index(fields=["name", "id"], name="campaign_by_name"),
            models.Index(fields=["status", "id"], name="campaign_by_status"),
            models.Index(fields=["type", "id"], name="campaign_by_type"),
            models.Index(fields=["active", "id"], name="campaign_by_active"),
            models.Index(fields=["caller_id", "id"], name="campaign_by_caller_id"),
            models.Index(fields=["max_lines", "id"], name="campaign_by_lines"),
            models.Index(fields=["missing_since", "id"], name="campaign_by_presence"),
        ]

    def __str__(self) -> str:
        return self.name or f"campaign {self.pk}"

    @property
    def status_tone(self) -> str:
        return STATUS_TONES.get(self.status, "mute")
