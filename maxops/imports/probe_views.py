"""Sending a probe of a mapping, and how far the last one came, for the poll."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from maxops.celery import enqueue
from maxops.imports import probe
from maxops.imports.errors import WrongState
from maxops.imports.forms import lists_in_use
from maxops.imports.mapping_views import mapping_page, view_mapping
from maxops.imports.models import Mapping, Run
from maxops.imports.probe_screen import probe_screen
from maxops.imports.tasks import deliver_run
from maxops.lists.models import LeadList


class ProbeForm(forms.Form):
    """Two leads are loaded by it, so a list is chosen each time and the effect confirmed."""

    list = forms.ModelChoiceField(
        LeadList.objects.none(), error_messages={"required": "Choose the list that the made-up leads go into."}
    )
    sure = forms.BooleanField(error_messages={"required": "Tick that two made-up leads may be loaded."})

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["list"].queryset = lists_in_use()


@view_mapping
@require_http_methods(["GET", "HEAD", "POST"])
def probe_mapping(request: HttpRequest, mapping_id: int) -> HttpResponse:
    mapping = get_object_or_404(Mapping, pk=mapping_id)
    if request.method != "POST":
        return render(request, "imports/_mapping_probe.html", {"mapping": mapping, **probe_screen(mapping)})
    if not request.user.has_perm("imports.add_run"):
        raise PermissionDenied("Sending a probe needs the group Manager; nothing was sent.")
    form = ProbeForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(words for errors in form.errors.values() for words in errors))
        return redirect("imports:mapping", mapping.pk)
    try:
        run = probe.send_probe(mapping, form.cleaned_data["list"].pk, request.user.get_username())
    except WrongState as error:
        messages.error(request, str(error))
        return redirect("imports:mapping", mapping.pk)
    if run.state == Run.State.SENDING:
        enqueue(deliver_run, run.pk)
    return redirect(f"{mapping_page(mapping)}#probe")
