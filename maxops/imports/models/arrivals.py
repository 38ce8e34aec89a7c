"""What reaches us and belongs to nothing yet: files still coming in, reports posted to a callback address."""

import uuid

from django.db import models

from maxops.imports.models.mappings import Mapping
from maxops.imports.models.runs import Part, Run


class Upload(models.Model):
    """A lead file on its way into maxops, piece by piece, then waiting to be made a run.

    Its bytes lie in runs/incoming under its id; how many have come is the size of that file.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    staff = models.CharField(max_length=150)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField(help_text="Bytes announced.")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Known once the whole file is here.")
    wish = models.JSONField(default=dict, blank=True, help_text="Mapping, list, options and attempt chosen so far.")
    run = models.OneToOneField(Run, on_delete=models.SET_NULL, null=True, blank=True, related_name="upload")
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"Upload {self.pk}"


class Answer(models.Model):
    """A report posted to a mapping's callback address; the body lies in a file."""

    class State(models.TextChoices):
        NEW = "new", "Received"
        MATCHED = "matched", "Matched"
        UNMATCHED = "unmatched", "Not matched"
        DUPLICATE = "duplicate", "Came again"
        UNREADABLE = "unreadable", "Unreadable"
        ASIDE = "aside", "Put aside"

    mapping = models.ForeignKey(Mapping, on_delete=models.CASCADE, related_name="answers")
    received_at = models.DateTimeField(auto_now_add=True)
    file = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.BigIntegerField(default=0)
    repeats = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.NEW, db_index=True)
    part = models.ForeignKey(Part, on_delete=models.SET_NULL, null=True, blank=True, related_name="answers")
    evidence = models.TextField(blank=True)
    imported = models.PositiveIntegerField(null=True)
    rejected = models.PositiveIntegerField(null=True)
    facts = models.JSONField(default=dict, blank=True, help_text="What it claims and what spoke for which part.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Answer {self.pk}"
