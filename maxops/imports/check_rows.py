"""Rows of a checked file as its page shows them before sending: which cell is meant, and what no screen would show.

Bytes that are no text and characters that cannot be seen are shown by their number, marked, in the place they stand.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from maxops.imports.after_check import rules_of
from maxops.imports.files import RunFiles
from maxops.imports.findings import ROW_KINDS, Kind
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.rewriting import read_cells

SHOWN = 60  # characters of a cell
# Lone surrogates stand for undecodable bytes; a tab is shown as the space it looks like.
UNSEEN = re.compile("[\udc80-\udcff\0-\x08\x0a-\x1f\x7f-\x9f\u200b\ufeff\ufffd]")
DAMAGED = re.compile("[\udc80-\udcff\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffd]")
NAMES = {0: "NUL", 10: "↵", 13: "↵"}
SURPLUS = "surplus"


class Piece(NamedTuple):
    text: str
    is_mark: bool


class ShownCell(NamedTuple):
    """`is_missing` says that the row ends before this column."""

    name: str
    pieces: list[Piece]
    is_offending: bool
    is_missing: bool = False


class ShownRow(NamedTuple):
    line: int
    kind: Kind | None
    is_held: bool
    cells: list[ShownCell]


class Example(NamedTuple):
    """The offending cell of one row."""

    pieces: list[Piece]
    words: str = ""


def pieces_of(text: str) -> list[Piece]:
    """A cell cut to a screen's length, with a visible mark for everything that has none of its own."""
    pieces, place = [], 0
    shown = text.replace("\r\n", "\n")[:SHOWN]
    for unseen in UNSEEN.finditer(shown):
        if unseen.start() > place:
            pieces.append(Piece(shown[place : unseen.start()], is_mark=False))
        pieces.append(Piece(name_unseen(unseen[0]), is_mark=True))
        place = unseen.end()
    rest = shown[place:] + ("…" if len(text) > len(shown) + 1 else "")
    return [*pieces, Piece(rest, is_mark=False)] if rest else pieces


def name_unseen(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:
        return f"{number - 0xDC00:02X}"
    return NAMES.get(number, f"{number:02X}" if number < 256 else f"U+{number:04X}")


class RowReader:
    """Reads single rows of one run for its page; costs the same in any file."""

    def __init__(self, run: Run) -> None:
        self._files: RunFiles = files_of(run)
        self._names = run.header
        self._rules = rules_of(run, self._files)

    def rows(self, numbers: Sequence[int], held: Collection[int]) -> list[ShownRow]:
        """Every row with as many cells as the longest of them, so that they stand in columns."""
        found = list(self._read(numbers))
        longest = max([len(self._names), *(len(cells) for _, _, cells in found)])
        return [
            ShownRow(line, kind, bool(kind and kind.code in held), self._show(cells, kind, longest))
            for line, kind, cells in found
        ]

    def example(self, number: int) -> Example:
        ((_, kind, cells),) = self._read([number])
        if kind.name == "column_count":
            return Example([], f"{len(cells)} cells instead of {len(self._names)}")
        places = sorted(self._offending(cells, kind))
        if kind.name == "required_empty":
            return Example([], ", ".join(self._names[place] for place in places) + " empty")
        text = cells[places[0]] if places else ""
        return Example(pieces_of(text), "" if text.strip() else "empty")

    def _read(self, numbers: Sequence[int]) -> Iterable[tuple[int, Kind | None, list[str]]]:
        for number, line, content in self._files.row_bytes(numbers):
            yield line, ROW_KINDS.get(self._files.codes_of(number, 1)[0]), read_cells(content)

    def _show(self, cells: list[str], kind: Kind | None, longest: int) -> list[ShownCell]:
        names = [*self._names, *[SURPLUS] * (longest - len(self._names))]
        odd = self._offending(cells, kind)
        return [
            ShownCell(name, pieces_of(cells[place]), place in odd)
            if place < len(cells)
            else ShownCell(name, [], place in odd, is_missing=place < len(self._names))
            for place, name in enumerate(names)
        ]

    def _offending(self, cells: list[str], kind: Kind | None) -> Collection[int]:
        if kind is None:
            return ()
        width = len(self._names)
        if kind.name == "column_count":
            return range(min(width, len(cells)), max(width, len(cells)))
        if kind.name == "required_empty":
            return [place for place in self._rules.required if place < len(cells) and not cells[place].strip()]
        if kind.name in ("undecodable", "control_character"):
            return [place for place, cell in enumerate(cells) if DAMAGED.search(cell)]
        return (self._rules.phone,)
