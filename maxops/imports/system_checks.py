"""System checks of leads in: settings whose mistake would show only with the first rejected row."""

from typing import Any

from django.apps import apps
from django.core import checks

from maxops.imports.line_base import BASES

AUTO = "auto"


def check_line_base(**_: Any) -> list[checks.CheckMessage]:
    """imports.E001: MAXCONTACT_LINE_BASE holds a word that means nothing."""
    base = apps.get_app_config("imports").line_base
    if base in (AUTO, *BASES):
        return []
    words = f"MAXCONTACT_LINE_BASE is {base!r}; it may be {AUTO}, {', '.join(BASES)}."
    return [checks.Error(words, id="imports.E001")]
