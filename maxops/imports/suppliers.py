"""How good each supplier's leads are: what was uploaded, accepted and rejected, and why, month by month.

Counted from the figures of runs that were sent, which stay when their files are deleted. Probes are left out; an
attempt is no upload of its own, and a row counts as often as it was tried, so that the figures add up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from maxops.imports.charts import ColumnChart, column_chart
from maxops.imports.models import Part, Run, Tally
from maxops.imports.reasons import REJECTED, counter_of
from maxops.imports.report import name_reason

NO_SUPPLIER = "No supplier named"
MOST_MONTHS = 12
HEADINGS = (
    "supplier",
    "mapping",
    "month",
    "uploads",
    "rows",
    "accepted",
    "accept rate %",
    "held back",
    "not sent",
    "not known",
    "reason",
    "rejected",
)


@dataclass(slots=True)
class Figures:
    """Of one supplier's mapping, in one month or in all of them."""

    uploads: int = 0
    rows: int = 0
    accepted: int = 0
    held_back: int = 0
    not_sent: int = 0
    not_known: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        return sum(self.reasons.values())

    @property
    def rate(self) -> float | None:
        """Of the rows that MaxContact has judged, how many of a hundred it took."""
        judged = self.accepted + self.rejected
        return 100 * self.accepted / judged if judged else None

    def add(self, other: "Figures") -> None:
        self.uploads += other.uploads
        self.rows += other.rows
        self.accepted += other.accepted
        self.held_back += other.held_back
        self.not_sent += other.not_sent
        self.not_known += other.not_known
        self.reasons += other.reasons


class Month(NamedTuple):
    day: date
    figures: Figures
    words: str


class Supplier(NamedTuple):
    """A line of the page: a supplier with one mapping, its months and their sum."""

    name: str
    mapping: str
    mapping_id: int
    months: dict[date, Figures]
    total: Figures

    @property
    def chart(self) -> ColumnChart:
        columns = []
        for month, figures in sorted(self.months.items())[-MOST_MONTHS:]:
            counted = Counter[str]()
            for reason, rows in figures.reasons.items():
                counted[counter_key(reason)] += rows
            parts = [(key, counter.label, counted[key]) for key, counter in REJECTED.items()]
            columns.append((f"{month:%b %y}", [("accepted", "Accepted", figures.accepted), *parts]))
        return column_chart(columns)

    @property
    def by_month(self) -> list[Month]:
        """The newest first."""
        return [
            Month(day, figures, ", ".join(f"{rows:,} {name_reason(reason)[0]}" for reason, rows in most))
            for day, figures in sorted(self.months.items(), reverse=True)
            for most in [figures.reasons.most_common()]
        ]


def counter_key(reason: str) -> str:
    return counter_of(Tally(reason=reason))


Key = tuple[str, str, int]


def suppliers_of(rules: Iterable[Q]) -> list[Supplier]:
    """Everything in three queries, whatever there is of runs."""
    runs = Run.objects.filter(Exists(Part.objects.filter(run=OuterRef("pk"))), is_probe=False)
    for rule in rules:
        runs = runs.filter(rule)
    months: dict[Key, dict[date, Figures]] = defaultdict(lambda: defaultdict(Figures))
    sums = {name: Sum(name) for name in ("rows", "accepted", "held_back", "not_attempted", "unknown", "waiting")}
    for row in by_month(runs, uploads=Count("pk", filter=Q(attempt_of=None)), **sums):
        not_known = row["unknown"] + row["waiting"]
        figures = (row["uploads"], row["rows"], row["accepted"], row["held_back"], row["not_attempted"], not_known)
        months[key_of(row)][row["month"].date()] = Figures(*figures)
    for row in by_month(runs, "tallies__reason", rejected=Sum("tallies__rows")):
        if row["rejected"]:
            months[key_of(row)][row["month"].date()].reasons[row["tallies__reason"]] = row["rejected"]
    suppliers = [Supplier(*key, dict(found), total_of(found.values())) for key, found in months.items()]
    return sorted(suppliers, key=lambda supplier: (supplier.name == NO_SUPPLIER, supplier.name, supplier.mapping))


def by_month(runs: QuerySet[Run], *more: str, **sums: Sum | Count) -> QuerySet[Run]:
    named = runs.order_by().annotate(month=TruncMonth("created_at"))
    return named.values("mapping__supplier", "mapping__name", "mapping_id", "month", *more).annotate(**sums)


def key_of(row: dict) -> Key:
    return row["mapping__supplier"] or NO_SUPPLIER, row["mapping__name"], row["mapping_id"]


def total_of(some: Iterable[Figures]) -> Figures:
    total = Figures()
    for figures in some:
        total.add(figures)
    return total


def figures_as_rows(suppliers: Iterable[Supplier]) -> Iterable[tuple[str, ...]]:
    """One row for each month and reason; a month without any rejected row has one with no reason."""
    yield HEADINGS
    for supplier in suppliers:
        for month, figures in sorted(supplier.months.items()):
            rate = "" if figures.rate is None else f"{figures.rate:.1f}"
            rest = (figures.held_back, figures.not_sent, figures.not_known)
            sums = map(str, (figures.uploads, figures.rows, figures.accepted, rate, *rest))
            named = (supplier.name, supplier.mapping, f"{month:%Y-%m}", *sums)
            for reason, rows in figures.reasons.most_common() or [("", 0)]:
                yield (*named, reason, str(rows))
