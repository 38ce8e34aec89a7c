"""The admin of mirrored rows: what all kinds share. A new field, verb or link of an entity needs nothing here."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AdminTextareaWidget
from django.db import models
from django.forms import Field
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from maxops.mirror.admin.bulk import Bulk
from maxops.mirror.admin.history import History
from maxops.mirror.admin.rereading import Rereading
from maxops.mirror.admin.row_acts import RowActs
from maxops.mirror.admin.saving import Saving
from maxops.mirror.admin.tie_panels import TiePanels
from maxops.mirror.changelist import MirroredChangeList
from maxops.mirror.columns import (
    activity_badge,
    activity_words,
    badge,
    code_words,
    register_of,
    share_activity,
    share_names,
    short,
    word_columns,
)
from maxops.mirror.filters import ReadingFilter
from maxops.mirror.form_fields import NamedIdField, RowField
from maxops.mirror.forms import MirroredForm
from maxops.mirror.models import Mirrored
from maxops.mirror.records import columns_of


class MirroredAdmin(RowActs, Saving, Rereading, Bulk, TiePanels, History, admin.ModelAdmin):
    form = MirroredForm
    change_form_template = "admin/mirrored/change_form.html"
    change_list_template = "admin/mirrored/change_list.html"
    formfield_overrides = {models.TextField: {"widget": AdminTextareaWidget(attrs={"rows": 4})}}
    list_per_page = 50
    show_full_result_count = False

    @admin.display(description="In MaxContact", ordering="missing_since")
    def presence(self, row: Mirrored) -> str | SafeString:
        return badge(f"not seen since {short(row.missing_since)}", "bad") if row.missing_since else "yes"

    @admin.display(description="Active")
    def activity(self, row: Mirrored) -> str:
        return activity_words(row) if row.pk else "As MaxContact decides for a new one."

    @admin.display(description="Active")
    def activity_column(self, row: Mirrored) -> SafeString:
        return activity_badge(row.activity_set)

    @property
    def reports_activity(self) -> bool:
        return "active" in columns_of(self.model)

    def has_change_permission(self, request: HttpRequest, obj: Mirrored | None = None) -> bool:
        return super().has_change_permission(request, obj) and not (obj is not None and obj.is_locked)

    def has_delete_permission(self, request: HttpRequest, obj: Mirrored | None = None) -> bool:
        """Nothing can be deleted in MaxContact, and a row here stands for something there."""
        return False

    def may_save(self, request: HttpRequest, obj: Mirrored | None) -> bool:
        return self.has_add_permission(request) if obj is None else self.has_change_permission(request, obj)

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

    def formfield_for_dbfield(self, db_field: models.Field, request: HttpRequest, **kwargs: Any) -> Field | None:
        if isinstance(db_field, models.ForeignKey):
            return RowField(db_field, self.admin_site)
        if db_field.name in columns_of(self.model) and register_of(db_field):
            words = {"label": db_field.verbose_name, "help_text": db_field.help_text}
            return NamedIdField(register_of(db_field), required=False, **words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """A new record starts with the zeros MaxContact itself uses for "none": it wants a whole one."""
        numeric = (models.IntegerField, models.DecimalField, models.ForeignKey)
        columns = columns_of(self.model).values()
        zeros = {column.name: 0 for column in columns if isinstance(column, numeric) and column.name != "id"}
        return {**zeros, **super().get_changeform_initial_data(request)}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Mirrored | None:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            share_names([row])
        return row

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        return [*super().get_list_filter(request), ReadingFilter]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return MirroredChangeList

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """What stands beside each row of this page, looked up once for all of them."""
        page = super().get_changelist_instance(request)
        share_names(page.result_list)
        if not self.reports_activity:
            share_activity(self.model, page.result_list)
        return page

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        posted = {"read/": ("read", self.read_all), "<int:object_id>/read/": ("reread", self.read_again)}
        posted |= {"<int:object_id>/tie/": ("tie", self.tie), "<int:object_id>/act/": ("act", self.act)}
        looked_at = {"bulk/": ("bulks", self.bulk_list), "bulk/<int:bulk_act_id>/": ("bulk", self.bulk_page)}
        own = [
            *((route, page, require_POST(view)) for route, (page, view) in posted.items()),
            *((route, page, view) for route, (page, view) in looked_at.items()),
        ]
        return [
            *(path(route, self.admin_site.admin_view(view), name=f"{name}_{page}") for route, page, view in own),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {**self.reading_context(), "bulks_address": self.address("bulks"), **(extra_context or {})}
        return super().changelist_view(request, context)

    def facts(self, row: Mirrored) -> list[tuple[str, str]]:
        """What matters first of a record, as (name, words): what it does now, and whether it is active."""
        found = []
        if "status" in columns_of(self.model):
            found.append(("Status", badge(code_words(row, "status") or "unknown", row.status_tone)))
        if self.reports_activity:
            known = {True: badge("active", "ok"), False: badge("inactive", "mute")}
            found.append(("Active", known.get(row.active, badge("unknown", "mute"))))
        else:
            found.append(("Active", activity_badge(row.last_set("active"))))
        return found

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        context |= {"may_save": self.may_save(request, obj)}
        context |= self.refusal_context(request, context["adminform"].form)
        if obj is not None:
            buttons = self.buttons(request, obj)
            context |= {
                "read_at": obj.read_at,
                "reread_address": self.address("reread", obj.pk),
                "facts": self.facts(obj),
                "buttons": [button for button in buttons if not button["is_rarer"]],
                "more_buttons": [button for button in buttons if button["is_rarer"]],
                "act_address": self.address("act", obj.pk),
                "panels": self.panels(request, obj),
                "tie_address": self.address("tie", obj.pk),
            }
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)
