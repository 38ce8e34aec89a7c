"""Columns of a MaxContact user, as the Management API 1.3 names them. Whoever is logged in here is `staff`."""

from django.db import models

from maxops.mirror.models import Mirrored
from maxops.mirror.search import search_column
from maxops.remote.maxcontact.entities import USER

VENDOR_LOGIN = "maxsupport"  # the vendor's own account, in every system


class User(Mirrored):
    """Somebody who may log in to MaxContact, mostly an agent. The password is sent, never read, never kept."""

    first_name = models.CharField("first name", blank=True)
    last_name = models.CharField("last name", blank=True)
    login = models.CharField("login")
    role_plan_id = models.IntegerField(
        "role", null=True, blank=True, help_text="Id of the role as shown in the Portal; roles cannot be listed."
    )
    use_rtc = models.BooleanField("phone in the browser (RTC)", null=True, blank=True)
    extension = models.CharField("extension", blank=True)
    auto_logon = models.IntegerField("automatic log-on", null=True, blank=True, help_text="Number as in the Portal.")
    team = models.ForeignKey(
        "teams.Team",
        models.DO_NOTHING,
        verbose_name="team",
        related_name="members",
        db_constraint=False,
        null=True,
        blank=True,
    )
    agent_capacity_plan_id = models.IntegerField(
        "agent capacity plan", null=True, blank=True, help_text="Id as shown in the Portal. 0 for none."
    )
    sso_active = models.BooleanField("single sign-on", null=True, blank=True)
    search = search_column("first_name", "last_name", "login", "extension")

    entity = USER

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        verbose_name = "user"
        verbose_name_plural = "users"
        # Every order a list page offers, with the id behind it: mirror/changelist.py needs one index for both ways.
        indexes = [
            models.Index(fields=["last_name", "first_name", "id"], name="user_by_name"),
            models.Index(fields=["login", "id"], name="user_by_login"),
            models.Index(fields=["extension", "id"], name="user_by_extension"),
            models.Index(fields=["role_plan_id", "id"], name="user_by_role"),
            models.Index(fields=["sso_active", "id"], name="user_by_sso"),
            models.Index(fields=["missing_since", "id"], name="user_by_presence"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.login or f"user {self.pk}"

    @property
    def is_locked(self) -> bool:
        """The vendor's account must not be edited."""
        return self.login.casefold() == VENDOR_LOGIN
