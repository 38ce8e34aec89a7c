"""A page of rows on the screen: which of them, and how many pages there are. Every page of any file costs the same."""

from collections.abc import Mapping as Values
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from maxops.imports.chosen_rows import ChosenRows

PAGE_ROWS = 25


@dataclass(frozen=True, slots=True)
class Page:
    """A page of rows with everything its links need."""

    rows: Sequence[Any]
    number: int
    count: int
    total: int
    reason: str
    width: int = 0

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def following(self) -> int | None:
        return self.number + 1 if self.number < self.count else None

    @property
    def first(self) -> int:
        """Of its rows, the first; they are counted from 1."""
        return (self.number - 1) * PAGE_ROWS + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0


NO_PAGE = Page([], 1, 1, 0, "")


def page_of_rows(rows: ChosenRows, asked: int) -> tuple[list[int], tuple[int, int, int]]:
    """The row numbers of a page; its number, how many there are, and of how many rows."""
    count = max(1, -(-rows.total // PAGE_ROWS))
    number = min(max(asked, 1), count)
    return rows.page((number - 1) * PAGE_ROWS, PAGE_ROWS), (number, count, rows.total)


def asked_number(query: Values[str, str], name: str = "page") -> int:
    """A number of an address; 1 for whatever is none."""
    asked = query.get(name, "")
    return int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else 1
