"""What was pulled, by whom, why, and what was seen of it: the record behind screens.md part 1 and contract section 3.

Keys are made here, not by the database, so that a record can be written while no database answers.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from maxops.remote.maxcontact.choices import CampaignStatus


class Kind(models.TextChoices):
    PULL = "pull", "Emergency"
    DRILL = "drill", "Drill"
    RELEASE = "release", "Stand-down without an emergency of ours"


class State(models.TextChoices):
    """The words `manage.py emergency` answers with, and the states of screens.md."""

    REQUESTED = "requested", "Requested"
    CONFIRMING = "confirming", "Accepted, confirming"
    ON = "on", "On, confirmed"
    ON_NOT_CONFIRMED = "on_not_confirmed", "On, not fully confirmed"
    UNKNOWN = "unknown", "Unknown"
    FAILED = "failed", "Request failed"
    STANDING_DOWN = "standing_down", "Standing down"
    OFF = "off", "Off"
    DRILL = "drill", "Drill"
    DRILL_OVER = "drill_over", "Drill over"
    JOINED = "joined", "Went on as another event"


OPEN = [State.REQUESTED, State.CONFIRMING, State.ON, State.ON_NOT_CONFIRMED, State.UNKNOWN, State.STANDING_DOWN]
SETTLING = [State.REQUESTED, State.CONFIRMING, State.UNKNOWN]
TONES = {State.ON: "bad", State.FAILED: "bad", State.OFF: "ok", State.DRILL_OVER: "mute", State.JOINED: "mute"}
OLD_LIST = timedelta(minutes=1)  # a list of campaigns read longer before the press than this is called old
REASONS = ["Evacuation", "System fault", "Wrong data dialled", "Compliance", "Test", "Other"]


class Event(models.Model):
    """One emergency, drill or stand-down from its press to its end."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PULL)
    state = models.CharField(max_length=20, choices=State.choices, default=State.REQUESTED)
    by = models.CharField("pulled by", max_length=150, blank=True)
    source = models.CharField(max_length=20, blank=True, help_text="page or command")
    reason = models.CharField(max_length=100, blank=True)
    note = models.TextField(blank=True)
    requested_at = models.DateTimeField(default=timezone.now, db_index=True)
    called_at = models.DateTimeField("latest call begun", null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    deadline = models.DateTimeField("confirmation ends", null=True, blank=True)
    read_at = models.DateTimeField("campaigns last read", null=True, blank=True)
    settled_at = models.DateTimeField("outcome known", null=True, blank=True)
    before = models.JSONField("campaigns at the pull", default=list, help_text="id, name and status of each")
    before_at = models.DateTimeField("campaigns at the pull, read at", null=True, blank=True)
    seen = models.JSONField("campaigns as last read", default=dict, help_text="status by id")
    stopped = models.JSONField("first seen stopped", default=dict, help_text="time by id")
    answer = models.TextField("outcome in words", blank=True)
    release_requested_at = models.DateTimeField(null=True, blank=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.CharField(max_length=150, blank=True)
    release_reason = models.CharField(max_length=100, blank=True)
    release_answer = models.TextField("stand-down in words", blank=True)

    class Meta:
        ordering = ["-requested_at"]
        permissions = [("pull_handle", "May pull and release the emergency handle")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind"], condition=models.Q(state__in=OPEN, kind="pull"), name="one_emergency_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {moment(self.requested_at)}"

    @property
    def is_drill(self) -> bool:
        return self.kind == Kind.DRILL

    @property
    def is_open(self) -> bool:
        return self.state in OPEN or self.state == State.DRILL

    @property
    def is_settling(self) -> bool:
        """Readings may still change what is known without anybody pressing anything."""
        return self.state in SETTLING and self.kind == Kind.PULL

    @property
    def running(self) -> list[dict[str, Any]]:
        """The campaigns that ran when the handle was pulled; of all statuses only Running counts as running."""
        return [row for row in self.before if row["status"] == CampaignStatus.RUNNING]

    @property
    def unconfirmed(self) -> list[dict[str, Any]]:
        """Those that ran and have not been seen with another status in the latest reading."""
        return [row for row in self.running if self.seen.get(str(row["id"])) in (None, CampaignStatus.RUNNING)]

    @property
    def affected(self) -> list[dict[str, Any]]:
        """Those that ran, and all others seen with a status they did not have at the pull: paused ones are stopped too.
        What runs now and did not run then was started by somebody; the pull starts nothing."""

        def is_changed(row: dict[str, Any]) -> bool:
            return self.seen.get(str(row["id"])) not in (None, CampaignStatus.RUNNING, row["status"])

        return [row for row in self.before if row["status"] == CampaignStatus.RUNNING or is_changed(row)]

    @property
    def running_before(self) -> int:
        return len(self.running)

    @property
    def confirmed_stopped(self) -> int:
        return self.running_before - len(self.unconfirmed)

    @property
    def still_running(self) -> list[dict[str, Any]]:
        return [{"id": row["id"], "name": row["name"]} for row in self.unconfirmed]

    @property
    def seconds(self) -> float | None:
        """From the press to the moment the outcome was known."""
        return round((self.settled_at - self.requested_at).total_seconds(), 3) if self.settled_at else None

    @property
    def minutes(self) -> int:
        return int((timezone.now() - self.requested_at).total_seconds() // 60)

    @property
    def bar_word(self) -> str:
        """What the bar may claim: ON only once MaxContact accepted, or was seen to have acted."""
        words = {
            State.REQUESTED: "REQUESTED",
            State.UNKNOWN: "REQUESTED, no answer",
            State.STANDING_DOWN: "STANDING DOWN",
        }
        return words.get(State(self.state), "ON")

    @property
    def bar_key(self) -> str:
        """What the bar shows, in short: the same key means there is nothing new to draw."""
        return f"{self.state}-{self.confirmed_stopped}-{self.running_before}-{self.minutes}"

    @property
    def tone(self) -> str:
        return {"on": "bad", "off": "ok", "drill": "warn", "drill_over": "mute", "failed": "bad"}.get(
            self.state, "warn"
        )

    @property
    def is_list_old(self) -> bool:
        """What ran is known only from a reading well before the press."""
        return self.before_at is not None and self.requested_at - self.before_at > OLD_LIST

    @property
    def told(self) -> str:
        """The outcome in words: the stand-down's once it was asked for, after the pull's while the emergency stands."""
        if self.kind == Kind.RELEASE or self.state in (State.STANDING_DOWN, State.OFF):
            return self.release_answer or self.answer
        return f"{self.answer} {self.release_answer}".strip()

    @property
    def past_deadline(self) -> bool:
        return self.deadline is not None and timezone.now() >= self.deadline

    def as_json(self) -> dict[str, Any]:
        """The object of contract section 3: who asked for the state told, when and why; the pull stands beside it."""
        pulled = {
            "requested_at": as_text(self.requested_at),
            "accepted_at": as_text(self.accepted_at),
            "by": self.by,
            "reason": self.reason,
        }
        released = {
            "requested_at": as_text(self.release_requested_at),
            "accepted_at": as_text(self.released_at),
            "by": self.released_by,
            "reason": self.release_reason,
        }
        is_release = self.state in (State.STANDING_DOWN, State.OFF) and self.release_requested_at is not None
        return {
            "state": "drill" if self.is_drill else str(self.state),
            "kind": str(self.kind),
            **(released if is_release else pulled),
            "pull": pulled,
            "running_before": self.running_before,
            "confirmed_stopped": self.confirmed_stopped,
            "still_running": self.still_running,
            "seconds": self.seconds,
            "released_at": as_text(self.released_at),
            "released_by": self.released_by,
            "message": self.told,
        }


def moment(when: datetime) -> str:
    """21 Nov 2026, 14:32:14 in the site's time zone."""
    local = timezone.localtime(when)
    return f"{local.day} {local:%b %Y, %H:%M:%S}"


def as_text(when: datetime | None) -> str | None:
    return when.isoformat() if when else None


class What(models.TextChoices):
    CALL = "call", "Call"
    READING = "reading", "Reading"
    PRESS = "press", "Press"


class Step(models.Model):
    """One line of an event's timeline: a press, a call with its answer, a reading with its counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    event = models.ForeignKey(Event, models.CASCADE, related_name="steps")
    at = models.DateTimeField(default=timezone.now)
    what = models.CharField(max_length=10, choices=What.choices)
    operation = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=20, blank=True, help_text="accepted, refused, no, unknown, read, not sent")
    text = models.TextField(blank=True)
    by = models.CharField(max_length=150, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    stopped = models.IntegerField(null=True, blank=True)
    of = models.IntegerField(null=True, blank=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.get_what_display()}: {self.text}"
