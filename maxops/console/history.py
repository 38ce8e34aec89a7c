"""The timeline over all kinds: what changed in MaxContact behind our back, beside what was sent from here."""

from datetime import timedelta
from itertools import groupby
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maxops.console.periods import PeriodForm
from maxops.console.sync_run import number_in
from maxops.console.sync_views import demand_sight
from maxops.mirror import timeline
from maxops.mirror.models import KINDS

LINES_A_PAGE = 50
SEARCHED_BACK = timedelta(days=30)
LAST_PAGE = 200  # further back the days are chosen, or the words


class HistoryForm(PeriodForm):
    kind = forms.ChoiceField(label="Of", required=False, choices=[("", "Everything"), *KINDS])

    field_order = ["kind", "start", "end", "q"]


@require_safe
def show_history(request: HttpRequest) -> HttpResponse:
    demand_sight(request)
    return render(request, "console/history.html", history_of(request.GET))


def history_of(asked: QueryDict) -> dict[str, Any]:
    form = HistoryForm(asked)
    page = number_in(asked.get("page"), LAST_PAGE)
    if not form.is_valid():
        return {"form": form, "days": [], "page": 1, "more": "", "newer": ""}
    kind = form.cleaned_data["kind"]
    # Words are looked for line by line: without a first day no further back than a month.
    is_limited = bool(form.words and not form.since)
    since = timezone.now() - SEARCHED_BACK if is_limited else form.since
    entries = timeline.latest(
        [kind] if kind else [slug for slug, _ in KINDS],
        period=(since, form.until),
        words=form.words,
        limit=LINES_A_PAGE + 1,
        offset=(page - 1) * LINES_A_PAGE,
    )
    has_more = len(entries) > LINES_A_PAGE
    return {
        "form": form,
        "days": by_day(entries[:LINES_A_PAGE]),
        "page": page,
        "more": form.address(page=page + 1) if has_more and page < LAST_PAGE else "",
        "newer": form.address(page=page - 1) if page > 1 else "",
        "searched_from": since if is_limited else None,
        "is_cut": has_more and page == LAST_PAGE,
    }


def by_day(entries: list[timeline.Entry]) -> list[tuple[Any, list[timeline.Entry]]]:
    return [(day, list(rows)) for day, rows in groupby(entries, key=lambda entry: timezone.localdate(entry.at))]
