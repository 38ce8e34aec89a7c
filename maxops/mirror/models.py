"""What the mirror keeps: the shape every mirrored row shares, each reading of the dialler, and each write sent out."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.utils import timezone

from maxops.remote.fields import Entity
from maxops.remote.maxcontact.entities import ENTITIES

KINDS = [(kind, kind.capitalize()) for kind in ENTITIES]


class Mirrored(models.Model):
    """A row that exists because the remote named it: its primary key is the remote's own Id.

    `seen_at` is the moment from which this row's content is known to be the remote's: the start of the reading that
    changed it, or the answer to our own write. Vanished rows are marked with `missing_since`, never deleted.
    """

    id = models.IntegerField("MaxContact id", primary_key=True)
    seen_at = models.DateTimeField("content read at", default=timezone.now, editable=False)
    missing_since = models.DateTimeField("not seen since", null=True, blank=True, editable=False, db_index=True)
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)

    entity: Entity
    remark = ""  # what was remarkable about the write that gave this instance; not a column

    class Meta:
        abstract = True

    @classmethod
    def kind(cls) -> str:
        return cls.entity.path

    @property
    def read_at(self) -> datetime:
        """When this row was last known to be as it stands here. Asks for the latest reading: not for use row by row."""
        reading = None if self.missing_since else Reading.latest_good(self.kind())
        return max(self.seen_at, reading.started_at) if reading else self.seen_at

    def last_set(self, field: str) -> "Ledger | None":
        """The last time this field was set from here and taken, for what MaxContact does not report."""
        return Ledger.last_set(self.kind(), self.pk, field)

    @property
    def is_locked(self) -> bool:
        """True for a row that may be looked at but never written."""
        return False


def mirrored_models() -> dict[str, type[Mirrored]]:
    """Kind slug -> model, in the order in which the kinds are read."""
    found = {model.kind(): model for model in apps.get_models() if issubclass(model, Mirrored)}
    return {kind: found[kind] for kind in ENTITIES}


class Reading(models.Model):
    """One pull of one kind. A running row is also the lease that keeps a second pull of the kind out."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=20, choices=KINDS)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    source = models.CharField(max_length=20, blank=True, help_text="schedule, command or page")
    dry_run = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)
    alive_at = models.DateTimeField("last sign of life", default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    read = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    missing = models.IntegerField("newly missing", default=0)
    message = models.TextField(blank=True)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["kind", "-started_at"], name="mirror_reading_latest")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state="running", dry_run=False), name="mirror_one_pull_a_kind"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {timezone.localtime(self.started_at):%d %b %Y %H:%M:%S}"

    @classmethod
    def latest_good(cls, kind: str) -> "Reading | None":
        """The last reading of this kind that was taken over whole."""
        return cls.objects.filter(kind=kind, state=cls.State.DONE, dry_run=False).order_by("-started_at").first()

    @property
    def state_tone(self) -> str:
        return {"running": "mute", "done": "ok", "refused": "warn"}.get(self.state, "bad")


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
    source = models.CharField(max_length=20, blank=True, help_text="admin, command, schedule, emergency ...")
    system = models.CharField(max_length=40, default="MaxContact")
    operation = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, blank=True)
    remote_id = models.BigIntegerField("MaxContact id", null=True, blank=True)
    subject = models.TextField(blank=True, help_text="name of the record at that time")
    changes = models.JSONField(default=dict, blank=True, help_text="{field: [before, after]}, never a secret")
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.UNKNOWN, db_index=True)
    answer = models.TextField("answer in words", blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name = "ledger entry"
        verbose_name_plural = "ledger"
        indexes = [models.Index(fields=["kind", "remote_id", "-at"], name="mirror_ledger_record")]

    def __str__(self) -> str:
        return f"{self.operation} {self.subject}".strip()

    @classmethod
    def last_set(cls, kind: str, remote_id: int, field: str) -> "Ledger | None":
        """The last time this field of a record was set from here and taken; for what the remote cannot report."""
        accepted = cls.objects.filter(kind=kind, remote_id=remote_id, outcome=cls.Outcome.ACCEPTED)
        return accepted.filter(changes__has_key=field).order_by("-at", "-id").first()

    @property
    def at_words(self) -> str:
        return f"{timezone.localtime(self.at):%d %b %H:%M}"

    def value_set(self, field: str) -> Any:
        return self.changes[field][1]

    @property
    def outcome_tone(self) -> str:
        return {"accepted": "ok", "refused": "bad"}.get(self.outcome, "warn")
