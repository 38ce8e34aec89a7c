"""Reading anew at a person's wish, one record or the whole kind, from the pages of a mirrored kind."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from maxops.mirror.author import author_of
from maxops.mirror.errors import PullRefused, sentence
from maxops.mirror.looks import readings
from maxops.mirror.pull import pull, read_one
from maxops.remote.errors import MaxopsConfigError, RemoteError


class Rereading:
    """For a ModelAdmin of a mirrored kind."""

    def read_all(self, request: HttpRequest) -> HttpResponse:
        """Read the whole kind again."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        names = self.opts.verbose_name_plural
        try:
            result = pull(self.model.kind(), author=author_of(request, "page"), source="page")
        except (RemoteError, PullRefused, MaxopsConfigError) as error:
            self.message_user(request, f"The {names} were not read. {sentence(error)}", messages.ERROR)
        else:
            counts = f"{result.created} new, {result.changed} changed, {result.missing} not there any more"
            self.message_user(request, f"{result.read} {names} read from MaxContact: {counts}.", messages.SUCCESS)
        return HttpResponseRedirect(self.address("changelist"))

    def read_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Read this one record again; a form drawn before keeps what it was drawn from."""
        row = self.get_object(request, str(object_id))
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        if row is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        try:
            read_one(row)
        except (RemoteError, MaxopsConfigError) as error:
            self.message_user(request, f"{row} was not read. {sentence(error)}", messages.ERROR)
        else:
            self.message_user(request, "Read from MaxContact.", messages.SUCCESS)
        return HttpResponseRedirect(self.address("change", object_id))

    def reading_context(self) -> dict[str, Any]:
        """How old the list is, and what stands in the way of a fresher one."""
        latest, good = readings.at(self.model.kind())
        return {"latest_reading": latest, "good_reading": good, "read_address": self.address("read")}
