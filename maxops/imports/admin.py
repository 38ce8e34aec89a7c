"""Mappings, runs and answers in the admin: to look at; managers work on the pages under /imports/."""

from django.contrib import admin

from maxops.imports.models import Answer, Mapping, Run
from maxops.mirror.read_only import ReadOnlyAdmin


@admin.register(Mapping)
class MappingAdmin(ReadOnlyAdmin):
    list_display = ["name", "platform", "list", "response_format", "line_base", "last_answer_at"]
    list_filter = ["platform", "response_format"]
    list_select_related = ["list"]
    search_fields = ["name", "supplier", "remark"]
    exclude = ["secret"]


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ["id", "file_name", "mapping", "state", "rows", "accepted", "staff", "created_at"]
    list_filter = ["state", "mapping"]
    list_select_related = ["mapping"]
    search_fields = ["file_name", "sha256"]


@admin.register(Answer)
class AnswerAdmin(ReadOnlyAdmin):
    list_display = ["id", "mapping", "received_at", "state", "part", "imported", "rejected", "repeats"]
    list_filter = ["state", "mapping"]
    list_select_related = ["mapping", "part__run"]
