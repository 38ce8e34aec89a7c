"""Every write sent out, newest first: who, when, from where, what, before, after, and what MaxContact said of it.

A page costs the same among a million entries: it goes by an index, counts nothing, and a search that no index serves
looks at a stretch of time and says how far back it has looked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import QueryDict

from maxops.console.periods import Cursor, PeriodForm
from maxops.console.templatetags.origin import source_words
from maxops.mirror import timeline
from maxops.mirror.models import KINDS, Ledger
from maxops.mirror.timeline import Entry, containing

ENTRIES_A_PAGE = 50
STRETCH = 50_000  # entries looked at for one page where no index leads to those wanted
EXPORT_BITE = 500
LOGINS_OFFERED = 300
SOURCES = [
    (source, source_words(source).capitalize())
    for source in ("admin", "bulk", "sync", "page", "command", "schedule", "emergency")
]
BESIDE_KINDS = {
    "emergency": ("Emergency", Q(kind="", operation__startswith="emergency")),
    "leads": ("Leads sent", Q(kind="", operation__startswith="upload")),
}
AREAS = [*KINDS, *((key, label) for key, (label, _) in BESIDE_KINDS.items())]
SEARCHED = ("subject", "operation", "answer")


class AuditForm(PeriodForm):
    outcome = forms.ChoiceField(label="Outcome", required=False, choices=[("", "Any"), *Ledger.Outcome.choices])
    staff = forms.CharField(
        label="Who", required=False, max_length=150, widget=forms.TextInput(attrs={"list": "logins"})
    )
    area = forms.ChoiceField(label="Area", required=False, choices=[("", "Any"), *AREAS])
    source = forms.ChoiceField(label="From where", required=False, choices=[("", "Any"), *SOURCES])

    field_order = ["start", "end", "outcome", "area", "staff", "source", "q"]

    def rules(self) -> list[Q]:
        """Most telling first, each served by an index of its own."""
        asked = self.cleaned_data
        area = asked["area"]
        rules = [
            Q(outcome=asked["outcome"]) if asked["outcome"] not in ("", Ledger.Outcome.ACCEPTED) else None,
            Q(staff=asked["staff"]) if asked["staff"] else None,
            (BESIDE_KINDS[area][1] if area in BESIDE_KINDS else Q(kind=area)) if area else None,
            Q(source=asked["source"]) if asked["source"] else None,
            Q(outcome=asked["outcome"]) if asked["outcome"] == Ledger.Outcome.ACCEPTED else None,
        ]
        return [rule for rule in rules if rule is not None]

    def entries(self) -> QuerySet[Ledger]:
        """All that was asked for, newest first."""
        return self.within_period().filter(*self.rules(), containing(self.words, *SEARCHED))

    def within_period(self) -> QuerySet[Ledger]:
        entries = Ledger.objects.order_by("-at", "-id")
        if self.since:
            entries = entries.filter(at__gte=self.since)
        return entries.filter(at__lt=self.until) if self.until else entries


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    older: Cursor | None = None
    looked_back_to: Any = None  # the moment the search stopped at, when it stopped before the end


def page_of(form: AuditForm, cursor: Cursor | None) -> Page:
    found = cursor.older(form.entries()) if cursor else form.entries()
    floor = floor_of(form, cursor)
    if floor:
        found = found.filter(at__gte=floor.at)
    rows = list(found[: ENTRIES_A_PAGE + 1])
    if len(rows) > ENTRIES_A_PAGE:
        last = rows[ENTRIES_A_PAGE - 1]
        return Page(timeline.told(rows[:ENTRIES_A_PAGE]), Cursor(last.at, last.pk))
    return Page(timeline.told(rows), floor, floor.at if floor else None)


def floor_of(form: AuditForm, cursor: Cursor | None) -> Cursor | None:
    """How far back this page looks; None for as far as there is anything."""
    rules = form.rules()
    if len(rules) < 2 and not form.words:
        return None
    along = form.within_period().filter(*rules[:1])
    if cursor:
        along = cursor.older(along)
    moments = along.values_list("at", flat=True)[STRETCH : STRETCH + 1]
    return next((Cursor(at) for at in moments), None)


def every_entry(form: AuditForm) -> Iterator[Entry]:
    """All of them in bites, so that a long download holds neither memory nor a transaction."""
    cursor: Cursor | None = None
    while True:
        found = cursor.older(form.entries()) if cursor else form.entries()
        rows = list(found[:EXPORT_BITE])
        yield from timeline.told(rows)
        if len(rows) < EXPORT_BITE:
            return
        cursor = Cursor(rows[-1].at, rows[-1].pk)


def logins() -> list[str]:
    """For the field that asks who: those with an account now. Somebody whose account is gone can be typed."""
    accounts = get_user_model().objects.order_by("username").values_list("username", flat=True)
    return list(accounts[:LOGINS_OFFERED])


def screen_of(asked: QueryDict) -> dict[str, Any]:
    form = AuditForm(asked)
    is_valid = form.is_valid()
    cursor = Cursor.of(asked.get("before", ""))
    page = page_of(form, cursor) if is_valid else Page([])
    return {
        "form": form,
        "is_valid": is_valid,
        "entries": page.entries,
        "looked_back_to": page.looked_back_to,
        "older": form.address(before=page.older) if page.older else "",
        "newest": form.address() if cursor else None,
        "export": form.address(),
        "logins": logins(),
    }
