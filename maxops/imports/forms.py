"""What the forms of leads in share: a platform's options as fields, lists and mappings to choose."""

from typing import Any

from django import forms
from django.db.models import Q

from maxops.imports.errors import WrongValue
from maxops.imports.mapping import LIST_OPTION, name_list, read_options
from maxops.imports.models import Mapping
from maxops.lists.models import LeadList
from maxops.remote.platforms.interface import Option, Platform

OPTION_PREFIX, TARGET_PREFIX = "option_", "target_"
AS_MAPPED = "As the mapping says"
THREE_STATES = [("", AS_MAPPED), ("true", "Yes"), ("false", "No")]


def option_fields(platforms: list[Platform]) -> dict[str, forms.Field]:
    """One field for each option of these platforms but the list, which has a field of its own."""
    options = {option.name: option for platform in platforms for option in platform.options}
    return {OPTION_PREFIX + name: _option_field(row) for name, row in options.items() if name != LIST_OPTION}


def _option_field(option: Option) -> forms.Field:
    if option.kind == "flag":
        return forms.ChoiceField(choices=THREE_STATES, required=False, label=option.label, help_text=option.help)
    return forms.CharField(required=False, label=option.label, help_text=option.help)


class OptionsMixin:
    """Reads the option fields of a form back into options of a platform."""

    def option_rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(OPTION_PREFIX)]

    def read_options(self, platform: Platform) -> dict[str, Any]:
        names = {OPTION_PREFIX + option.name: option.name for option in platform.options}
        words = {names[field]: str(self.cleaned_data.get(field) or "") for field in names if field in self.fields}
        try:
            return read_options(platform, words)
        except WrongValue as error:
            raise forms.ValidationError(str(error)) from error


def lists_in_use(chosen: int | None = None) -> Any:
    """Those that MaxContact still has, and the one already chosen."""
    return LeadList.objects.filter(Q(missing_since=None) | Q(pk=chosen)).order_by("name")


def mapping_choices() -> list[tuple[str, Any]]:
    """The mappings, grouped by where their leads go; those of which only MaxContact knows come last."""
    groups: dict[str, list[tuple[int, str]]] = {}
    names = dict(LeadList.objects.filter(mappings__isnull=False).values_list("pk", "name"))
    for mapping in Mapping.objects.all():
        words = name_list(mapping.list_id, names.get(mapping.list_id)) if mapping.list_id else ""
        groups.setdefault(words, []).append((mapping.pk, mapping.name))
    named = [(f"Into list {words}", groups[words]) for words in sorted(filter(None, groups))]
    unnamed = [("MaxContact decides the list", groups[""])] if "" in groups else []
    return [("", "Choose a mapping"), *named, *unnamed]
