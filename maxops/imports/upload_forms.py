"""The form a lead file is uploaded with: the file itself, or the id of one that came in pieces."""

from typing import Any

from django import forms
from django.apps import apps

from maxops.imports import uploads
from maxops.imports.disk import in_words
from maxops.imports.forms import OptionsMixin, lists_in_use, mapping_choices, option_fields
from maxops.imports.mapping import platform_of
from maxops.imports.models import Mapping, Run, Upload
from maxops.lists.models import LeadList
from maxops.remote.platforms import PLATFORMS

BY_COLUMNS = "Find it by the file's columns"
USUAL_PLATFORM = "maxcontact"


class UploadForm(OptionsMixin, forms.Form):
    file = forms.FileField(label="CSV file", required=False)
    upload = forms.ModelChoiceField(
        Upload.objects.none(),
        required=False,
        widget=forms.HiddenInput,
        error_messages={"invalid_choice": "What had arrived of this file is no longer here. Choose the file again."},
    )
    mapping = forms.ModelChoiceField(
        Mapping.objects.all(),
        required=False,
        help_text="Each stands under the list that its leads go to, as far as maxops knows it.",
    )
    list = forms.ModelChoiceField(
        LeadList.objects.none(),
        required=False,
        empty_label="The list of the mapping",
        help_text="Left as it is: the list that the mapping stands under. Where it stands under none, MaxContact's own "
        "mapping decides; maxops does not know which. A mapping fixed to a list in MaxContact always uses that one.",
    )
    attempt_of = forms.ModelChoiceField(Run.objects.all(), required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, staff: str, disk_full: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.limit, self._disk_full = apps.get_app_config("imports").upload_limit, disk_full
        self.fields["file"].help_text = (
            f"CSV, TXT or TSV, or one of these in a ZIP; at most {in_words(self.limit)}. "
            "The first line holds the column names; where it is a lead already, leave the mapping to be found."
        )
        self.fields["upload"].queryset = Upload.objects.filter(staff=staff)
        self.fields["list"].queryset = lists_in_use()
        self.fields["mapping"].choices = [("", BY_COLUMNS), *mapping_choices()[1:]]
        slugs = sorted(set(Mapping.objects.values_list("platform", flat=True)) & set(PLATFORMS))
        self._platform = platform_of(slugs[0] if slugs else USUAL_PLATFORM)
        self.fields.update(option_fields([platform_of(slug) for slug in slugs]))

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > self.limit:
            raise forms.ValidationError(f"The file is larger than the {in_words(self.limit)} allowed here.")
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self._disk_full:
            self.add_error("file", uploads.FULL_WORDS)
        elif not self.errors and not cleaned.get("file") and not cleaned.get("upload"):
            self.add_error("file", "Choose the file with the leads.")
        mapping = cleaned.get("mapping")
        cleaned["options"] = self.read_options(platform_of(mapping.platform) if mapping else self._platform)
        return cleaned
