"""What can be done with a mapping besides saving it: a copy, forgetting what was learned, taking it away."""

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from maxops.imports import versions
from maxops.imports.answers import body_of
from maxops.imports.mapping_views import add_mapping, mapping_page
from maxops.imports.models import Mapping
from maxops.imports.planning import forget_limit
from maxops.imports.posting import button_only

change_mapping = permission_required("imports.change_mapping", raise_exception=True)

LONGEST_NAME = 200
IN_USE = "This mapping has been used for {count} upload{plural}; it stays, so that their reports can be read."
NOTHING = "Say what is to be forgotten."


@add_mapping
@button_only
def clone_mapping(request: HttpRequest, mapping_id: int) -> HttpResponse:
    """A mapping of its own: another callback address, nothing learned of MaxContact's behaviour."""
    mapping = get_object_or_404(Mapping, pk=mapping_id)
    definition = {**versions.content_of(mapping), "name": free_name(mapping)}
    copy = Mapping(**definition)
    versions.keep(copy, request.user.get_username())
    messages.success(
        request,
        f"Copied from '{mapping.name}'. Give it the name of its own template in MaxContact; its address is new.",
    )
    return redirect(mapping_page(copy))


def free_name(mapping: Mapping) -> str:
    names = set(Mapping.objects.filter(platform=mapping.platform).values_list("name", flat=True))
    wanted = f"Copy of {mapping.name}"[: LONGEST_NAME - 8]
    numbered = (f"{wanted} ({number})" for number in range(2, len(names) + 3))
    return wanted if wanted not in names else next(name for name in numbered if name not in names)


@change_mapping
@button_only
def delete_mapping(request: HttpRequest, mapping_id: int) -> HttpResponse:
    """Only one that nothing was uploaded with; reports that came to its address all the same go with it."""
    with transaction.atomic():
        mapping = get_object_or_404(Mapping.objects.select_for_update(), pk=mapping_id)
        if count := mapping.runs.count():
            messages.error(request, IN_USE.format(count=count, plural="s" if count > 1 else ""))
            return redirect(mapping_page(mapping))
        bodies = [body_of(answer) for answer in mapping.answers.all()]
        mapping.delete()
    for body in bodies:
        body.unlink(missing_ok=True)
    messages.success(request, f"'{mapping.name}' is deleted here. MaxContact's own template stays as it is.")
    return redirect("imports:mappings")


@change_mapping
@button_only
def forget_learned(request: HttpRequest, mapping_id: int) -> HttpResponse:
    """`what`: limit, lines, or `name` with the plain name of a file's column."""
    with transaction.atomic():
        mapping = get_object_or_404(Mapping.objects.select_for_update(), pk=mapping_id)
        what, name = request.POST.get("what", ""), request.POST.get("name", "")
        if what == "limit":
            forget_limit(mapping)
            messages.success(request, "Forgotten. The documented size of a request is tried again.")
        elif what == "lines":
            mapping.line_base = mapping.line_base_evidence = ""
            mapping.save(update_fields=["line_base", "line_base_evidence"])
            messages.success(request, "Forgotten. The next report or probe shows anew what line numbers mean.")
        elif name in mapping.aliases:
            versions.learn(mapping.pk, {}, {name}, request.user.get_username())
            messages.success(request, "Forgotten. A file with that column name is asked about again.")
        else:
            messages.error(request, NOTHING)
    return redirect(mapping_page(mapping))
