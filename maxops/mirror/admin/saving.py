"""The change form of a mirrored row: save -> push -> keep the answer. A refusal comes back on it, typed values kept.

No transaction spans the call: the dialler may take its time, and nobody else may wait for it.
"""

from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters

from maxops.mirror import push
from maxops.mirror.author import author_of
from maxops.mirror.columns import worded
from maxops.mirror.errors import Conflict, NotKept, Partly
from maxops.mirror.forms import MirroredForm
from maxops.mirror.models import Mirrored
from maxops.mirror.pull import read_one
from maxops.mirror.records import as_column, columns_of
from maxops.remote.errors import MaxopsConfigError, RemoteError

MOVED = "Not saved: changed in MaxContact meanwhile"
TO_CHOOSE = "Not saved yet: choose whose value is to stand"
IN_DOUBT = "Not known whether it was saved in MaxContact. Re-read before you save again."


class Saving:
    """For a ModelAdmin of a mirrored kind."""

    @method_decorator([csrf_protect, sensitive_post_parameters("password")])
    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict | None = None
    ) -> HttpResponse:
        """Django's own view without the transaction it would hold open during the call."""
        try:
            return self._changeform_view(request, object_id, form_url, extra_context)
        except (RemoteError, Conflict, MaxopsConfigError) as refusal:
            # The same POST once more, now with what MaxContact said of it.
            request.refusal = refusal
            return self._changeform_view(request, object_id, form_url, extra_context)
        except NotKept as news:
            return self._leave(request, news.message)
        except DatabaseError:
            if not hasattr(request, "push_words"):
                raise
            return self._leave(request, NotKept(0).message)

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """Nothing is ever deleted there, so Django's guess would be a wrong one."""
        words = f"MaxContact has no {opts.verbose_name} {object_id}, or it was not read yet."
        return self._leave(request, words)

    def _leave(self, request: HttpRequest, words: str) -> HttpResponse:
        super().message_user(request, words, messages.WARNING)
        return HttpResponseRedirect(self.address("changelist"))

    def address(self, page: str, *args: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[MirroredForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

    def save_model(self, request: HttpRequest, obj: Mirrored, form: MirroredForm, change: bool) -> None:
        values = form.changes()
        if change and not values:
            self._stand_by_theirs(request, obj, form)
            return
        author = author_of(request)
        row = push.update(obj, values, form.opened, author) if change else push.create(self.model, values, author)
        self._show(obj, row)
        self._remember(request, obj, "Saved in MaxContact and here:", row.remark)
        self._tell_differences(request, row, values)

    def _stand_by_theirs(self, request: HttpRequest, obj: Mirrored, form: MirroredForm) -> None:
        """Nothing to send. Whoever took MaxContact's values instead of the own ones is to see them here too."""
        if not form.asked:
            self._remember(request, obj, "Nothing was changed, so nothing was sent to MaxContact:")
            return
        self._show(obj, read_one(obj))
        self._remember(request, obj, "MaxContact's values stand, nothing was sent:")

    def _show(self, obj: Mirrored, row: Mirrored) -> None:
        obj.__dict__.update({name: value for name, value in row.__dict__.items() if name != "_state"})
        obj._state.adding = False

    def _remember(self, request: HttpRequest, row: Mirrored, words: str, remark: str = "") -> None:
        """What `message_user` is to say instead of Django's own sentence."""
        address = self.address("change", row.pk)
        end = f". {remark}" if remark else ""
        request.push_words = format_html('{} <a href="{}">{}</a>{}', words, address, row, end)

    def _tell_differences(self, request: HttpRequest, row: Mirrored, values: dict[str, Any]) -> None:
        """MaxContact's word is what we keep, also where it is not what was asked."""
        for name, column in columns_of(self.model).items():
            kept = getattr(row, name)
            if values.get(name) is not None and as_column(column, values[name]) != kept:
                words = f"MaxContact kept {column.verbose_name} as {worded(column, kept)}."
                super().message_user(request, words, messages.WARNING)

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Django's "was changed successfully" says less than is known."""
        super().message_user(request, request.__dict__.pop("push_words", message), *args, **kwargs)

    def log_change(self, request: HttpRequest, obj: Mirrored, message: Any) -> Any:
        return super().log_change(request, obj, message) if message else None

    def refusal_context(self, request: HttpRequest, form: MirroredForm) -> dict[str, Any]:
        """ "Please correct the errors" would blame the person for what the dialler said."""
        questions = form.questions()
        refusal = getattr(request, "refusal", None)
        if refusal is None and not any(form.errors.get(question.name) for question in questions):
            return {"questions": questions}
        return {"questions": questions, "errors": None, "refusal_title": headline(refusal)}


def headline(refusal: Exception | None) -> str:
    """The far side's state first: in part, in doubt, or certainly not. None: a choice between two values is missing."""
    if refusal is None:
        return TO_CHOOSE
    if isinstance(refusal, Conflict):
        return MOVED
    if isinstance(refusal, Partly):
        return "Saved only in part."
    return IN_DOUBT if getattr(refusal, "taken", "no") == "unknown" else "Not saved in MaxContact."
