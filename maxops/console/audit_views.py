"""The audit page and its download: for looking at; nobody can change what stands there."""

import csv
from collections.abc import Iterable, Iterator
from types import SimpleNamespace

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from maxops.console.audit import AuditForm, every_entry, screen_of
from maxops.console.templatetags.origin import source_words
from maxops.imports.report import BOM, neutralise
from maxops.mirror.timeline import Entry

HEADINGS = (
    "time",
    "who",
    "from where",
    "network address",
    "what",
    "area",
    "MaxContact id",
    "name",
    "before and after",
    "outcome",
    "answer",
)
BLOCK_ROWS = 200
NONE = "-"

see_audit = permission_required("mirror.view_ledger", raise_exception=True)


@see_audit
@require_safe
def show_audit(request: HttpRequest) -> HttpResponse:
    return render(request, "console/audit.html", screen_of(request.GET))


@see_audit
@require_safe
def download_audit(request: HttpRequest) -> HttpResponseBase:
    """The same choice as on the page, all of it, safe to open in a spreadsheet."""
    form = AuditForm(request.GET)
    if not form.is_valid():
        return redirect(f"{reverse('audit')}?{request.GET.urlencode()}")
    return StreamingHttpResponse(
        csv_blocks(every_entry(form)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="audit-{timezone.localdate():%Y-%m-%d}.csv"'},
    )


def csv_blocks(entries: Iterable[Entry]) -> Iterator[str]:
    """With a mark of UTF-8 in front, for spreadsheets that would guess otherwise."""
    written: list[str] = [BOM]
    writer = csv.writer(SimpleNamespace(write=written.append))
    writer.writerow(HEADINGS)
    for entry in entries:
        writer.writerow([neutralise(cell) for cell in cells_of(entry)])
        if len(written) >= BLOCK_ROWS:
            yield "".join(written)
            written.clear()
    yield "".join(written)


def cells_of(entry: Entry) -> tuple[str, ...]:
    changes = (f"{label}: {before or NONE} > {after or NONE}" for label, before, after in entry.changes)
    return (
        timezone.localtime(entry.at).isoformat(sep=" ", timespec="seconds"),
        entry.who,
        source_words(entry.source),
        entry.address,
        entry.what,
        entry.kind,
        "" if entry.remote_id is None else str(entry.remote_id),
        entry.subject,
        "; ".join(changes),
        entry.outcome,
        entry.answer,
    )
