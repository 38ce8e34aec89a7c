"""The list of uploads: each first file with its attempts beneath it, found by state, supplier, day and words."""

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import and_
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.core.paginator import Page, Paginator
from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from maxops.imports.attempts import Sums, attempts_of, families, sum_up
from maxops.imports.list_form import ListForm
from maxops.imports.models import MOVING, Answer, Run

RUNS_PER_PAGE = 25
FAILURE_FADES = timedelta(days=1)
NEEDING = ("ready", "interrupted", "partly_sent", "no_answer")

view_run = permission_required("imports.view_run", raise_exception=True)


@dataclass(frozen=True, slots=True)
class Line:
    """An upload in the list; its figures are those of all its attempts together."""

    run: Run
    attempts: list[Any]
    sums: Sums
    is_told: bool


def needs_person() -> Q:
    """Runs that wait for somebody. A failure that was tried again, or is a day old, no longer does."""
    fresh = Q(state="failed", created_at__gte=timezone.now() - FAILURE_FADES)
    later = Q(attempt_of=OuterRef("pk")) | Q(attempt_of=OuterRef("attempt_of"), pk__gt=OuterRef("pk"))
    unanswered = Q(state="waiting", waiting=0, unknown__gt=0)
    return Q(state__in=NEEDING) | fresh & ~Q(Exists(Run.objects.filter(later))) | unanswered


def groups_of() -> dict[str, tuple[str, Q]]:
    return {
        "moving": ("Under way", Q(state__in=MOVING)),
        "attention": ("Need you", needs_person()),
        "finished": ("Finished", Q(state__in=["finished", "finished_with_rejects"])),
    }


def of_any_attempt(rule: Q) -> Q:
    """For uploads that the rule fits, or one of whose attempts it fits."""
    attempt = Run.objects.filter(rule, attempt_of=OuterRef("pk"))
    return Q(pk__in=Run.objects.filter(rule).values("pk")) | Q(Exists(attempt))


@view_run
@require_safe
def show_runs(request: HttpRequest) -> HttpResponse:
    form, groups = ListForm(request.GET), groups_of()
    group = request.GET.get("show", "")
    firsts = Run.objects.filter(attempt_of=None)
    rules = [*form.rules()] if form.is_valid() else [Q(pk=None)]
    rules += [groups[group][1]] if group in groups else []
    if rules:
        firsts = firsts.filter(of_any_attempt(reduce(and_, rules)))
    page = Paginator(firsts.select_related("mapping", "list").prefetch_related("tallies"), RUNS_PER_PAGE).get_page(
        request.GET.get("page")
    )
    counts = Run.objects.filter(attempt_of=None).aggregate(
        **{key: Count("pk", filter=of_any_attempt(rule)) for key, (_, rule) in groups.items()}
    )
    context = {
        "form": form,
        "page": page,
        "lines": lines_of(page),
        "totals": totals_of(firsts),
        "groups": [
            {"key": key, "label": label, "count": counts[key], "shown": key if key != group else None}
            for key, (label, _) in groups.items()
        ],
        "show": group if group in groups else "",
        "unmatched": Answer.objects.filter(state=Answer.State.UNMATCHED).count(),
    }
    return render(request, "imports/list.html", context)


def lines_of(page: Page) -> list[Line]:
    firsts = list(page)
    found = families(firsts)
    return [line_of(first, found[first.pk]) for first in firsts]


def line_of(first: Run, family: list[Run]) -> Line:
    sums = sum_up(family)
    is_told = any(run.accepted or run.rejected_rows or (run.finished_at and run.sent) for run in family)
    return Line(first, attempts_of(family, first)[1:], sums, is_told)


def totals_of(firsts: QuerySet[Run]) -> dict[str, int]:
    """Of every upload that the choice fits, not of this page only."""
    every = Run.objects.filter(Q(pk__in=firsts.values("pk")) | Q(attempt_of__in=firsts.values("pk")))
    counted = every.aggregate(accepted=Sum("accepted"), unknown=Sum("unknown"), waiting=Sum("waiting"))
    rows = firsts.aggregate(rows=Sum("rows"))["rows"]
    return {"rows": rows or 0} | {name: value or 0 for name, value in counted.items()}
