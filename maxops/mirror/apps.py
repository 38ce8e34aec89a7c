"""The mirror app, with its system checks."""

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import import_string


class MirrorConfig(AppConfig):
    name = "maxops.mirror"
    verbose_name = "Mirror"

    def ready(self) -> None:
        # By name, because the checks import the models, which are not there yet when this module is read.
        for name in ("check_columns", "check_connection"):
            register(import_string(f"maxops.mirror.checks.{name}"))
