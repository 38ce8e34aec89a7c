"""Columns of a MaxContact user, as the Management API 1.3 names them. Whoever is logged in here is `staff`."""

from django.db import models

from maxops.mirror.models import Mirrored
from maxops.remote.maxcontact.entities import USER

VENDOR_LOGIN = "maxsupport"  # the vendor's own account, in every system


class User(Mirrored):
    """Somebody who may log in to MaxContact, mostly an agent. The password is sent, never read, never kept."""

    first_name = models.CharField("first name", blank=True, db_index=True)
    last_name = models.CharField("last name", blank=True, db_index=True)
    login = models.CharField("login", db_index=True)
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

    entity = USER

    class Meta:
        ordering = ["last_name", "first_name", "id"]
        verbose_name = "user"
        verbose_name_plural = "users"

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.login or f"user {self.pk}"

    @property
    def is_locked(self) -> bool:
        """The vendor's account must not be edited."""
        return self.login.casefold() == VENDOR_LOGIN
