"""The page of suppliers and its figures as a file: for looking at."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maxops.imports.list_form import PeriodForm
from maxops.imports.report import BOM, neutralise
from maxops.imports.row_reading import write_cells
from maxops.imports.suppliers import figures_as_rows, suppliers_of, total_of

PERIODS = {"30 days": 30, "90 days": 90, "12 months": 365}

view_run = permission_required("imports.view_run", raise_exception=True)


@view_run
@require_safe
def show_suppliers(request: HttpRequest) -> HttpResponse:
    form = PeriodForm(request.GET)
    suppliers = suppliers_of(form.rules()) if form.is_valid() else []
    context = {
        "form": form,
        "suppliers": suppliers,
        "total": total_of(supplier.total for supplier in suppliers),
        "query": request.GET.urlencode(),
        "presets": presets(request.GET.get("start", "")),
    }
    return render(request, "imports/suppliers.html", context)


@view_run
@require_safe
def download_suppliers(request: HttpRequest) -> HttpResponseBase:
    form = PeriodForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('imports:suppliers')}?{request.GET.urlencode()}")
    return StreamingHttpResponse(
        written(form),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="suppliers-{timezone.localdate():%Y-%m-%d}.csv"'},
    )


def presets(chosen: str) -> list[dict[str, Any]]:
    """Periods up to today that are often wanted, by their first day."""
    today = timezone.localdate()
    starts = {label: (today - timedelta(days=days)).isoformat() for label, days in PERIODS.items()}
    return [{"label": label, "start": start, "is_chosen": start == chosen} for label, start in starts.items()]


def written(form: PeriodForm) -> Iterator[bytes]:
    """Safe to open in a spreadsheet: names of suppliers and mappings are anybody's words."""
    yield BOM.encode()
    for row in figures_as_rows(suppliers_of(form.rules())):
        yield write_cells(list(map(neutralise, row))) + b"\r\n"
