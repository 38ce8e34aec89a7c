"""What is refused here before anything is sent, with the field named: what the documents say MaxContact cannot take."""

from collections.abc import Mapping
from typing import Any

from maxops.mirror.models import Mirrored
from maxops.mirror.records import columns_of
from maxops.remote.errors import Refused

NOTHING_SENT = "Nothing was sent to MaxContact."


def refuse_locked(row: Mirrored) -> None:
    if row.is_locked:
        raise Refused(f"{row} is the vendor's own account and must not be edited; nothing was sent.")


def refuse(fields: Mapping[str, str]) -> None:
    """If anything is named, all of it at once."""
    if fields:
        raise Refused(f"{NOTHING_SENT} {' '.join(fields.values())}", fields=fields)


def secrets_missing(model: type[Mirrored], values: Mapping[str, Any]) -> dict[str, str]:
    """The API wants them at each PUT and never tells them."""
    return {
        field.attribute: f"MaxContact cannot save a {model.entity.label} without a {field.attribute}: type one."
        for field in model.entity.fields
        if field.required and field.write_only and not str(values.get(field.attribute) or "").strip()
    }


def refuse_update(model: type[Mirrored], changes: Mapping[str, Any]) -> None:
    """A verb needs no secret; a PUT, which everything else goes by, does."""
    verbs = {verb.field.attribute for verb in model.entity.verbs}
    missing = secrets_missing(model, changes) if changes.keys() - verbs else {}
    refuse(blanks(model, changes) | missing)


def blanks(model: type[Mirrored], values: Mapping[str, Any]) -> dict[str, str]:
    """Of the attributes given, those that must not be empty."""
    return {
        name: f"A {model.entity.label} cannot be without a {columns_of(model)[name].verbose_name}."
        for name in names_of(model)
        if name in values and not str(values[name] or "").strip()
    }


def refuse_creation(model: type[Mirrored], given: Mapping[str, Any]) -> set[int]:
    """The ids known until now, unless what is given could only be refused or make a second record of one name."""
    names = names_of(model)
    wrong = secrets_missing(model, given) | blanks(model, {name: given.get(name) for name in names})
    wrong |= _unknown_codes(model, given)
    known = set()
    wanted = {name: _folded(given.get(name)) for name in names if name not in wrong}
    for pk, missing_since, *values in model._default_manager.values_list("pk", "missing_since", *names).iterator():
        known.add(pk)
        for name, value in zip(names, values, strict=True):
            if missing_since is None and wanted.get(name) == _folded(value):
                label = columns_of(model)[name].verbose_name
                wrong[name] = f"{model.entity.label.capitalize()} {pk} has this {label} already."
    refuse(wrong)
    return known


def names_of(model: type[Mirrored]) -> list[str]:
    """The attributes a record is known by: its name or login."""
    return [field.attribute for field in model.entity.fields if field.required and not field.write_only]


def _folded(value: Any) -> str:
    return str(value or "").strip().casefold()


def _unknown_codes(model: type[Mirrored], given: Mapping[str, Any]) -> dict[str, str]:
    wrong = {}
    for field in model.entity.fields:
        name, codes = field.attribute, field.kind.choices
        if codes is not None and name in given and given[name] not in codes.values:
            wrong[name] = f"{given[name]} is no {columns_of(model)[name].verbose_name} of MaxContact."
    return wrong
