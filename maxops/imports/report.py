"""The rejected rows: paged for the screen, streamed as CSV, each with its reason and what to do about it.

A downloaded row has the person's own columns untouched, then maxops_line, maxops_reason, maxops_advice.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

from maxops.imports.findings import KINDS, ROW_KINDS
from maxops.imports.mapping import files_of, phone_column
from maxops.imports.models import Run
from maxops.imports.own_columns import OWN_COLUMNS, SURPLUS_COLUMN
from maxops.imports.reader import plain
from maxops.imports.rejections import (
    ACCEPTED,
    FIRST_REASON,
    HELD_BACK,
    NOT_ATTEMPTED,
    UNKNOWN,
    UNNAMED,
    WAITING,
    read_outcomes,
    select_rows,
)

SURPLUS = "surplus"
BLOCK_ROWS = 500
BOM = "\ufeff"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
REASONS = frozenset(range(FIRST_REASON, 256))
SELECTIONS = {
    "rejects": REASONS | {HELD_BACK},
    "rejected": REASONS,
    "held_back": frozenset({HELD_BACK}),
    "accepted": frozenset({ACCEPTED}),
    "not_attempted": frozenset({NOT_ATTEMPTED, HELD_BACK}),
    "unknown": frozenset({UNKNOWN, UNNAMED, WAITING}),
}
DOUBT = "It is not yet certain which rows MaxContact's line numbers mean: compare before you correct or remove a row."
ADVICE = {
    "Duplicate": "The number is already in the list: nothing to do, or update the lead in MaxContact.",
    "DuplicateInFile": "The number occurs twice in the file: keep one row for it.",
    "DoNotCall": "The number is on the do-not-call register: do not load it.",
    "InvalidSourceFormat": "MaxContact could not read the row: check its number of columns and its quotes.",
    "InvalidPhoneNumber": "Correct the phone number: digits only, with the leading 0.",
}
# MaxContact's words as the pages say them; downloads and commands keep its own.
LABELS = {
    "DoNotCall": "Do not call",
    "Duplicate": "Duplicate",
    "DuplicateInFile": "Duplicate in file",
    "InvalidSourceFormat": "Unreadable row",
    "InvalidPhoneNumber": "Bad phone number",
}
OUTCOME_WORDS = {
    NOT_ATTEMPTED: ("not attempted", "Was not sent; it can be sent again."),
    WAITING: ("waiting", "Sent; MaxContact has not reported yet."),
    ACCEPTED: ("accepted", ""),
    UNKNOWN: ("unknown", "It is not known whether MaxContact took it: look the number up before sending it again."),
    UNNAMED: ("not named", "Loaded, or among the rejected rows that MaxContact counted without naming."),
}


class Cell(NamedTuple):
    name: str
    text: str
    is_offending: bool


class Rejection(NamedTuple):
    """A row that was not loaded, with its own cells."""

    line: int
    reason: str
    advice: str
    cells: list[Cell]
    word: str = ""  # the dialler's own, where the page says it otherwise


@dataclass(frozen=True, slots=True)
class Words:
    """Reason and advice of a row by its two bytes."""

    reasons: dict[int, str]
    doubt: str = ""  # said of each row that the platform named by a line we may read wrongly

    def of(self, outcome: int, code: int) -> tuple[str, str]:
        kind = ROW_KINDS.get(code)
        if outcome == HELD_BACK:
            return (kind.name, f"Held back before sending: {kind.text[0].lower()}{kind.text[1:]}. {kind.advice}")
        if outcome in OUTCOME_WORDS:
            return OUTCOME_WORDS[outcome]
        reason = self.reasons.get(outcome, "")
        advice = ADVICE.get(reason, "")
        predicted = f"{kind.text}." if kind and kind.name != "column_count" else ""
        return reason, " ".join(filter(None, [self.doubt, advice, predicted]))


def name_reason(reason: str) -> tuple[str, str]:
    """For people, and the dialler's own word where that is another."""
    label = LABELS.get(reason, reason)
    return label, reason if label != reason else ""


def words_of(run: Run) -> Words:
    return Words({tally.code: tally.reason for tally in run.tallies.all()}, DOUBT if has_doubt(run) else "")


def has_doubt(run: Run) -> bool:
    """Whether a report was booked on an assumption about its line numbers (docs/quirks.md Q01)."""
    return run.parts.exclude(assumed_base="").exists()


