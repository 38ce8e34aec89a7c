"""Filters of the lists of mirrored rows: present or not, one team's members, touched by one reading."""

from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from maxops.mirror.form_fields import whole
from maxops.mirror.models import Difference, Mirrored, Reading


class SeenFilter(SimpleListFilter):
    title = "in MaxContact"
    parameter_name = "seen"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        return [("yes", "Present"), ("no", "Not seen any more")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        return queryset.filter(missing_since__isnull=self.value() == "yes")


class ArrivalFilter(SimpleListFilter):
    """One that links lead to, such as `?reading=7`: offered only while it is on, and said above the list."""

    def words(self, number: int) -> str:
        raise NotImplementedError

    def touched(self, number: int, queryset: QuerySet) -> QuerySet:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[str, str]]:
        number = whole(self.value())
        self.active_words = self.words(number) if number is not None else "an address without a number"
        return [] if self.value() is None else [(self.value(), self.active_words)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() is None:
            return queryset
        number = whole(self.value())
        return queryset.none() if number is None else self.touched(number, queryset)


class ReadingFilter(ArrivalFilter):
    title = "reading"
    parameter_name = "reading"

    def words(self, number: int) -> str:
        reading = Reading.objects.filter(pk=number).first()
        if reading is None:
            return f"touched by reading {number}, which is not kept any more"
        when = timezone.localtime(reading.started_at)
        moment = f"{when:%H:%M}" if when.date() == timezone.localdate() else f"{when:%d %b %Y, %H:%M}"
        return f"touched by the reading of {moment}"

    def touched(self, number: int, queryset: QuerySet) -> QuerySet:
        """A dry run touched nothing itself: what was taken over of it counts."""
        of_it = Q(reading_id=number) | Q(reading__applies_id=number)
        found = Difference.objects.filter(of_it, kind=queryset.model.kind(), taken=True)
        return queryset.filter(pk__in=found.values("remote_id"))


def arrival(column: str) -> type[ArrivalFilter]:
    """Rows that name one record of another kind in this column: `?team=12`."""

    class ColumnFilter(ArrivalFilter):
        title = parameter_name = column

        def words(self, number: int) -> str:
            related = self.model._meta.get_field(column).related_model
            row = related._default_manager.filter(pk=number).first()
            return f"of {related._meta.verbose_name} {row or number}"

        def touched(self, number: int, queryset: QuerySet) -> QuerySet:
            return queryset.filter(**{f"{column}_id": number})

        def __init__(self, request: HttpRequest, params: dict[str, Any], model: type[Mirrored], *args: Any) -> None:
            self.model = model
            super().__init__(request, params, model, *args)

    return ColumnFilter
