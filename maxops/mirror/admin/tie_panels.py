"""Panels below the form of a mirrored record, one a tie: what is known of it, and adding or taking away."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from maxops.mirror.admin.ties import Panel, Tie, TieForm, names_of, reported, send, set_here, ties_of
from maxops.mirror.author import author_of
from maxops.mirror.errors import NotKept, sentence
from maxops.mirror.models import Mirrored, mirrored_models
from maxops.remote.errors import MaxopsConfigError, RemoteError


def address_of(kind: str, page: str, *args: Any) -> str:
    options = mirrored_models()[kind]._meta
    return reverse(f"admin:{options.app_label}_{options.model_name}_{page}", args=args)


class TiePanels:
    """For a ModelAdmin of a mirrored kind."""

    def panels(self, request: HttpRequest, row: Mirrored) -> list[Panel]:
        return [self._panel(request, row, tie) for tie in ties_of(self.model.kind())]

    def _panel(self, request: HttpRequest, row: Mirrored, tie: Tie) -> Panel:
        sent = request.GET if request.GET.get("tie") == tie.key else None
        form = TieForm(tie, self.admin_site, sent) if self.may_tie(request, row, tie) else None
        lines, count = (reported if tie.reported_by else set_here)(tie, row)
        panel = Panel(tie, form, lines, count, bool(tie.reported_by))
        if not tie.is_skill and may_view(request, tie.other):
            for line in lines:
                line.url = address_of(tie.other, "change", line.number)
            if tie.reported_by and tie.is_forward:
                panel.all_of_them = f"{address_of(tie.other, 'changelist')}?{tie.reported_by}={row.pk}"
        return panel

    def may_tie(self, request: HttpRequest, row: Mirrored | None, tie: Tie) -> bool:
        """The record of this page is changed, and so is the one the call goes to."""
        options = mirrored_models()[tie.owner]._meta
        owner = request.user.has_perm(f"{options.app_label}.change_{options.model_name}")
        return owner and self.has_change_permission(request, row)

    def tie(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Add or take away one; what was typed comes back with the page if it cannot be sent."""
        row = self.get_object(request, str(object_id))
        tie = next((tie for tie in ties_of(self.model.kind()) if tie.key == request.POST.get("tie")), None)
        if tie is None:
            raise Http404
        if not self.may_tie(request, row, tie):
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        form = TieForm(tie, self.admin_site, request.POST)
        page = self.address("change", object_id)
        if form.is_valid() and self._send(request, row, tie, form):
            return HttpResponseRedirect(f"{page}#tie-{tie.key}")
        typed = {name: value for name, value in request.POST.items() if name != "csrfmiddlewaretoken"}
        return HttpResponseRedirect(f"{page}?{urlencode(typed)}#tie-{tie.key}")

    def _send(self, request: HttpRequest, row: Mirrored, tie: Tie, form: TieForm) -> bool:
        wanted = {**form.cleaned_data, "takes": form.takes}
        other = f"{tie.label} {names_of(tie, {wanted['other']})[wanted['other']].removeprefix(f'{tie.label} ')}"
        done = (
            f"{'taken from' if form.takes else 'added to'} {row}"
            if tie.is_forward
            else "taken away"
            if form.takes
            else "added"
        )
        what = f"{other[:1].upper()}{other[1:]}"
        # The page that follows opens at the panel, so its answer has to stand there too.
        say = partial(self.message_user, request, extra_tags=tie.key)
        try:
            send(tie, row, wanted, author_of(request))
        except NotKept as news:
            say(f"{what}: {news.message}", messages.WARNING)
        except (RemoteError, MaxopsConfigError) as error:
            doubt = getattr(error, "taken", "no") == "unknown"
            start = f"{what}: not known whether it was {done}." if doubt else f"{what} was not {done}."
            say(f"{start} {sentence(error)}", messages.WARNING if doubt else messages.ERROR)
            return False
        else:
            say(f"{what} {done} in MaxContact.", messages.SUCCESS)
        return True


def may_view(request: HttpRequest, kind: str) -> bool:
    options = mirrored_models()[kind]._meta
    return request.user.has_perm(f"{options.app_label}.view_{options.model_name}")
