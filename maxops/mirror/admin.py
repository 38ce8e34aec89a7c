"""The admin of mirrored rows: save -> push -> keep the answer. A refusal comes back on the form, typed values kept.

No transaction spans the call: the dialler may take its time, and nobody else may wait for it.
"""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, models
from django.forms import Field
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from maxops.mirror import push
from maxops.mirror.columns import SeenFilter, badge, change_table, seconds_shown, short, word_columns, worded
from maxops.mirror.errors import Conflict, NotKept, Partly, PullRefused, sentence
from maxops.mirror.forms import MirroredForm, RowField
from maxops.mirror.models import Ledger, Mirrored, Reading
from maxops.mirror.offers import ACTIVITY, Offer, activity_words, as_actions
from maxops.mirror.pull import pull, read_one
from maxops.mirror.read_only import ReadOnlyAdmin
from maxops.mirror.records import as_column, columns_of
from maxops.remote.errors import MaxopsConfigError, RemoteError

__all__ = ["ACTIVITY", "MirroredAdmin", "MirroredForm", "Offer", "SeenFilter", "badge"]


class MirroredAdmin(admin.ModelAdmin):
    form = MirroredForm
    change_form_template = "admin/mirrored/change_form.html"
    change_list_template = "admin/mirrored/change_list.html"
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})}}
    list_per_page = 50
    show_full_result_count = False
    offers: tuple[Offer, ...] = ACTIVITY

    @admin.display(description="In MaxContact", ordering="missing_since")
    def presence(self, row: Mirrored) -> str | SafeString:
        return badge(f"not seen since {short(row.missing_since)}", "bad") if row.missing_since else "yes"

    @admin.display(description="Active")
    def activity(self, row: Mirrored) -> str:
        return activity_words(row) if row.pk else "As MaxContact decides for a new one."

    def has_change_permission(self, request: HttpRequest, obj: Mirrored | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_locked)

    def has_delete_permission(self, request: HttpRequest, obj: Mirrored | None = None) -> bool:
        """Nothing can be deleted in MaxContact, and a row here stands for something there."""
        return False

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered = as_actions(self.offers) if self.has_change_permission(request) else {}
        return {**super().get_actions(request), **offered}

    def get_fieldsets(self, request: HttpRequest, obj: Mirrored | None = None) -> list[tuple[str | None, dict]]:
        """The groups as written, whatever column nobody placed under "Other"; in words for those who may only look."""
        placed = {"id", *flatten_fieldsets(self.fieldsets or ())}
        others = [column.name for column in columns_of(self.model).values() if column.name not in placed]
        groups = [*(self.fieldsets or ()), *([("Other", {"fields": others})] if others else [])]
        if self.may_save(request, obj):
            return groups
        words = word_columns(self.model)
        secret = {field.attribute for field in self.model.entity.fields if field.write_only}
        return [
            (title, {**options, "fields": [words.get(name, name) for name in options["fields"] if name not in secret]})
            for title, options in groups
        ]

    def may_save(self, request: HttpRequest, obj: Mirrored | None) -> bool:
        return self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Field | None:
        if isinstance(db_field, models.ForeignKey):
            return RowField(db_field, self.admin_site)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new record starts with the zeros MaxContact itself uses for "none": it wants a whole one."""
        numeric = (models.IntegerField, models.DecimalField, models.ForeignKey)
        columns = columns_of(self.model).values()
        zeros = {column.name: 0 for column in columns if isinstance(column, numeric) and column.name != "id"}
        return {**zeros, **super().get_changeform_initial_data(request)}

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[MirroredForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = getattr(request, "refusal", None)
        return form

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
        return HttpResponseRedirect(self._address("changelist"))

    def _address(self, page: str, *args: Any) -> str:
        name = f"{self.admin_site.name}:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return reverse(name, args=args)

    def save_model(self, request: HttpRequest, obj: Mirrored, form: MirroredForm, change: bool) -> None:
        values = form.changes()
        if change and not values:
            self._remember(request, obj, "Nothing was changed, so nothing was sent to MaxContact:")
            return
        staff = request.user.get_username()
        if change:
            row = push.update(obj, values, form.opened, staff, "admin")
        else:
            row = push.create(self.model, values, staff, "admin")
        obj.__dict__.update({name: value for name, value in row.__dict__.items() if name != "_state"})
        obj._state.adding = False
        self._remember(request, obj, "Saved in MaxContact and here:", row.remark)
        self._tell_differences(request, row, values)

    def _remember(self, request: HttpRequest, row: Mirrored, words: str, remark: str = "") -> None:
        """What `message_user` is to say instead of Django's own sentence."""
        address = self._address("change", row.pk)
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

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        read_all = self.admin_site.admin_view(require_POST(self.read_all))
        read_again = self.admin_site.admin_view(require_POST(self.read_again))
        return [
            path("read/", read_all, name=f"{name}_read"),
            path("<int:object_id>/read/", read_again, name=f"{name}_reread"),
            *super().get_urls(),
        ]

    def read_all(self, request: HttpRequest) -> HttpResponse:
        """Read the whole kind again, at a person's wish."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        names = self.opts.verbose_name_plural
        try:
            result = pull(self.model.kind(), source="page")
        except (RemoteError, PullRefused, MaxopsConfigError) as error:
            self.message_user(request, f"The {names} were not read. {sentence(error)}", messages.ERROR)
        else:
            counts = f"{result.created} new, {result.changed} changed, {result.missing} not there any more"
            self.message_user(request, f"{result.read} {names} read from MaxContact: {counts}.", messages.SUCCESS)
        return HttpResponseRedirect(self._address("changelist"))

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
        return HttpResponseRedirect(self._address("change", object_id))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        readings = Reading.objects.filter(kind=self.model.kind(), dry_run=False).exclude(state=Reading.State.RUNNING)
        latest = readings.first()
        good = (
            latest if latest is None or latest.state == Reading.State.DONE else Reading.latest_good(self.model.kind())
        )
        context = {
            "latest_reading": latest,
            "good_reading": good,
            "read_address": self._address("read"),
            "questions": {offer.name: offer.question for offer in self.offers if offer.question},
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        context["may_save"] = self.may_save(request, obj)
        if obj is not None:
            context |= {"read_at": obj.read_at, "reread_address": self._address("reread", obj.pk)}
        refusal = getattr(request, "refusal", None)
        if refusal is not None:
            # "Please correct the errors" would blame the person for what the dialler said.
            conflict = isinstance(refusal, Conflict)
            title = "Not saved: compare, then save again." if conflict else "Not saved in MaxContact."
            context |= {
                "errors": None,
                "refusal_title": "Saved only in part." if isinstance(refusal, Partly) else title,
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)


@admin.register(Ledger)
class LedgerAdmin(ReadOnlyAdmin):
    list_display = ["sent_at", "staff", "operation", "subject", "outcome_badge", "answer"]
    list_filter = ["outcome", "source", "kind"]
    search_fields = ["staff", "operation", "subject", "answer"]
    fieldsets = [
        (None, {"fields": ["sent_at", "staff", "operation", "subject", "system", "kind", "remote_id", "source"]}),
        ("What was sent", {"fields": ["change_table"]}),
        ("What came of it", {"fields": ["outcome_badge", "answer"]}),
    ]

    @admin.display(description="sent", ordering="at")
    def sent_at(self, entry: Ledger) -> str:
        return seconds_shown(entry.at)

    @admin.display(description="outcome", ordering="outcome")
    def outcome_badge(self, entry: Ledger) -> SafeString:
        return badge(entry.get_outcome_display(), entry.outcome_tone)

    @admin.display(description="changes")
    def change_table(self, entry: Ledger) -> SafeString:
        return change_table(entry)


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    list_display = ["begun_at", "kind", "state_badge", "read", "created", "changed", "missing", "seconds", "source"]
    list_display += ["message"]
    list_filter = ["kind", "state", "source", "dry_run"]

    @admin.display(description="begun", ordering="started_at")
    def begun_at(self, reading: Reading) -> str:
        return seconds_shown(reading.started_at)

    @admin.display(description="state", ordering="state")
    def state_badge(self, reading: Reading) -> SafeString:
        return badge(reading.get_state_display(), reading.state_tone)
