"""A page of rows on the screen: which of them, and how many pages there are. Every page of any file costs the same."""

from collections.abc import Mapping as Values
from dataclasses import dataclass
from itertools import islice

from maxops.imports.rejections import count_rows, select_rows
from maxops.imports.report import Cell, Rejection

PAGE_ROWS = 25
NO_CELL = Cell("", "", is_offending=False)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows with everything its links need."""

    rows: list[Rejection]
    number: int
    count: int
    total: int
    reason: str
    width: int = 0

    @property
    def surplus(self) -> range:
        """Columns beyond the header that some row of this page has."""
        return range(max((len(row.cells) for row in self.rows), default=0) - self.width)

    @property
    def even_rows(self) -> list[Rejection]:
        """The rows, each with as many cells as the longest."""
        longest = self.width + len(self.surplus)
        return [row._replace(cells=row.cells + [NO_CELL] * (longest - len(row.cells))) for row in self.rows]

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def following(self) -> int | None:
        return self.number + 1 if self.number < self.count else None


NO_PAGE = Page([], 1, 1, 0, "")


def cut_page(content: bytes, codes: set[int], query: Values[str, str]) -> tuple[list[int], tuple[int, int, int]]:
    total = count_rows(content, codes)
    count = max(1, -(-total // PAGE_ROWS))
    asked = query.get("page", "1")
    number = min(max(int(asked), 1), count) if asked.isascii() and asked.isdigit() else 1
    first = (number - 1) * PAGE_ROWS
    return list(islice(select_rows(content, codes), first, first + PAGE_ROWS)), (number, count, total)
