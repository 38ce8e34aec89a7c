"""What the cells of a column look like, by its first rows: a guess for people to see, and for other guesses to heed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maxops.imports.phones import Shapes

PHONE, EMAIL, DATE, NUMBER, POSTCODE, TEXT, EMPTY = "phone", "email", "date", "number", "postcode", "text", "empty"
KIND_WORDS = {
    PHONE: "phone numbers",
    EMAIL: "e-mail addresses",
    DATE: "dates",
    NUMBER: "numbers",
    POSTCODE: "postcodes",
    TEXT: "text",
    EMPTY: "empty",
}
MOST = 0.6  # of the filled cells must look alike; files have odd cells
SHORTEST_PHONE = 7  # digits; a shorter number is a count, a reference or a year
PHONE_FINDINGS = frozenset({"", "phone_lost_zero", "phone_international", "phone_spreadsheet"})
PATTERNS = (
    (EMAIL, re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    (DATE, re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ].*)?", re.ASCII)),
    (POSTCODE, re.compile(r"[A-Za-z]{1,2}\d[A-Za-z\d]? ?\d[A-Za-z]{2}", re.ASCII)),
    (NUMBER, re.compile(r"[-+]?[£$€]?\d[\d,. ]*%?", re.ASCII)),
)


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a lead file; `empty` is the share of empty cells in the rows looked at."""

    place: int
    name: str
    samples: tuple[str, ...] = ()
    empty: float = 0.0
    kind: str = EMPTY

    @property
    def kind_words(self) -> str:
        return KIND_WORDS[self.kind]

    @property
    def empty_percent(self) -> int:
        """Never 0 while any cell is empty, never 100 while one is filled."""
        return round(self.empty * 100) if self.empty in (0, 1) else min(99, max(1, round(self.empty * 100)))


def kind_of(cells: Sequence[str], shapes: Shapes) -> str:
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return EMPTY
    if sum(is_phone(cell, shapes) for cell in filled) >= MOST * len(filled):
        return PHONE
    for kind, pattern in PATTERNS:
        if sum(pattern.fullmatch(cell) is not None for cell in filled) >= MOST * len(filled):
            return kind
    return TEXT


def is_phone(cell: str, shapes: Shapes) -> bool:
    """As somebody might have written a number to dial, a spreadsheet's damage included."""
    kind, _ = shapes.judge(cell)
    digits = sum(character.isdigit() for character in cell)
    return kind in PHONE_FINDINGS and (digits >= SHORTEST_PHONE or kind == "phone_spreadsheet")
