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
    def incoming_folder(self) -> Path:
        """Files that belong to no run yet."""
        return self.runs_folder / "incoming"

    @property
    def form_files_folder(self) -> Path:
        """Where Django writes the file of a form while it comes in."""
        return Path(settings.FILE_UPLOAD_TEMP_DIR)

    @property
    def answers_folder(self) -> Path:
        return Path(settings.DATA_DIR) / "answers"

    @property
    def answer_hours(self) -> int:
        """How long a report is waited for before the run is shown as unanswered."""
        return settings.MAXOPS_ANSWER_HOURS

    @property
    def upload_limit(self) -> int:
        return settings.MAXOPS_UPLOAD_LIMIT

    @property
    def keep_files_days(self) -> int:
        return settings.MAXOPS_KEEP_FILES_DAYS

    @property
    def portal_mapper_url(self) -> str:
        """MaxContact's page of import mappings (S000, Creating an Import Mapping)."""
        return f"{settings.MAXCONTACT_URL.rstrip('/')}/ManagerPortal/ImportMapper" if settings.MAXCONTACT_URL else ""

    @property
    def public_url(self) -> str:
        return settings.MAXOPS_PUBLIC_URL

    @property
    def phone_region(self) -> str:
        return settings.MAXOPS_PHONE_REGION

    @property
    def line_base(self) -> str:
        return settings.MAXCONTACT_LINE_BASE or "auto"
