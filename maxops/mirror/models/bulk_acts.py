"""One act over many records: proposed, confirmed, then done row by row, each with its own outcome."""

from django.db import models
from django.utils import timezone

from maxops.mirror.models.readings import KINDS


class BulkAct(models.Model):
    """`offer` names the row of `mirror.offers` it runs; `parameters` what a person chose beside the selection."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Nothing sent yet"
        WAITING = "waiting", "Waiting for the worker"
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        STOPPED = "stopped", "Stopped before its end"
        CANCELLED = "cancelled", "Cancelled, nothing sent"

    kind = models.CharField(max_length=20, choices=KINDS)
    offer = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict, blank=True)
    staff = models.CharField("who", max_length=150)
    source = models.CharField(max_length=20, default="bulk")
    address = models.GenericIPAddressField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.PROPOSED)
    message = models.TextField(blank=True, help_text="why it stopped before its end")
    created_at = models.DateTimeField(default=timezone.now)
    alive_at = models.DateTimeField("last sign of life", default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "bulk acts"

    def __str__(self) -> str:
        return f"{self.offer} {self.kind} {self.pk}"

    @property
    def state_tone(self) -> str:
        return {"finished": "ok", "stopped": "bad", "running": "warn"}.get(self.state, "mute")


class BulkRow(models.Model):
    class Outcome(models.TextChoices):
        OPEN = "", "Not tried"
        SENDING = "sending", "On its way"
        DONE = "done", "Done"
        REFUSED = "refused", "Not done"
        UNKNOWN = "unknown", "Unknown"

    bulk_act = models.ForeignKey(BulkAct, models.CASCADE, related_name="rows")
    remote_id = models.IntegerField("MaxContact id")
    subject = models.TextField(help_text="name of the record at that time")
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.OPEN)
    words = models.TextField(blank=True)
    at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["bulk_act", "outcome"], name="mirror_bulk_outcome")]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_outcome_display()}"

    @property
    def outcome_tone(self) -> str:
        return {"done": "ok", "refused": "bad", "unknown": "warn"}.get(self.outcome, "mute")
