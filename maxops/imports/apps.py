"""The imports app, and the facts of this installation that its parts need: where files lie, how we are reached."""

from pathlib import Path

from django.apps import AppConfig
from django.conf import settings
from django.core import checks
from django.utils.module_loading import import_string


class ImportsConfig(AppConfig):
    name = "maxops.imports"
    verbose_name = "Leads in"

    def ready(self) -> None:
        # By name, because the checks import the models, which are not there yet when this module is read.
        checks.register(import_string("maxops.imports.system_checks.check_line_base"))

    @property
    def runs_folder(self) -> Path:
        return Path(settings.DATA_DIR) / "runs"

    @property
    def answers_folder(self) -> Path:
        return Path(settings.DATA_DIR) / "answers"

    @property
    def public_url(self) -> str:
        return settings.MAXOPS_PUBLIC_URL

    @property
    def phone_region(self) -> str:
        return settings.MAXOPS_PHONE_REGION

    @property
    def line_base(self) -> str:
        return settings.MAXCONTACT_LINE_BASE or "auto"