def rejected_numbers(run: Run, codes: Collection[int]) -> list[int]:
    files = files_of(run)
    return list(select_rows(read_outcomes(files), codes)) if files.outcomes.exists() else []


def read_page(run: Run, numbers: Sequence[int]) -> list[Rejection]:
    """The rejections of these rows, the offending cell marked."""
    words, files, column = words_of(run), files_of(run), phone_place(run)
    page = []
    for number, line, cells in files.rows(numbers):
        code = files.codes_of(number, 1)[0]
        outcome = read_outcomes(files, number, 1)[0]
        reason, advice = words.of(outcome, code)
        label, word = (ROW_KINDS[code].text, "") if outcome == HELD_BACK else name_reason(reason)
        is_format = reason in ("InvalidSourceFormat", "column_count")
        marked = mark_cells(cells, run.header, -1 if is_format else column)
        page.append(Rejection(line, label, advice, marked, word))
    return page


def phone_place(run: Run) -> int:
    phone = plain(phone_column(run.mapping))
    return next((place for place, name in enumerate(run.header) if plain(name) == phone), -1)


def mark_cells(cells: list[str], header: list[str], column: int) -> list[Cell]:
    """The offending cell is that in `column`; with -1, those too many for the header and those missing."""
    names = [*header, *[SURPLUS] * (len(cells) - len(header))]
    texts = [*cells, *[""] * (len(header) - len(cells))]
    odd = range(min(len(header), len(cells)), len(texts)) if column < 0 else (column,)
    return [Cell(name, text, place in odd) for place, (name, text) in enumerate(zip(names, texts, strict=True))]


def read_flagged(run: Run, numbers: Sequence[int]) -> list[Rejection]:
    """The same for rows that the check flagged, before anything is sent."""
    files, column = files_of(run), phone_place(run)
    page = []
    for number, line, cells in files.rows(numbers):
        kind = ROW_KINDS[files.codes_of(number, 1)[0]]
        place = -1 if kind.name == "column_count" else column
        page.append(Rejection(line, kind.text, kind.advice, mark_cells(cells, run.header, place)))
    return page


def write_csv(run: Run, codes: Collection[int], *, for_excel: bool = False) -> Iterator[bytes]:
    """The rows with one of these outcomes, in pieces. For Excel: with a BOM, and no cell that starts a formula."""
    pieces: list[str] = []
    writer = csv.writer(SimpleNamespace(write=pieces.append), lineterminator="\r\n")
    numbers = rejected_numbers(run, codes)
    surplus = surplus_cells(run, numbers)
    header = list(map(neutralise, run.header)) if for_excel else run.header
    extra = [f"{SURPLUS_COLUMN}{place or ''}" for place in range(surplus)]
    writer.writerow([*header, *extra, *OWN_COLUMNS])
    if for_excel:
        pieces.insert(0, BOM)
    for start in range(0, len(numbers), BLOCK_ROWS):
        writer.writerows(_csv_rows(run, numbers[start : start + BLOCK_ROWS], len(header) + surplus, for_excel))
        yield "".join(pieces).encode()
        pieces.clear()
    yield "".join(pieces).encode()


def surplus_cells(run: Run, numbers: Sequence[int]) -> int:
    """How many cells the longest of these rows has beyond the header; only rows the check flagged so can have any."""
    files = files_of(run)
    codes = files.codes.read_bytes() if numbers else b""
    odd = [number for number in numbers if codes[number] == KINDS["column_count"].code]
    longest = max((len(cells) for _, _, cells in files.rows(odd)), default=0) if odd else 0
    return max(0, longest - len(run.header))


def _csv_rows(run: Run, numbers: list[int], width: int, for_excel: bool) -> Iterator[list[str]]:
    files, words = files_of(run), words_of(run)
    first, count = numbers[0], numbers[-1] - numbers[0] + 1
    outcomes, codes = read_outcomes(files, first, count), files.codes_of(first, count)
    for number, line, cells in files.rows(numbers):
        reason, advice = words.of(outcomes[number - first], codes[number - first])
        # A row with fewer cells than the widest is filled up, so that our three columns stand under their names.
        own = [*cells, *[""] * (width - len(cells))]
        cells = [*own, str(line), reason, advice]
        yield list(map(neutralise, cells)) if for_excel else cells


def neutralise(cell: str) -> str:
    """Excel takes a cell that starts so for a formula, even in a CSV file; an apostrophe makes it text."""
    return f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell
