"""What may be wrong with one record: the gravest finding is the row's. Every way of reading a file asks here."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from maxops.imports.encoding import LOST
from maxops.imports.findings import HOLDING_CODES, KINDS
from maxops.imports.phones import Shapes

ESCAPED = "\udc80"
ESCAPED_BYTE = re.compile("[\udc80-\udcff]").search
LEAST_ROWS = 20  # from fewer than these nothing is concluded about a column
NEAR = 2  # columns by which rows are looked for that were shifted
NO_NUMBER = frozenset({"phone_empty", "phone_shape"})
COLUMN_COUNT, CONTROL, UNDECODABLE = (KINDS[kind].code for kind in ("column_count", "control_character", "undecodable"))
SHIFTED, REQUIRED_EMPTY = KINDS["phone_shifted"].code, KINDS["required_empty"].code


@dataclass(frozen=True, slots=True)
class RowRules:
    """`phone` and `required` are places of columns; `beside` are those near the phone where the file has no numbers.

    `lost` is what stands for bytes that mean nothing: LOST, ESCAPED for those of UTF-8, "" where there are none.
    """

    width: int
    shapes: Shapes
    phone: int | None = None
    required: tuple[int, ...] = ()
    beside: tuple[int, ...] = ()
    lost: str = ""

    def judge(self, row: Sequence[str]) -> tuple[int, int]:
        """The row's code (0 for no finding) and its number (0 for none that can be compared)."""
        text = "".join(row)
        if "\0" in text:
            return CONTROL, 0
        if self.lost and not text.isascii() and self.has_lost(text):
            return UNDECODABLE, 0
        if len(row) != self.width:
            return COLUMN_COUNT, 0
        code, key = (0, 0) if self.phone is None else self.judge_phone(row)
        if code not in HOLDING_CODES and self.lacks(row):
            return REQUIRED_EMPTY, key
        return code, key

    def has_lost(self, text: str) -> bool:
        return ESCAPED_BYTE(text) is not None if self.lost == ESCAPED else LOST in text

    def judge_phone(self, row: Sequence[str]) -> tuple[int, int]:
        kind, key = self.shapes.judge(row[self.phone])
        if kind in NO_NUMBER and any(self.shapes.judge(row[place])[0] == "" for place in self.beside):
            return SHIFTED, 0
        return (KINDS[kind].code if kind else 0), key or 0

    def lacks(self, row: Sequence[str]) -> bool:
        return any(not row[place].strip() for place in self.required)


def find_beside(rows: Collection[Sequence[str]], width: int, phone: int | None, shapes: Shapes) -> tuple[int, ...]:
    """The columns near the phone's in which none of the first rows has a number, while these rows do have theirs."""
    even = [row for row in rows if len(row) == width]
    good = [row for row in even if phone is not None and shapes.judge(row[phone])[1]]
    if len(good) < LEAST_ROWS or len(good) * 2 < len(even):
        return ()
    near = range(max(0, phone - NEAR), min(width, phone + NEAR + 1))
    return tuple(place for place in near if place != phone and not any(shapes.judge(row[place])[1] for row in good))
