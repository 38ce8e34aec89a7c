"""What to look at in the list of uploads and on the page of suppliers, as typed into an address."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils import timezone

from maxops.imports.models import Mapping

FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
NO_DATE = "This is not a date. Type it as 21/11/2026."


class Day(forms.DateField):
    """A browser's date field that still shows what was typed when that is no date."""

    def __init__(self, label: str) -> None:
        super().__init__(
            label=label,
            required=False,
            input_formats=["%Y-%m-%d", "%d/%m/%Y"],
            error_messages={"invalid": NO_DATE},
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        )

    def clean(self, value: Any) -> date | None:
        day = super().clean(value)
        if day and not FIRST_DAY <= day <= LAST_DAY:
            raise forms.ValidationError("The year must lie between 2000 and 2199.")
        return day


class PeriodForm(forms.Form):
    """First and last day, both whole days of the site's time zone."""

    start = Day("From")
    end = Day("To")

    def __init__(self, asked: QueryDict) -> None:
        super().__init__(asked)
        for name in ("start", "end"):
            if self.has_error(name):
                self.fields[name].widget.input_type = "text"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("start") and cleaned.get("end") and cleaned["end"] < cleaned["start"]:
            self.add_error("end", "The last day lies before the first one.")
        return cleaned

    def rules(self) -> Iterator[Q]:
        if start := self.cleaned_data.get("start"):
            yield Q(created_at__gte=beginning(start))
        if end := self.cleaned_data.get("end"):
            yield Q(created_at__lt=beginning(end + timedelta(days=1)))

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)


def supplier_choices() -> list[tuple[str, str]]:
    names = Mapping.objects.exclude(supplier="").values_list("supplier", flat=True).distinct().order_by("supplier")
    return [("", "All suppliers"), *((name, name) for name in names)]


class ListForm(PeriodForm):
    mapping = forms.ModelChoiceField(Mapping.objects.all(), required=False, empty_label="All mappings")
    supplier = forms.ChoiceField(required=False, choices=supplier_choices)
    q = forms.CharField(
        label="Find",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": "File, mapping or person"}),
    )
    field_order = ["q", "mapping", "supplier", "start", "end"]

    def rules(self) -> Iterator[Q]:
        yield from super().rules()
        if mapping := self.cleaned_data.get("mapping"):
            yield Q(mapping=mapping)
        if supplier := self.cleaned_data.get("supplier"):
            yield Q(mapping__supplier=supplier)
        if words := self.cleaned_data.get("q", "").strip():
            named = Q(file_name__icontains=words) | Q(mapping__name__icontains=words) | Q(staff__icontains=words)
            yield named | Q(pk=int(words)) if words.isascii() and words.isdigit() and len(words) < 10 else named


def beginning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
