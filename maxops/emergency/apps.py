"""The emergency app, and the two settings its service may see."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings


class EmergencyConfig(AppConfig):
    name = "maxops.emergency"
    verbose_name = "Emergency"

    @property
    def folder(self) -> Path:
        """Where the local journal lies."""
        return Path(settings.DATA_DIR)

    @property
    def confirm_seconds(self) -> int:
        """How long campaigns are read again after the handle was pulled."""
        return settings.MAXOPS_EMERGENCY_SECONDS
