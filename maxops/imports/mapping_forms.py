"""The form of a mapping: its columns, where each of them goes, and what a row must hold."""

import csv
from collections.abc import Iterable
from collections.abc import Mapping as Values
from io import StringIO
from typing import Any, NamedTuple

from django import forms
from django.apps import apps
from django.http import QueryDict

from maxops.imports.forms import OPTION_PREFIX, TARGET_PREFIX, OptionsMixin, lists_in_use, option_fields
from maxops.imports.kinds import FileColumn
from maxops.imports.mapping import guess_fields, missing_targets, platform_of, repeated_columns
from maxops.imports.models import Mapping
from maxops.imports.reader import DELIMITERS, plain
from maxops.imports.regions import NAMES, region_choices
from maxops.imports.suggestions import LEARNED, SIMILAR, learned_targets, match_targets
from maxops.lists.models import LeadList
from maxops.remote.platforms import PLATFORMS
from maxops.remote.platforms.interface import Target

NEED_QUOTES = frozenset('"\n\r' + DELIMITERS)
HINTS = {LEARNED: "As your other mappings have it.", SIMILAR: "Guessed by a similar name: please check."}


class Suggested(NamedTuple):
    """What a form opens with, and a word beside each target that was guessed."""

    initial: dict[str, Any]
    hints: dict[str, str]


def suggest(slug: str, columns: list[FileColumn]) -> Suggested:
    learned = learned_targets(Mapping.objects.filter(platform=slug).values_list("fields", flat=True))
    guesses = match_targets(platform_of(slug).targets, columns, learned)
    names = {column.place: column.name for column in columns}
    initial = {TARGET_PREFIX + guess.meant: names[place] for place, guess in guesses.items()}
    hints = {guess.meant: HINTS[guess.how] for guess in guesses.values() if guess.how in HINTS}
    return Suggested({"columns": list(names.values()), **initial}, hints)


def read_columns(text: str) -> list[str]:
    """Names as people paste them: a CSV line with whatever delimiter, or one name a line."""
    delimiter = max(DELIMITERS, key=text.count)
    rows = csv.reader(text.strip().splitlines(), delimiter=delimiter, skipinitialspace=True)
    return [cell.strip() for row in rows for cell in row if cell.strip()]


def write_columns(columns: Iterable[str]) -> str:
    """The header line that `read_columns` reads back to the same names."""
    return ", ".join(_quoted(column) if NEED_QUOTES & set(column) else column for column in columns)


def _quoted(column: str) -> str:
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="").writerow([column])
    return out.getvalue()


def opened_again(data: QueryDict) -> Suggested:
    """What somebody typed so far, with guesses for the columns that are new; nothing is judged or saved."""
    slug = data.get("platform", "")
    columns = [FileColumn(place, name) for place, name in enumerate(read_columns(data.get("columns", "")))]
    guessed = suggest(slug if slug in PLATFORMS else "maxcontact", columns)
    typed: dict[str, Any] = {name: value for name, value in data.items() if value}
    taken = {value for name, value in typed.items() if name.startswith(TARGET_PREFIX)}
    fresh = {
        name: value
        for name, value in guessed.initial.items()
        if name.startswith(TARGET_PREFIX) and value not in taken and name not in typed
    }
    hints = {name: words for name, words in guessed.hints.items() if TARGET_PREFIX + name in fresh}
    listed = {"columns": [column.name for column in columns], "required": data.getlist("required")}
    return Suggested({**fresh, **typed, **listed}, hints)


