"""Rows of a report as its page shows them: the cells that are meant marked, and what was done about each since."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from maxops.imports.after_check import phone_place
from maxops.imports.check_rows import Piece, RowReader, ShownCell, pieces_of
from maxops.imports.corrections import free_among, places_taken, read_corrections
from maxops.imports.files import RunFiles
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.platform_lines import platform_lines
from maxops.imports.rejections import HELD_BACK, read_outcomes
from maxops.imports.report import DOUBT, TONES, has_doubt, name_reason, words_of

FORMAT_REASONS = frozenset({"InvalidSourceFormat"})


class Cell(NamedTuple):
    """`was` is what was rejected, where somebody corrected it here."""

    name: str
    pieces: list[Piece]
    is_offending: bool
    is_missing: bool
    was: list[Piece] | None = None


class Rejection(NamedTuple):
    """A row that was not loaded; `word` is the dialler's own for the reason, where the page says it otherwise."""

    number: int
    line: int
    reason: str
    word: str
    advice: str
    tone: str
    cells: list[Cell]
    is_corrected: bool = False
    is_free: bool = False  # may be corrected, and go into a next attempt
    taken_by: int | None = None  # the run that it went into
    their_line: str = ""  # what MaxContact calls it, where that is not certain


def read_page(run: Run, numbers: Sequence[int]) -> list[Rejection]:
    """Every row with as many cells as the longest of them."""
    files, words = files_of(run), words_of(run)
    phone = phone_place(run, files)
    page = []
    for number, row in zip(numbers, RowReader(run).rows(numbers, ()), strict=True):
        outcome, code = read_outcomes(files, number, 1)[0], files.codes_of(number, 1)[0]
        reason, advice = words.of(outcome, code)
        cells: Sequence[ShownCell] = row.cells
        if outcome != HELD_BACK:
            odd = odd_places(row.cells, len(run.header)) if reason in FORMAT_REASONS else (phone,)
            cells = [cell._replace(is_offending=place in odd) for place, cell in enumerate(row.cells)]
        tone = TONES.get(reason, "info" if outcome == HELD_BACK else "warn")
        shown = [Cell(*cell) for cell in cells]
        page.append(Rejection(number, row.line, *name_reason(reason), advice, tone, shown))
    return page


def odd_places(cells: Sequence[ShownCell], width: int) -> Collection[int]:
    """Those missing and those too many."""
    return {place for place, cell in enumerate(cells) if cell.is_missing or (place >= width and cell.pieces)}


def with_notes(run: Run, files: RunFiles, rows: list[Rejection]) -> list[Rejection]:
    """What was done about each row since, and what MaxContact calls it where that is not certain."""
    corrected, numbers = read_corrections(files).rows, [row.number for row in rows]
    taken, free = places_taken(files, numbers), free_among(run, files, numbers)
    theirs = platform_lines(run, files, numbers) if has_doubt(run) else {}
    return [
        row._replace(
            cells=with_correction(row.cells, corrected[row.number]) if row.number in corrected else row.cells,
            advice=row.advice.removeprefix(DOUBT).lstrip(),  # said once, above the rows
            is_corrected=row.number in corrected,
            is_free=row.number in free,
            taken_by=taken.get(row.number),
            their_line=theirs.get(row.number, ""),
        )
        for row in rows
    ]


def with_correction(cells: list[Cell], typed: list[str]) -> list[Cell]:
    corrected = []
    for place, cell in enumerate(cells):
        pieces = pieces_of(typed[place]) if place < len(typed) else []
        is_other = pieces != cell.pieces
        corrected.append(Cell(cell.name, pieces, False, False, cell.pieces if is_other else None))
    return corrected
