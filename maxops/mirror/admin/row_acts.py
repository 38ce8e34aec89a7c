"""Buttons in the rows of a list page: what a record can be told from where it stands, without opening it."""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.options import IS_POPUP_VAR
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maxops.mirror.admin.bulk_words import short_label
from maxops.mirror.models import Mirrored
from maxops.mirror.offers import Offer
from maxops.mirror.records import columns_of
from maxops.remote.maxcontact.choices import CampaignStatus

BACK = "back"  # the list's own query, so that a press leads back to the same page of it
BUTTON = (
    '<button class="button ghost small" formmethod="post" formaction="{}" formnovalidate name="offer" value="{}" '
    'aria-label="{} {}">{}</button>'
)


class RowActs:
    """For a ModelAdmin of a mirrored kind, before the classes that make its columns."""

    def get_list_display(self, request: HttpRequest) -> Sequence[Any]:
        columns = super().get_list_display(request)
        if IS_POPUP_VAR in request.GET or not self.has_change_permission(request):
            return columns
        return [*columns, self._column(request)]

    def _column(self, request: HttpRequest) -> Callable[[Mirrored], str | SafeString]:
        offers, query = self.offered(request), urlencode({BACK: request.GET.urlencode()})

        def acts(row: Mirrored) -> str | SafeString:
            if row.is_locked or row.missing_since:
                return ""
            address = f"{self.address('act', row.pk)}?{query}"
            lines = [
                (address, offer.name, short_label(offer), row, f"{short_label(offer)}{'…' if offer.question else ''}")
                for offer in offers
                if fits(offer, row)
            ]
            return format_html('<span class="rowacts">{}</span>', format_html_join("", BUTTON, lines))

        acts.short_description = "actions"
        return acts

    def list_again(self, request: HttpRequest) -> HttpResponse | None:
        """Back to the list the press came from; nothing for a press on a record's own page."""
        if BACK not in request.GET:
            return None
        return HttpResponseRedirect(f"{self.address('changelist')}?{request.GET[BACK]}".rstrip("?"))


def fits(offer: Offer, row: Mirrored) -> bool:
    """A campaign is started, paused and stopped from its row; anything else is set active or inactive there."""
    if "status" in columns_of(type(row)):
        wanted = {"start": row.status != CampaignStatus.RUNNING, "pause": row.status == CampaignStatus.RUNNING}
        return wanted.get(offer.name, offer.name == "stop" and row.status != CampaignStatus.NOT_RUNNING)
    stands = None if row.activity_set is None else bool(row.activity_set.value)
    return {"activate": stands is not True, "deactivate": stands is not False}.get(offer.name, False)
