"""The History page of a mirrored record: what was sent from here and what changed in MaxContact behind our back."""

from dataclasses import replace
from itertools import groupby
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from maxops.mirror.form_fields import whole
from maxops.mirror.timeline import of_record

PAGE = 50  # entries


class History:
    """For a ModelAdmin of a mirrored kind."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        number = max(1, whole(request.GET.get("page")) or 1)
        entries = of_record(self.model.kind(), row.pk, PAGE + 1, (number - 1) * PAGE)
        here = [replace(entry, url="") for entry in entries[:PAGE]]  # their address is this page
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {row}",
            "original": row,
            "opts": self.opts,
            "days": [(day, list(of_day)) for day, of_day in groupby(here, lambda entry: timezone.localdate(entry.at))],
            "number": number,
            "earlier": number + 1 if len(entries) > PAGE else None,
            "later": number - 1 if number > 1 else None,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/mirrored/history.html", context)
