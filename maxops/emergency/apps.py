"""The emergency app: the two settings its service may see, and its word against starting campaigns."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.utils.module_loading import import_string

from maxops.mirror import holds


class EmergencyConfig(AppConfig):
    name = "maxops.emergency"
    verbose_name = "Emergency"

    def ready(self) -> None:
        # By name: the models are not there yet when this module is read.
        holds.ASKED.append(import_string("maxops.emergency.records.why_held"))

    @property
    def folder(self) -> Path:
        """Where the local journal lies."""
        return Path(settings.DATA_DIR)

    @property
    def confirm_seconds(self) -> int:
        """How long campaigns are read again after the handle was pulled."""
        return settings.MAXOPS_EMERGENCY_SECONDS