class MappingForm(OptionsMixin, forms.ModelForm):
    columns = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="The header of the CSV file: paste its first line, or write the names with commas between them.",
    )
    required = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Columns that no row may leave empty",
    )
    region = forms.ChoiceField(required=False, label="Phone numbers of")
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Mapping
        fields = ["name", "platform", "columns", "required", "list", "response_format", "region", "supplier", "remark"]
        widgets = {"platform": forms.Select, "remark": forms.Textarea(attrs={"rows": 2})}
        labels = {"list": "Target list", "response_format": "Report format"}
        help_texts = {"response_format": "As set for the mapping in MaxContact; maxops reads both.", "list": ""}

    def __init__(self, *args: Any, hints: Values[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._platform = platform_of(self._chosen_platform())
        self.known_columns = self._known_columns()
        self.fields.update(option_fields([self._platform]))
        self._add_targets(hints or {})
        self._offer_choices()
        self._fill_in()

    def _chosen_platform(self) -> str:
        chosen = self.data.get("platform") or self.initial.get("platform") or self.instance.platform
        return chosen if chosen in PLATFORMS else "maxcontact"

    def _known_columns(self) -> list[str]:
        if self.is_bound:
            return read_columns(self.data.get("columns", ""))
        return list(self.initial.get("columns") or self.instance.columns)

    def _add_targets(self, hints: Values[str, str]) -> None:
        for target in self._platform.targets:
            name = TARGET_PREFIX + target.name
            typed = self.data.get(name) if self.is_bound else self.initial.get(name)
            lost = [(typed, f"{typed}, no column any more")] if typed and typed not in self.known_columns else []
            choices = [("", "No column"), *((column, column) for column in self.known_columns), *lost]
            self.fields[name] = forms.CharField(
                required=False,
                label=f"{target.label} (required)" if target.required else target.label,
                help_text=hints.get(target.name, ""),
                widget=forms.Select(choices=choices),
            )

    def _offer_choices(self) -> None:
        own = apps.get_app_config("imports").phone_region
        self.fields["region"].choices = [("", f"As for the installation: {NAMES.get(own, own)}"), *region_choices()]
        self.fields["platform"] = forms.ChoiceField(choices=[(slug, PLATFORMS[slug].label) for slug in PLATFORMS])
        # What was sent was sent to that platform: with runs it is part of the past.
        self.fields["platform"].disabled = bool(self.instance.pk and self.instance.runs.exists())
        ticked = self.data.getlist("required") if self.is_bound else self.initial.get("required") or []
        offered = dict.fromkeys([*self.known_columns, *ticked])
        self.fields["required"].choices = [(column, column) for column in offered]
        self.fields["list"].queryset = lists_in_use(self.instance.list_id)
        is_seen = LeadList.objects.filter(pk=self.instance.list_id).exists()
        self._unseen_list = None if is_seen else self.instance.list_id
        unseen = f"List {self._unseen_list}, not read from MaxContact yet"
        self.fields["list"].empty_label = unseen if self._unseen_list else "Chosen at upload"

    def _fill_in(self) -> None:
        columns = {target: column for column, target in self.instance.fields.items()}
        for target in self._platform.targets:
            self.initial.setdefault(TARGET_PREFIX + target.name, columns.get(target.name, ""))
        for name, value in self.instance.options.items():
            self.initial.setdefault(OPTION_PREFIX + name, str(value).lower() if isinstance(value, bool) else value)
        self.initial.setdefault("version", self.instance.version)
        self.initial.setdefault("platform", self._platform.slug)
        self.initial.setdefault("response_format", self.instance.response_format)
        self.initial["columns"] = write_columns(self.known_columns)

    def target_rows(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(TARGET_PREFIX)]

    def clean_columns(self) -> list[str]:
        return read_columns(self.cleaned_data["columns"])

    def clean_name(self) -> str:
        name = self.cleaned_data["name"].strip()
        others = Mapping.objects.filter(name=name, platform=self._platform.slug).exclude(pk=self.instance.pk)
        if others.exists():
            raise forms.ValidationError("There is a mapping of this name already; MaxContact has each name once, too.")
        return name

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        columns = cleaned.get("columns") or []
        spelling = {plain(column): column for column in columns}
        fields = self._typed_fields(spelling)
        cleaned["fields"] = fields or guess_fields(self._platform, columns)
        if repeated := repeated_columns(columns):
            self.add_error("columns", f"Each column may stand here only once: {', '.join(repeated)}.")
        for target in missing_targets(self._platform, cleaned["fields"]) if columns else ():
            self._ask_for(target)
        ticked = cleaned.get("required") or []
        if columns and (lost := [column for column in ticked if plain(column) not in spelling]):
            self.add_error("required", f"No column above is called {', '.join(lost)}: untick what is gone.")
        cleaned["required"] = [spelling[plain(column)] for column in ticked if plain(column) in spelling]
        cleaned["options"] = self.read_options(self._platform)
        return cleaned

    def _ask_for(self, target: Target) -> None:
        if not self.has_error(TARGET_PREFIX + target.name):
            words = f"Choose the column that holds the {target.label.lower()}."
            self.add_error(TARGET_PREFIX + target.name, words)

    def _typed_fields(self, spelling: dict[str, str]) -> dict[str, str]:
        """Column -> target as chosen in the fields, each fault put on the field it is in."""
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
                self.add_error(name, f"'{typed}' is chosen in another of these fields already.")
            fields.setdefault(column, target.name)
        return fields

    def definition(self) -> dict[str, Any]:
        """The mapping as this form has it, under the names of versions.FIELDS, without names learned from files."""
        cleaned, chosen = self.cleaned_data, self.cleaned_data["list"]
        plain_fields = ("name", "platform", "columns", "fields", "required", "options", "response_format")
        definition = {name: cleaned[name] for name in (*plain_fields, "region", "supplier", "remark")}
        # A select cannot offer a list that was not read yet, and saving must not lose it.
        definition["list_id"] = chosen.pk if chosen else self._unseen_list
        return definition
