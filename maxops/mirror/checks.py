"""System checks: the entity tables and the models say the same, and the connection settings are whole."""

from typing import Any

from django.core import checks
from django.db import models

from maxops.mirror.models import Mirrored, mirrored_models
from maxops.remote.connect import configured_systems, maxcontact
from maxops.remote.errors import MaxopsConfigError
from maxops.remote.fields import Field

FITTING: dict[str, tuple[type[models.Field], ...]] = {
    "int": (models.IntegerField, models.ForeignKey),
    "text": (models.CharField, models.TextField),
    "flag": (models.BooleanField,),
    "decimal": (models.DecimalField,),
    "when": (models.DateTimeField,),
    "choice": (models.IntegerField,),
}


def check_columns(**_: Any) -> list[checks.CheckMessage]:
    """mirror.E001: a row of the table without a fitting column. mirror.W001: a column that nobody fills."""
    return [message for model in mirrored_models().values() for message in compare(model)]


def compare(model: type[Mirrored]) -> list[checks.CheckMessage]:
    own = {column.attname for column in Mirrored._meta.local_fields}
    columns = {column.attname: column for column in model._meta.concrete_fields}
    rows = {field.attribute: field for field in model.entity.fields if not field.write_only}
    found: list[checks.CheckMessage] = []
    for name, field in rows.items():
        if not fits(columns.get(name), field):
            words = f"{model.entity.name}.{field.wire} ({field.kind.name}) has no fitting column {name!r}."
            found.append(checks.Error(words, obj=model, id="mirror.E001"))
    kept_by_database = {name for name, column in columns.items() if column.generated}
    for name in columns.keys() - rows.keys() - own - kept_by_database:
        words = f"Column {name!r} is filled by no field of {model.entity.name}."
        found.append(checks.Warning(words, obj=model, id="mirror.W001"))
    return found


def fits(column: models.Field | None, field: Field) -> bool:
    if not isinstance(column, FITTING[field.kind.name]):
        return False
    return field.kind.choices is None or spoken(column.choices) == spoken(field.kind.choices.choices)


def spoken(choices: Any) -> list[tuple[int, str]]:
    """Codes and names without their capitals: "Not Running" on the wire is "Not running" for people."""
    return [(code, str(label).lower()) for code, label in choices or ()]


def check_connection(**_: Any) -> list[checks.CheckMessage]:
    """mirror.E002: credentials that are there, but not whole or not usable. None at all is a choice, not a mistake."""
    if not configured_systems():
        return []
    try:
        maxcontact()
    except MaxopsConfigError as error:
        return [checks.Error(str(error), id="mirror.E002")]
    return []
