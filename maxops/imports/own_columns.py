"""The columns that a downloaded report adds, and taking them off again when its corrected rows come back."""

from collections.abc import Sequence

PREFIX = "maxops_"
OWN_COLUMNS = ("maxops_line", "maxops_reason", "maxops_advice")
SURPLUS_COLUMN = "maxops_surplus"  # only where a row has more cells than the header: none of them may be lost
# Excel takes a cell that starts so for a formula, even in a CSV file; the copy for Excel has an apostrophe in front.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def restore(cell: str) -> str:
    """A cell of a report that came back, without the apostrophe that the copy for Excel gave it."""
    return cell[1:] if cell[:1] == "'" and cell.startswith(FORMULA_STARTS, 1) else cell


class OwnColumns:
    """Which columns of a header are ours. False when none is."""

    def __init__(self, header: Sequence[str]) -> None:
        names = [name.strip().lower() for name in header]
        self._width = len(names)
        self._kept = [place for place, name in enumerate(names) if not name.startswith(PREFIX)]
        self._surplus = [place for place, name in enumerate(names) if name.startswith(SURPLUS_COLUMN)]

    def __bool__(self) -> bool:
        return len(self._kept) != self._width

    def names(self, header: Sequence[str]) -> list[str]:
        return [name for place, name in enumerate(header) if place not in self._kept]

    def strip_header(self, header: Sequence[str]) -> tuple[str, ...]:
        return tuple(restore(header[place]) if self else header[place] for place in self._kept)

    def strip(self, rows: list[list[str]]) -> list[list[str]]:
        return [self._strip_row(row) for row in rows] if self else rows

    def _strip_row(self, row: list[str]) -> list[str]:
        """A surplus cell that nobody cleared stays surplus: the row is still one cell too long."""
        if len(row) != self._width:
            return list(map(restore, row))
        surplus = [row[place] for place in self._surplus]
        while surplus and not surplus[-1]:
            surplus.pop()
        return [restore(row[place]) for place in self._kept] + surplus
