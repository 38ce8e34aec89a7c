"""Choosing what to look at: dates, words and where to go on, as typed into an address, kept whatever is wrong in it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Model, Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

ROWS = TypeVar("ROWS", bound=Model)
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2199, 12, 31)
FORMATS = ["%Y-%m-%d", "%d/%m/%Y"]
LONGEST_WORDS = 200
NO_DATE = "This is not a date. Type it as 21/11/2026."


class DayField(forms.DateField):
    """A browser's date field; what is no date stays to be read in a plain one, where a date field would be empty."""

    def __init__(self, label: str) -> None:
        super().__init__(label=label, required=False, input_formats=FORMATS, error_messages={"invalid": NO_DATE})
        years = "The year must lie between 2000 and 2199."
        self.validators = [MinValueValidator(FIRST_DAY, years), MaxValueValidator(LAST_DAY, years)]
        self.widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class PeriodForm(forms.Form):
    """First and last day, both looked at whole, in the site's time zone; and words to find."""

    start = DayField("From")
    end = DayField("To")
    q = forms.CharField(label="Find", required=False, max_length=LONGEST_WORDS)

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

    @property
    def since(self) -> datetime | None:
        return beginning(self.cleaned_data.get("start"))

    @property
    def until(self) -> datetime | None:
        last = self.cleaned_data.get("end")
        return beginning(last + timedelta(days=1)) if last else None

    @property
    def words(self) -> str:
        return self.cleaned_data.get("q", "")

    @property
    def is_narrowed(self) -> bool:
        return any(self.data.get(name) for name in self.fields)

    def address(self, **more: Any) -> str:
        """The query that asks for the same once more, or for more of it."""
        same = {name: self.data.get(name) for name in self.fields if self.data.get(name)}
        return urlencode(same | more)


def beginning(day: date | None) -> datetime | None:
    return timezone.make_aware(datetime.combine(day, time.min)) if day else None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the last page ended, by time and id: the next one costs the same however far back it lies."""

    at: datetime
    pk: int = 0

    @classmethod
    def of(cls, text: str) -> "Cursor | None":
        when, _, number = text.rpartition("~")
        try:
            at, pk = datetime.fromisoformat(when), int(number)
            is_moment = timezone.is_aware(at) and bool(at.astimezone(UTC))
        except (ValueError, OverflowError):
            return None
        return cls(at, pk) if is_moment and 0 <= pk < 1 << 63 else None

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.pk}"

    def older(self, rows: QuerySet[ROWS]) -> QuerySet[ROWS]:
        return rows.filter(Q(at__lt=self.at) | Q(at=self.at, pk__lt=self.pk))
