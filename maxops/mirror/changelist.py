"""Changelists that stay quick at any number of rows: what a page needs comes out of an index, or was seen just now.

Ties go by id in the direction of the column, so that one index (column, id) serves both; the ids of a page are found
first, from the nearer end, and only these rows are read whole; a search goes through the table once, and in its own
order: its hits are put in the order asked for afterwards.
"""

import time
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import InvalidPage
from django.db.models import F, Func, QuerySet
from django.http import HttpRequest

from maxops.mirror.models import Mirrored

# A long table is counted once in a while, if nothing narrows it: rows never go, and few come in that time.
LONG = 5_000
COUNT_SECONDS = 10.0
# So few rows are found first and put in order afterwards; more of them are soon met in the order that is asked for.
FEW = 2_000
ALL = slice(None)

counts: dict[type[Mirrored], tuple[float, int]] = {}  # model -> (when, rows)


def count_of(rows: QuerySet[Mirrored]) -> int:
    """Rows of the whole table: exact, or for a long one as of a few seconds ago."""
    at, count = counts.get(rows.model, (0.0, 0))
    if count < LONG or time.monotonic() - at > COUNT_SECONDS:
        count = rows.count()
        counts[rows.model] = (time.monotonic(), count)
    return count


class Apart(Func):
    """A column to sort by that keeps SQLite from going through an index of it, row after row, in search of few."""

    template = "%(expressions)s"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="+%(expressions)s", **context)


def turned(column: str) -> str:
    return column.removeprefix("-") if column.startswith("-") else f"-{column}"


class MirroredChangeList(ChangeList):
    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Mirrored]) -> list[Any]:
        """Sorted by its first column, the list is in the order it comes in, or exactly the other way round."""
        ordering = super().get_ordering(request, queryset)
        default = list(self.lookup_opts.ordering)
        columns = [column for column in ordering if column not in ("pk", "-pk")]
        if columns in ([], default[:1]):
            return default
        if columns == [turned(column) for column in default[:1]]:
            return [turned(column) for column in default]
        if ordering[-1:] == ["-pk"] and not str(columns[-1]).startswith("-"):
            return [*columns, "pk"]
        return ordering

    def get_results(self, request: HttpRequest) -> None:
        """In place of Django's own, which counts and reads by going through all rows before the page."""
        hits = self._hits() if self.query else None
        paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)
        paginator.count = self._count() if hits is None else len(hits)
        self.paginator, self.result_count = paginator, paginator.count
        self.full_result_count, self.show_full_result_count, self.show_admin_actions = None, False, True
        self.can_show_all = self.result_count <= self.list_max_show_all
        self.multi_page = self.result_count > self.list_per_page
        places = self._places()
        if hits is not None:
            self.result_list = self._whole().filter(pk__in=hits[places])
        elif places == ALL:
            self.result_list = self._found()._clone()
        else:
            self.result_list = self._page(places)

    def _hits(self) -> list[int]:
        order = [
            Apart(F(name.removeprefix("-"))).desc() if name.startswith("-") else Apart(F(name)).asc()
            for name in self.queryset.query.order_by
        ]
        return list(self.queryset.order_by(*order).values_list("pk", flat=True))

    def _places(self) -> slice:
        """Where the page stands in the whole list."""
        if not self.multi_page or (self.show_all and self.can_show_all):
            return ALL
        try:
            number = self.paginator.validate_number(self.page_num)
        except InvalidPage as error:
            raise IncorrectLookupParameters from error
        start = (number - 1) * self.list_per_page
        return slice(start, min(start + self.list_per_page, self.result_count))

    def _count(self) -> int:
        return self.queryset.count() if self.queryset.query.where else count_of(self.queryset)

    def _found(self) -> QuerySet[Mirrored]:
        """The rows that the filters leave over."""
        if not self.result_count:
            return self.queryset.none()
        if self.result_count > FEW or not self.queryset.query.where:
            return self.queryset
        # Its limit keeps SQLite from going through all rows in the order asked for, in search of these few.
        return self._whole().filter(pk__in=self.queryset.order_by().values("pk")[:FEW])

    def _whole(self) -> QuerySet[Mirrored]:
        """All rows, as they are shown and in the order that is asked for."""
        return self.apply_select_related(self.root_queryset).order_by(*self.queryset.query.order_by)

    def _page(self, places: slice) -> QuerySet[Mirrored]:
        ids = self._found().values("pk")
        if places.start * 2 > self.result_count:
            ids = ids.reverse()[self.result_count - places.stop : self.result_count - places.start]
        else:
            ids = ids[places]
        return self._whole().filter(pk__in=ids)
