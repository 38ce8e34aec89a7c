"""One file on its way into a platform: the run, its parts, what became of its rows, its log (contract section 4).

Rows of a lead file are never rows of the database: they lie in the run's folder (files.py), a few bytes each.
"""

from django.db import models
from django.urls import reverse

from maxops.imports.models.mappings import Mapping

MOVING = ("received", "checking", "sending", "waiting")
SENDABLE = ("ready", "interrupted", "failed", "partly_sent")
OPEN_PARTS = ("sending", "waiting", "unknown")


class Run(models.Model):
    """One file on its way into the platform; the state machine is delivery.py."""

    class State(models.TextChoices):
        RECEIVED = "received", "Received"
        CHECKING = "checking", "Checking"
        READY = "ready", "Ready to send"
        SENDING = "sending", "Sending"
        WAITING = "waiting", "Waiting for MaxContact"
        FINISHED = "finished", "Finished"
        FINISHED_WITH_REJECTS = "finished_with_rejects", "Finished with rejects"
        PARTLY_SENT = "partly_sent", "Partly sent"
        NO_ANSWER = "no_answer", "No answer"
        INTERRUPTED = "interrupted", "Interrupted"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class HeldBack(models.TextChoices):
        SEND = "send", "Send them all the same"
        DROP = "drop", "Hold them back"

    attempt_of = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, blank=True, related_name="attempts")
    mapping = models.ForeignKey(Mapping, on_delete=models.PROTECT, related_name="runs")
    options = models.JSONField(default=dict, blank=True)
    held_back_choice = models.CharField(max_length=4, choices=HeldBack.choices, default=HeldBack.SEND)
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField(default=0)
    staff = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=24, choices=State.choices, default=State.RECEIVED, db_index=True)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=1, blank=True)
    header = models.JSONField(default=list, blank=True)
    has_header = models.BooleanField(default=True, help_text="Else the mapping's columns in their order.")
    matches = models.JSONField(default=dict, blank=True, help_text="Column of the file -> column of the mapping.")
    surplus = models.PositiveIntegerField(default=0, help_text="Cells of the longest row beyond the header.")
    fixes = models.JSONField(default=list, blank=True, help_text="Corrections that a person accepted, in order.")
    is_probe = models.BooleanField(default=False, help_text="Made to learn how MaxContact answers, not to load leads.")
    mapping_version = models.PositiveIntegerField(default=0)
    files_deleted_at = models.DateTimeField(null=True, blank=True)
    rows = models.PositiveIntegerField(default=0)
    held_back = models.PositiveIntegerField(default=0)
    sent = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    unknown = models.PositiveIntegerField(default=0)
    not_attempted = models.PositiveIntegerField(default=0)
    waiting = models.PositiveIntegerField(default=0)
    findings = models.JSONField(default=list, blank=True)
    checked_bytes = models.BigIntegerField(default=0)
    heartbeat = models.DateTimeField(null=True, blank=True)
    message = models.TextField(blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    list = models.ForeignKey(
        "lists.LeadList", on_delete=models.DO_NOTHING, db_constraint=False, null=True, blank=True, related_name="runs"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["mapping", "state"]), models.Index(fields=["-created_at"])]

    def __str__(self) -> str:
        return f"Run {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("imports:run", args=[self.pk])

    @property
    def platform(self) -> str:
        return self.mapping.platform

    @property
    def rejected_rows(self) -> int:
        return sum(tally.rows for tally in self.tallies.all())

    @property
    def is_moving(self) -> bool:
        """News may come without anybody pressing anything soon."""
        return self.state in MOVING

    @property
    def is_open_ended(self) -> bool:
        """Nothing is on its way, and what became of rows is still not known."""
        return self.state == self.State.WAITING and not self.waiting and self.unknown > 0

    @property
    def badge(self) -> str:
        return "Not known" if self.is_open_ended else self.get_state_display()

    @property
    def tone(self) -> str:
        if self.is_open_ended:
            return "warn"
        return {
            "finished": "ok",
            "finished_with_rejects": "warn",
            "partly_sent": "warn",
            "interrupted": "warn",
            "no_answer": "warn",
            "failed": "bad",
            "ready": "info",
            "cancelled": "mute",
        }.get(self.state, "info")


class Part(models.Model):
    """Consecutive rows sent in one request. Rows count from 0 over the records of the file."""

    class State(models.TextChoices):
        PLANNED = "planned", "Not sent yet"
        SENDING = "sending", "Being sent"
        WAITING = "waiting", "Taken, waiting for the report"
        ANSWERED = "answered", "Reported"
        REFUSED = "refused", "Refused"
        UNKNOWN = "unknown", "Not known whether taken"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    first_row = models.PositiveIntegerField()
    last_row = models.PositiveIntegerField(help_text="Inclusive.")
    rows = models.PositiveIntegerField(help_text="Sent rows: those held back between first and last are left out.")
    bytes = models.PositiveIntegerField()
    first_line = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    reference = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    in_doubt = models.BooleanField(
        default=False, help_text="Somebody had it sent again, with Dedupe on, although an earlier try may have arrived."
    )
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    rejected_at_once = models.PositiveIntegerField(default=0, help_text="Rows named in the answer to the upload.")
    detail = models.TextField(blank=True)
    accepted = models.PositiveIntegerField(default=0)
    rejected = models.JSONField(default=dict, blank=True)
    unknown = models.PositiveIntegerField(default=0)
    assumed_base = models.CharField(max_length=10, blank=True, editable=False)
    unplaced = models.PositiveIntegerField(default=0, help_text="Rejected, but the report does not say which rows.")
    difference = models.IntegerField(default=0, help_text="Rows sent less rows the report accounts for.")
    failure = models.CharField(max_length=200, blank=True, help_text="The platform's code when it failed as a whole.")

    class Meta:
        ordering = ["run", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="part_number_per_run")]
        indexes = [models.Index(fields=["state"])]

    def __str__(self) -> str:
        return f"Part {self.number} of run {self.run_id}"


class Tally(models.Model):
    """How many rows of a run met one fate for one reason; `code` is the reason's byte in the outcomes file."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="tallies")
    reason = models.CharField(max_length=200)
    fate = models.CharField(max_length=20)
    code = models.PositiveSmallIntegerField()
    rows = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-rows", "reason"]
        verbose_name_plural = "tallies"
        constraints = [
            models.UniqueConstraint(fields=["run", "reason"], name="tally_reason_per_run"),
            models.UniqueConstraint(fields=["run", "code"], name="tally_code_per_run"),
        ]

    def __str__(self) -> str:
        return f"{self.reason}: {self.rows}"


class RunEvent(models.Model):
    """A line of a run's log, in words for its people."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    text = models.TextField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.text
