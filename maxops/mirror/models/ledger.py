"""What was sent out, and what stands since then of that which MaxContact takes but never shows."""

from django.db import models
from django.utils import timezone

from maxops.mirror.models.readings import KINDS


class Ledger(models.Model):
    """One write sent to a remote system: who, what, and what the far side said of it.

    The row is written before the first byte goes out, as unknown, and settled by the answer.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Not taken"
        UNKNOWN = "unknown", "Unknown"
        PARTLY = "partly", "Partly taken"

    at = models.DateTimeField(default=timezone.now, db_index=True)
    staff = models.CharField("who", max_length=150, blank=True)
    source = models.CharField("from where", max_length=20, blank=True, help_text="admin, bulk, command, emergency ...")
    address = models.GenericIPAddressField("network address", null=True, blank=True)
    system = models.CharField(max_length=40, default="MaxContact")
    operation = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, blank=True)
    remote_id = models.BigIntegerField("MaxContact id", null=True, blank=True)
    subject = models.TextField(blank=True, help_text="name of the record at that time")
    changes = models.JSONField(default=dict, blank=True, help_text="{field: [before, after]}, never a secret")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.UNKNOWN)
    answer = models.TextField("answer in words", blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"
        # Each choice of the audit page in its own order of time: a million entries, fifty read.
        indexes = [
            models.Index(fields=["kind", "remote_id", "-at"], name="mirror_ledger_record"),
            models.Index(fields=["kind", "-at"], name="mirror_ledger_kind"),
            models.Index(fields=["staff", "-at"], name="mirror_ledger_staff"),
            models.Index(fields=["outcome", "-at"], name="mirror_ledger_outcome"),
            models.Index(fields=["source", "-at"], name="mirror_ledger_source"),
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.subject}".strip()

    @property
    def outcome_tone(self) -> str:
        return {"accepted": "ok", "refused": "bad"}.get(self.outcome, "warn")


class LastSet(models.Model):
    """What was last set from here of something MaxContact takes but never reports: activity, links, skills.

    `name` is an attribute set by a verb ("active", with `other_id` 0) or a link ("lists", "teams", "users", "skills",
    with the other record's or skill's Id). `value` is 1 or 0; for a skill its proficiency, 0 once taken away.
    """

    kind = models.CharField(max_length=20, choices=KINDS)
    remote_id = models.IntegerField("MaxContact id")
    name = models.CharField(max_length=40)
    other_id = models.IntegerField(default=0)
    value = models.SmallIntegerField()
    is_certain = models.BooleanField(default=True, help_text="false while no answer told whether it was taken")
    at = models.DateTimeField(default=timezone.now)
    staff = models.CharField("who", max_length=150, blank=True)

    class Meta:
        ordering = ["kind", "remote_id", "name", "other_id"]
        verbose_name_plural = "last set"
        constraints = [
            models.UniqueConstraint(fields=["kind", "remote_id", "name", "other_id"], name="mirror_last_set")
        ]
        indexes = [models.Index(fields=["name", "other_id"], name="mirror_last_set_other")]

    def __str__(self) -> str:
        return f"{self.kind} {self.remote_id} {self.name} {self.other_id or ''}: {self.value}"

    @property
    def set_words(self) -> str:
        """How it is known, in the words of every page."""
        who = self.staff or "maxops"
        when = f"{timezone.localtime(self.at):%d %b %H:%M}"
        if not self.is_certain:
            return f"asked {when} by {who}, no answer; MaxContact does not report it"
        return f"set here {when} by {who}; MaxContact does not report it"
