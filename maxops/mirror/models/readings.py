"""Each reading of the dialler, and what it found to differ from the mirror."""

from django.db import models
from django.utils import timezone

from maxops.remote.maxcontact.entities import ENTITIES

KINDS = [(kind, kind.capitalize()) for kind in ENTITIES]


class Reading(models.Model):
    """One pull of one kind. A running row is also the lease that keeps a second pull of the kind out.

    A dry run keeps its differences and writes no row; a later reading that `applies` it writes exactly those, as of the
    dry run's own start.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for the worker"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=20, choices=KINDS)
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    source = models.CharField(max_length=20, blank=True, help_text="schedule, command or page")
    staff = models.CharField("who", max_length=150, blank=True)
    dry_run = models.BooleanField(default=False)
    applies = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="applied_by", help_text="the dry run taken over"
    )
    loss_accepted = models.IntegerField(
        null=True, blank=True, help_text="how many rows may be marked as missing although it is over a third"
    )
    started_at = models.DateTimeField(default=timezone.now)
    alive_at = models.DateTimeField("last sign of life", default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    steps = models.JSONField("seconds of each step", default=dict, blank=True, help_text="{step: seconds}")
    read = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    missing = models.IntegerField("newly missing", default=0)
    body_mark = models.CharField(max_length=64, blank=True, help_text="fingerprint of the whole answer")
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
        """The last reading of this kind that was taken over whole. An applied dry run is as old as what it applies."""
        good = cls.objects.filter(kind=kind, state=cls.State.DONE, dry_run=False, applies=None)
        return good.order_by("-started_at").first()

    @property
    def state_tone(self) -> str:
        return {"waiting": "mute", "running": "mute", "done": "ok", "refused": "warn"}.get(self.state, "bad")

    @property
    def differs(self) -> int:
        return self.created + self.changed + self.missing


class Difference(models.Model):
    """One record that MaxContact showed otherwise than the mirror: changed there by somebody else than this person.

    `taken` says whether it went into the mirror; those of a dry run did not. What our own write changed is no
    difference: it stands in the ledger.
    """

    class Sort(models.TextChoices):
        ADDED = "added", "New in MaxContact"
        CHANGED = "changed", "Changed in MaxContact"
        MISSING = "missing", "Not there any more"
        RETURNED = "returned", "There again"

    reading = models.ForeignKey(
        Reading, models.CASCADE, null=True, blank=True, related_name="differences", db_index=False
    )
    kind = models.CharField(max_length=20, choices=KINDS)
    remote_id = models.IntegerField("MaxContact id")
    subject = models.TextField(blank=True, help_text="name of the record at that time")
    at = models.DateTimeField(default=timezone.now, help_text="when it was seen; it happened some time before")
    source = models.CharField(max_length=20, blank=True, help_text="schedule, command, page, save, emergency")
    sort = models.CharField(max_length=10, choices=Sort)
    fields = models.JSONField(default=dict, blank=True, help_text="{attribute: [before, after]}")
    fingerprint = models.CharField(max_length=64, blank=True)
    taken = models.BooleanField(default=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["reading", "sort", "id"], name="mirror_difference_reading"),
            models.Index(fields=["kind", "remote_id", "-at"], name="mirror_difference_record"),
            models.Index(fields=["kind", "-at"], name="mirror_difference_kind"),
            models.Index(fields=["-at"], name="mirror_difference_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.subject}: {self.get_sort_display()}"

    @property
    def sort_tone(self) -> str:
        return {"added": "ok", "missing": "bad"}.get(self.sort, "warn")
