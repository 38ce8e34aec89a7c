"""Our copies of the platforms' import mappings, and what they were before (contract section 6)."""

import secrets

from django.apps import apps
from django.db import models
from django.urls import reverse


def make_secret() -> str:
    return secrets.token_urlsafe(32)


class Mapping(models.Model):
    """Our copy of an Import API Mapping of the platform; it cannot be read from there."""

    name = models.CharField(max_length=200, help_text="Exactly as the mapping is called in MaxContact.")
    platform = models.CharField(max_length=40, default="maxcontact")
    columns = models.JSONField(default=list, help_text="The CSV columns that the mapping expects, in order.")
    fields = models.JSONField(default=dict, blank=True, help_text="Which column goes to which target.")
    options = models.JSONField(default=dict, blank=True)
    response_format = models.CharField(max_length=4, choices=[("xml", "XML"), ("json", "JSON")], default="xml")
    secret = models.CharField(max_length=64, default=make_secret, unique=True, editable=False)
    line_base = models.CharField(max_length=10, blank=True, editable=False)
    line_base_evidence = models.TextField(blank=True, editable=False)
    part_limit = models.PositiveIntegerField(null=True, blank=True, editable=False)
    part_limit_at = models.DateTimeField(null=True, blank=True, editable=False)
    supplier = models.CharField(max_length=200, blank=True)
    remark = models.TextField(blank=True)
    required = models.JSONField(default=list, blank=True, help_text="Columns that no row may leave empty.")
    region = models.CharField(
        max_length=2, blank=True, help_text="Whose phone numbers these are, as GB; empty for the installation's own."
    )
    # How files named these columns before: the plain name in the file -> the column of the mapping.
    aliases = models.JSONField(default=dict, blank=True, editable=False)
    version = models.PositiveIntegerField(default=0, editable=False)
    last_answer = models.TextField(blank=True, editable=False)
    last_answer_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    list = models.ForeignKey(
        "lists.LeadList",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="mappings",
        help_text="Leave empty for 'chosen at upload'.",
    )

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["platform", "name"], name="mapping_name_per_platform")]

    def __str__(self) -> str:
        return self.name

    @property
    def callback_url(self) -> str:
        path = reverse("callbacks:receive", args=[self.platform, self.secret])
        return apps.get_app_config("imports").public_url + path


class MappingVersion(models.Model):
    """What a mapping held after one save, by whom. Never changed; no secret is in it."""

    mapping = models.ForeignKey(Mapping, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    content = models.JSONField(default=dict)
    staff = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["mapping", "-number"]
        constraints = [models.UniqueConstraint(fields=["mapping", "number"], name="version_number_per_mapping")]

    def __str__(self) -> str:
        return f"Version {self.number} of mapping {self.mapping_id}"
