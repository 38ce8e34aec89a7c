"""Acts over a selection and on one record: proposed, asked about where wide, confirmed once, followed to the end."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse

from maxops.mirror import bulk_acts
from maxops.mirror.admin.bulk_words import BulkPage, ParameterForm, known_offer, listed, numbered, short_label
from maxops.mirror.author import author_of
from maxops.mirror.errors import sentence
from maxops.mirror.models import BulkAct, BulkRow, Mirrored, mirrored_models
from maxops.mirror.offers import OFFERS, Offer, offer_of
from maxops.remote.errors import MaxopsConfigError, Refused

Outcome = BulkRow.Outcome
LEVELS = {Outcome.REFUSED: messages.ERROR, Outcome.UNKNOWN: messages.ERROR}


class Bulk:
    """For a ModelAdmin of a mirrored kind."""

    @property
    def offers(self) -> tuple[Offer, ...]:
        return OFFERS[self.model.kind()]

    def offered(self, request: HttpRequest, row: Mirrored | None = None) -> list[Offer]:
        """Those this person may use: the rows are changed, and so is the record of another kind a call goes to."""
        return [offer for offer in self.offers if self.may_do(request, offer, row)]

    def may_do(self, request: HttpRequest, offer: Offer | None, row: Mirrored | None = None) -> bool:
        called = offer.called if offer else ""
        return self.has_change_permission(request, row) and (not called or may_change(request, called))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered = self.offered(request)
        actions = {offer.name: (partial(begin_offer, offer=offer), offer.name, offer.label) for offer in offered}
        return {**super().get_actions(request), **actions}

    def buttons(self, request: HttpRequest, row: Mirrored) -> list[dict[str, Any]]:
        """The same offers for one record; `asks` for those that lead to a page first, `is_rarer` for what stands so."""
        return [self._button(offer, row) for offer in self.offered(request, row)]

    def _button(self, offer: Offer, row: Mirrored) -> dict[str, Any]:
        stands = not offer.parameters and offer.deed.stands(row, {})
        return {
            "offer": offer,
            "label": short_label(offer),
            "asks": bool(offer.question or offer.parameters),
            "note": offer.already if stands else "",
            "is_rarer": stands or bool(offer.parameters),
        }

    def act(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """One offer for one record, from the buttons beside its form."""
        row = self.get_object(request, str(object_id))
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        try:
            offer = offer_of(self.model.kind(), request.POST.get("offer", ""))
        except LookupError as error:
            raise Http404 from error
        if not self.may_do(request, offer, row):
            raise PermissionDenied
        rows = self.model._default_manager.filter(pk=row.pk)
        begun = self.begin(request, offer, rows) or self.list_again(request)
        return begun or HttpResponseRedirect(self.address("change", row.pk))

    def begin(self, request: HttpRequest, offer: Offer, rows: QuerySet[Mirrored]) -> HttpResponse | None:
        """What needs no question and touches few is done at once; all else is proposed on a page of its own."""
        author = author_of(request, "bulk")
        try:
            bulk_act = bulk_acts.propose(offer, rows, {}, author)
        except Refused as refusal:
            self.message_user(request, sentence(refusal), messages.WARNING)
            return None
        asks = offer.question or offer.parameters or bulk_act.rows.count() > bulk_acts.ROWS_AT_ONCE
        if not asks:
            self._confirm(request, bulk_act, {})
        if asks or bulk_act.state != BulkAct.State.FINISHED:
            return HttpResponseRedirect(self.address("bulk", bulk_act.pk))
        self.tell(request, bulk_act, offer)
        return None

    def tell(self, request: HttpRequest, bulk_act: BulkAct, offer: Offer) -> None:
        """A message for each row with something to say, one for all the others."""
        done: dict[str, int] = {}
        for row in bulk_act.rows.all():
            plain = row.words in (offer.done, offer.already)
            if row.outcome == Outcome.DONE and plain:
                done[row.words] = done.get(row.words, 0) + 1
            else:
                self.message_user(request, f"{row.subject}: {row.words}", LEVELS.get(row.outcome, messages.WARNING))
        if done:
            said = (
                f"{numbered(bulk_act.kind, count)} {words}"
                for words, count in sorted(done.items(), key=lambda pair: pair[0] != offer.done)
            )
            self.message_user(request, f"{', '.join(said)} in MaxContact.", messages.SUCCESS)

    def bulk_page(self, request: HttpRequest, bulk_act_id: int) -> HttpResponse:
        """Before: what it will touch. Meanwhile: how far it is. After: what came of each row."""
        bulk_act = get_object_or_404(BulkAct, pk=bulk_act_id, kind=self.model.kind())
        if request.method == "POST":
            if not self.may_do(request, known_offer(bulk_act)):
                raise PermissionDenied
            return self._bulk_post(request, bulk_act)
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._draw(request, bulk_act)

    def _bulk_post(self, request: HttpRequest, bulk_act: BulkAct) -> HttpResponse:
        page = HttpResponseRedirect(self.address("bulk", bulk_act.pk))
        steps = {"confirm": self._confirmed, "cancel": self._cancelled, "again": self._again}
        step = steps.get(request.POST.get("do", ""))
        return (step(request, bulk_act) if step else None) or page

    def _confirmed(self, request: HttpRequest, bulk_act: BulkAct) -> HttpResponse | None:
        offer = offer_of(bulk_act.kind, bulk_act.offer)
        form = ParameterForm(offer, self.admin_site, request.POST)
        if not form.is_valid():
            return self._draw(request, bulk_act, form)
        refusal = self._confirm(request, bulk_act, form.cleaned_data)
        for name, words in getattr(refusal, "fields", {}).items():
            form.add_error(name if name in form.fields else None, words)
        return self._draw(request, bulk_act, form) if form.errors else None

    def _confirm(self, request: HttpRequest, bulk_act: BulkAct, chosen: dict[str, Any]) -> Exception | None:
        try:
            bulk_acts.confirm(bulk_act, author_of(request, "bulk"), chosen)
        except (Refused, MaxopsConfigError) as refusal:
            if not getattr(refusal, "fields", None):
                self.message_user(request, sentence(refusal), messages.ERROR)
            return refusal
        return None

    def _cancelled(self, request: HttpRequest, bulk_act: BulkAct) -> HttpResponse | None:
        was_proposed = bulk_act.state == BulkAct.State.PROPOSED
        if not bulk_acts.cancel(bulk_act):
            self.message_user(request, "It has ended already: there is nothing left to cancel.", messages.WARNING)
        elif was_proposed:
            self.message_user(request, "Cancelled. Nothing was sent to MaxContact.", messages.SUCCESS)
            rows = list(bulk_act.rows.all()[:2])
            single = self.address("change", rows[0].remote_id) if len(rows) == 1 else self.address("changelist")
            return HttpResponseRedirect(single)
        return None

    def _again(self, request: HttpRequest, bulk_act: BulkAct) -> HttpResponse | None:
        try:
            new = bulk_acts.again(bulk_act, author_of(request, "bulk"))
        except Refused as refusal:
            self.message_user(request, sentence(refusal), messages.WARNING)
            return None
        return HttpResponseRedirect(self.address("bulk", new.pk))

    def _draw(self, request: HttpRequest, bulk_act: BulkAct, form: ParameterForm | None = None) -> HttpResponse:
        shown = BulkPage.of(bulk_act, request.GET)
        may_do = self.may_do(request, shown.offer)
        if form is None and shown.is_proposed and shown.offer and may_do:
            form = ParameterForm(shown.offer, self.admin_site, initial=bulk_act.parameters)
        own = {"shown": shown, "bulk_act": bulk_act, "form": form, "may_change": may_do, "opts": self.opts}
        if request.htmx:
            return TemplateResponse(request, "admin/mirrored/_bulk.html", own)
        context = {**self.admin_site.each_context(request), **own, "title": shown.title, "media": self.media}
        return TemplateResponse(request, "admin/mirrored/bulk.html", context)

    def bulk_list(self, request: HttpRequest) -> HttpResponse:
        """The last bulk acts on this kind: the way back to one whose tab was closed."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        page = Paginator(BulkAct.objects.filter(kind=self.model.kind()), 50).get_page(request.GET.get("page"))
        title = f"Bulk acts on {self.opts.verbose_name_plural}"
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts}
        return TemplateResponse(
            request, "admin/mirrored/bulks.html", {**context, "page": page, "lines": listed(list(page))}
        )


def begin_offer(
    admin: Bulk, request: HttpRequest, queryset: QuerySet[Mirrored], *, offer: Offer
) -> HttpResponse | None:
    """In the shape of an admin action."""
    return admin.begin(request, offer, queryset)


def may_change(request: HttpRequest, kind: str) -> bool:
    options = mirrored_models()[kind]._meta
    return request.user.has_perm(f"{options.app_label}.change_{options.model_name}")
