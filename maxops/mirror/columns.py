"""How values of a mirrored row stand in a table: badges, codes as words, rows and ids by their names."""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Field, ForeignKey
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from maxops.mirror.looks import registers
from maxops.mirror.models import LastSet, Ledger, Mirrored, mirrored_models
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


class IdNames:
    """The registers, read once a page and only when asked for."""

    @cached_property
    def _rows(self) -> dict[tuple[str, int], str]:
        return registers.at()

    def words(self, register: str, number: int | None) -> str:
        """The name with its number; the number alone while nobody has named it. 0 is MaxContact's "none"."""
        name = self._rows.get((register, number)) if number else None
        return f"{name} ({number})" if name else "" if number is None else str(number or "none")


def register_of(column: Field) -> str:
    """The register this column's numbers are named in, if there is one."""
    return column.model.entity.field(column.attname).names


def named_id(row: Mirrored, name: str) -> str:
    """An id by its register; rows of one page share `id_names`, so that it is read once for all of them."""
    names = getattr(row, "id_names", None) or IdNames()
    return names.words(register_of(row._meta.get_field(name)), getattr(row, name))


def in_words(column: Field) -> Callable[[Mirrored], str]:
    def words(row: Mirrored) -> str:
        if isinstance(column, ForeignKey):
            return named(row, column.name)
        if register_of(column):
            return named_id(row, column.name)
        return code_words(row, column.name) if column.choices else worded(column, getattr(row, column.attname))

    words.__name__ = column.name
    words.short_description = column.verbose_name
    return words


def share_names(rows: Iterable[Mirrored]) -> None:
    names = IdNames()
    for row in rows:
        row.id_names = names


def share_activity(model: type[Mirrored], rows: Iterable[Mirrored]) -> None:
    """Each row's last activity set from here, for a whole page in one query."""
    by_id = {row.pk: row for row in rows}
    for row in by_id.values():
        row.activity_set = None
    if by_id:
        for last in LastSet.objects.filter(kind=model.kind(), name="active", other_id=0, remote_id__in=by_id):
            by_id[last.remote_id].activity_set = last


def activity_badge(last: LastSet | None) -> SafeString:
    """What is known of an activity that MaxContact does not report."""
    if last is None:
        return format_html('<span class="muted" title="{}">unknown</span>', "MaxContact does not report it.")
    shown = badge("active" if last.value else "inactive", "mute" if not last.value else "ok")
    doubt = format_html(" {}", badge("not certain", "warn")) if not last.is_certain else ""
    return format_html('<span title="{}">{}{}</span>', last.set_words, shown, doubt)


def activity_words(row: Mirrored) -> str:
    last = row.last_set("active")
    if last is None:
        return "Unknown: MaxContact does not report it, and it was not set from here."
    return f"{'Active' if last.value else 'Inactive'}, {last.set_words}."


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
