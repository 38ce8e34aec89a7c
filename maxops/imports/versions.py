"""What a mapping held after each save: its history, what a run was checked with, and two people saving at once.

A version is never changed and holds no secret. Names learned from files stand in it too: columns are read by them.
"""

from collections.abc import Callable
from collections.abc import Mapping as Values
from typing import Any, NamedTuple

from django.db import transaction

from maxops.imports.mapping import name_list, platform_of
from maxops.imports.models import Mapping, MappingVersion, Run
from maxops.imports.regions import NAMES
from maxops.lists.models import LeadList

# In the order of the form; `list_id` is the column behind `list`.
FIELDS = {
    "name": "name",
    "platform": "platform",
    "columns": "columns",
    "fields": "where columns go",
    "required": "required columns",
    "list_id": "target list",
    "response_format": "report format",
    "options": "options",
    "region": "phone numbers of",
    "supplier": "supplier",
    "remark": "remark",
    "aliases": "names learned from files",
}
# What the check of a file goes by.
CHECKED_BY = ("columns", "fields", "required", "region")
SHOWN = 50


class Change(NamedTuple):
    label: str
    before: str
    after: str


class Entry(NamedTuple):
    """One line of a mapping's history."""

    version: MappingVersion
    changes: list[Change]


def content_of(mapping: Mapping) -> dict[str, Any]:
    return {name: getattr(mapping, name) for name in FIELDS}


def keep(mapping: Mapping, staff: str) -> None:
    """Saves the definition as the next version. Whoever changes a mapping that others may change holds its row."""
    with transaction.atomic():
        before = Mapping.objects.filter(pk=mapping.pk).first() if mapping.pk else None
        if before is None:
            mapping.version = 1
            mapping.save()
        else:
            if content_of(before) == content_of(mapping):
                return
            _keep_first(before)
            mapping.version = before.version + 1
            mapping.save(update_fields=[*FIELDS, "version"])
        MappingVersion.objects.create(mapping=mapping, number=mapping.version, content=content_of(mapping), staff=staff)


def _keep_first(before: Mapping) -> None:
    """A mapping made before versions were kept: what it held then, so that its first change can be shown."""
    MappingVersion.objects.get_or_create(
        mapping=before, number=before.version, defaults={"content": content_of(before), "staff": ""}
    )


def learn(mapping_id: int, aliases: Values[str, str], forgotten: set[str], staff: str) -> None:
    """Plain names of a file's columns, as somebody just said what they are."""
    with transaction.atomic():
        mapping = Mapping.objects.select_for_update().get(pk=mapping_id)
        kept = {name: column for name, column in mapping.aliases.items() if name not in forgotten}
        mapping.aliases = {**kept, **aliases}
        keep(mapping, staff)


def history_of(mapping: Mapping) -> list[Entry]:
    """Latest first, each with what it changed."""
    versions = list(mapping.versions.all()[: SHOWN + 1])
    words = word_for(mapping)
    entries = []
    for place, version in enumerate(versions[:SHOWN]):
        earlier = versions[place + 1].content if place + 1 < len(versions) else None
        changes = [] if earlier is None else changes_between(earlier, version.content, words)
        entries.append(Entry(version, changes))
    return entries


def changes_between(
    before: Values[str, Any], after: Values[str, Any], words: Callable[[str, Any], str]
) -> list[Change]:
    differing = [name for name in FIELDS if before.get(name) != after.get(name)]
    return [Change(FIELDS[name], words(name, before.get(name)), words(name, after.get(name))) for name in differing]


def word_for(mapping: Mapping) -> Callable[[str, Any], str]:
    """How a value of a field is shown to people; the names are read once."""
    platform = platform_of(mapping.platform)
    targets = {target.name: target.label for target in platform.targets}
    options = {option.name: option.label for option in platform.options}
    formats = {"list_id": _list_words, "region": _region_words, "response_format": str.upper}

    def words(name: str, value: Any) -> str:
        if value in (None, "", [], {}):
            return "nothing" if name not in ("list_id", "region") else formats[name](value)
        if name == "fields":
            return "; ".join(f"{column} → {targets.get(target, target)}" for column, target in value.items())
        if name == "aliases":
            return "; ".join(f"{alias} → {column}" for alias, column in value.items())
        if name == "options":
            return "; ".join(f"{options.get(key, key)}: {_yes_no(chosen)}" for key, chosen in value.items())
        if isinstance(value, list):
            return ", ".join(map(str, value))
        return formats[name](value) if name in formats else str(value)

    return words


def _yes_no(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _list_words(list_id: int | None) -> str:
    if list_id is None:
        return "chosen at upload"
    return name_list(list_id, LeadList.objects.filter(pk=list_id).values_list("name", flat=True).first())


def _region_words(region: str) -> str:
    return f"{NAMES.get(region, region)} ({region})" if region else "the installation's own region"


def as_checked(run: Run) -> Mapping:
    """The mapping as it stood when the run was checked: an edit since must not change what the run's columns mean."""
    version = _checked_version(run)
    return Mapping(pk=run.mapping_id, version=version.number, **version.content) if version else run.mapping


def has_changed_since(run: Run) -> bool:
    """Whether what the check of this run went by was edited after it; also when it can no longer be told."""
    if run.mapping_version == run.mapping.version:
        return False
    version = _checked_version(run)
    return version is None or any(version.content.get(name) != getattr(run.mapping, name) for name in CHECKED_BY)


def _checked_version(run: Run) -> MappingVersion | None:
    """None too when it is the mapping's present one."""
    if run.mapping_version == run.mapping.version:
        return None
    return MappingVersion.objects.filter(mapping=run.mapping_id, number=run.mapping_version).first()
