"""How values of a mirrored row stand in a table: badges, codes as words, rows named by another row."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Field, ForeignKey, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maxops.mirror.models import Ledger, Mirrored, mirrored_models
from maxops.mirror.records import columns_of


def badge(text: str, tone: str) -> SafeString:
    return format_html('<span class="badge tone-{}">{}</span>', tone, text)


def short(when: datetime) -> str:
    return f"{timezone.localtime(when):%d %b %H:%M}"


def seconds_shown(when: datetime) -> str:
    return f"{timezone.localtime(when):%d %b %Y, %H:%M:%S}"


def code_words(row: Mirrored, name: str) -> str:
    """A code as the documents word it; one they do not name, as the number it is."""
    value = getattr(row, name)
    labels = dict(row._meta.get_field(name).flatchoices)
    return "" if value is None else str(labels.get(value, f"{value} (not in the documents)"))


def named(row: Mirrored, name: str) -> str:
    """The row a foreign key names, by its name if we have it, else by its Id. 0 is MaxContact's "none"."""
    column = row._meta.get_field(name)
    row_id = getattr(row, column.attname)
    if not row_id:
        return ""
    try:
        other = getattr(row, name)
    except ObjectDoesNotExist:
        other = None
    return str(other) if other is not None else f"{column.related_model._meta.verbose_name} {row_id}"


def worded(column: Field, value: Any) -> str:
    """A value as people read it: codes as words, flags as yes and no, decimals without the zeros of their column."""
    if value in (None, "") and value is not False:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return seconds_shown(value)
    return str(dict(getattr(column, "flatchoices", None) or ()).get(value, value))


def word_columns(model: type[Mirrored]) -> dict[str, Callable[[Mirrored], str]]:
    """For those who may only look: each column by name, as the words that stand for its value."""
    return {column.name: in_words(column) for column in columns_of(model).values()}


def in_words(column: Field) -> Callable[[Mirrored], str]:
    def words(row: Mirrored) -> str:
        if isinstance(column, ForeignKey):
            return named(row, column.name)
        return code_words(row, column.name) if column.choices else worded(column, getattr(row, column.attname))

    words.__name__ = column.name
    words.short_description = column.verbose_name
    return words


def change_table(entry: Ledger) -> str | SafeString:
    """What an entry changed, field by field."""
    if not entry.changes:
        return ""
    model = mirrored_models().get(entry.kind)
    columns = columns_of(model) if model else {}
    rows = [
        (str(getattr(columns.get(name), "verbose_name", name)), *(worded(columns.get(name), value) for value in pair))
        for name, pair in entry.changes.items()
    ]
    lines = format_html_join("", '<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>', rows)
    head = "<tr><th>Field</th><th>Before</th><th>After</th></tr>"
    return format_html('<table class="grid"><thead>' + head + "</thead><tbody>{}</tbody></table>", lines)


class SeenFilter(SimpleListFilter):
    title = "in MaxContact"
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Present"), ("no", "Not seen any more")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(missing_since__isnull=self.value() == "yes")
