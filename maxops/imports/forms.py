"""Forms of leads in: a file to upload, a mapping, an answer's part. The platform's own options come from its rows."""

import csv
from typing import Any

from django import forms
from django.db.models import Q

from maxops.imports.errors import WrongValue
from maxops.imports.mapping import (
    LIST_OPTION,
    guess_fields,
    missing_targets,
    name_list,
    platform_of,
    read_options,
    repeated_columns,
)
from maxops.imports.models import OPEN_PARTS, Answer, Mapping, Part, Run
from maxops.imports.reader import DELIMITERS, plain
from maxops.lists.models import LeadList
from maxops.remote.platforms import PLATFORMS
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


class UploadForm(OptionsMixin, forms.Form):
    file = forms.FileField(label="CSV file", help_text="The first line holds the column names.")
    mapping = forms.ModelChoiceField(
        Mapping.objects.all(), help_text="Each stands under the list that its leads go to, as far as maxops knows it."
    )
    list = forms.ModelChoiceField(
        LeadList.objects.none(),
        required=False,
        empty_label="The list of the mapping",
        help_text="Left as it is: the list that the mapping stands under. Where it stands under none, MaxContact's own "
        "mapping decides; maxops does not know which. A mapping fixed to a list in MaxContact always uses that one.",
    )
    attempt_of = forms.ModelChoiceField(Run.objects.all(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, limit: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limit = limit
        self.fields["list"].queryset = lists_in_use()
        self.fields["mapping"].choices = mapping_choices()
        slugs = sorted(set(Mapping.objects.values_list("platform", flat=True)) & set(PLATFORMS))
        self.fields.update(option_fields([platform_of(slug) for slug in slugs]))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > self._limit:
            raise forms.ValidationError(f"The file is larger than the {self._limit // 1_000_000:,} MB allowed here.")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if mapping := cleaned.get("mapping"):
            cleaned["options"] = self.read_options(platform_of(mapping.platform))
        return cleaned


class MappingForm(OptionsMixin, forms.ModelForm):
    columns = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The header of the CSV file: paste its first line, or write the names with commas between them.",
    )

    class Meta:
        model = Mapping
        fields = ["name", "platform", "columns", "list", "response_format", "supplier", "remark"]
        widgets = {"platform": forms.Select, "remark": forms.Textarea(attrs={"rows": 2})}
        labels = {"list": "Target list", "response_format": "Report format"}
        help_texts = {"response_format": "As set for the mapping in MaxContact; maxops reads both.", "list": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["platform"] = forms.ChoiceField(choices=[(slug, PLATFORMS[slug].label) for slug in PLATFORMS])
        self.fields["list"].queryset = lists_in_use(self.instance.list_id)
        is_seen = LeadList.objects.filter(pk=self.instance.list_id).exists()
        self._unseen_list = None if is_seen else self.instance.list_id
        unseen = f"List {self._unseen_list}, not read from MaxContact yet"
        self.fields["list"].empty_label = unseen if self._unseen_list else "Chosen at upload"
        self._platform = platform_of(self.data.get("platform") or self.instance.platform or "maxcontact")
        self.fields.update(option_fields([self._platform]))
        columns = {target: column for column, target in self.instance.fields.items()}
        for target in self._platform.targets:
            self.fields[TARGET_PREFIX + target.name] = forms.CharField(
                required=False, label=target.label, initial=columns.get(target.name, "")
            )
        self.initial["columns"] = ", ".join(self.instance.columns)
        for name, value in self.instance.options.items():
            self.initial[OPTION_PREFIX + name] = str(value).lower() if isinstance(value, bool) else value

    def target_rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(TARGET_PREFIX)]

    def clean_columns(self) -> list[str]:
        text = self.cleaned_data["columns"].strip()
        delimiter = max(DELIMITERS, key=text.count)
        rows = csv.reader(text.splitlines(), delimiter=delimiter)
        return [cell.strip() for row in rows for cell in row if cell.strip()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        columns = cleaned.get("columns") or []
        spelling = {plain(column): column for column in columns}
        fields = self._typed_fields(spelling)
        cleaned["fields"] = fields or guess_fields(self._platform, columns)
        if repeated := repeated_columns(columns):
            self.add_error("columns", f"Each column may stand here only once: {', '.join(repeated)}.")
        for target in missing_targets(self._platform, cleaned["fields"]) if columns else ():
            if not self.has_error(TARGET_PREFIX + target.name):
                words = f"Write the name of the column that holds the {target.label.lower()}."
                self.add_error(TARGET_PREFIX + target.name, words)
        cleaned["options"] = self.read_options(self._platform)
        return cleaned

    def _typed_fields(self, spelling: dict[str, str]) -> dict[str, str]:
        """Column -> target as written into the fields, each fault put on the field it is in."""
        fields: dict[str, str] = {}
        for target in self._platform.targets:
            name = TARGET_PREFIX + target.name
            typed = self.cleaned_data.get(name, "").strip()
            if not typed:
                continue
            column = spelling.get(plain(typed), typed)
            if spelling and plain(typed) not in spelling:
                self.add_error(name, f"'{typed}' is not one of the columns above.")
            elif column in fields:
                self.add_error(name, f"'{typed}' is written in another of these fields already.")
            fields.setdefault(column, target.name)
        return fields

    def save(self, commit: bool = True) -> Mapping:
        self.instance.columns = self.cleaned_data["columns"]
        self.instance.fields = self.cleaned_data["fields"]
        self.instance.options = self.cleaned_data["options"]
        if self._unseen_list and self.instance.list_id is None:
            self.instance.list_id = self._unseen_list  # a select cannot offer it, and saving must not lose it
        return super().save(commit)


class AssignForm(forms.Form):
    """Which open part an unmatched answer belongs to."""

    part = forms.ModelChoiceField(Part.objects.none(), empty_label="Choose the part it reports on")

    def __init__(self, *args: Any, answer: Answer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["part"].queryset = (
            Part.objects.filter(run__mapping=answer.mapping_id)
            .filter(Q(state__in=OPEN_PARTS) | Q(state=Part.State.ANSWERED, answers=None))
            .select_related("run")
            .order_by("-sent_at")
        )
        self.fields["part"].label_from_instance = describe_part


def describe_part(part: Part) -> str:
    return f"Run {part.run_id}, {part.run.file_name}, part {part.number}: {part.rows:,} rows"
