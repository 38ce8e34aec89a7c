"""Rows of a run as a CSV file of their own: each as it lies in the run's folder, then line, reason and advice.

A row goes out byte for byte, without being parsed; only rows of another width than the header, and those of a copy for
Excel that hold a formula, are looked into. A row that somebody corrected here before it was sent is given back as it
was sent, because that is what was rejected; the advice says so.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from django.utils import timezone

from maxops.imports.chosen_rows import Choice, choose, count_of, mark, places_of
from maxops.imports.files import RunFiles
from maxops.imports.findings import KINDS
from maxops.imports.mapping import files_of
from maxops.imports.models import Run
from maxops.imports.own_columns import OWN_COLUMNS, SURPLUS_COLUMN
from maxops.imports.rejections import read_outcomes
from maxops.imports.report import BOM, Words, changed_from, neutralise, words_of
from maxops.imports.row_reading import Rows, cells_of, pick, read_rows, write_cells

HEAD = 1 << 17
FIRST_RECORDS = 20
COMMA = b","
FLAGGED = frozenset(range(1, 256))
ODD_KINDS = ("column_count", "control_character", "undecodable", "quote_open")
# Rows of these findings may have more or fewer cells than the header; all others have been counted.
RAGGED = frozenset(kind.code for name, kind in KINDS.items() if kind.code and name in ODD_KINDS)
MAY_BE_FORMULA = re.compile(r'(?:^|[,"])[=+\-@\t\r\n＝＋－＠]'.encode())


@dataclass(frozen=True, slots=True)
class Form:
    """How the rows of one download are written: cells of each, and what stands between them and behind them."""

    width: int
    surplus: int
    delimiter: bytes
    line_end: bytes
    for_excel: bool

    def fit(self, row: bytes) -> bytes:
        """A row of the header's width, as it is to be written."""
        if self.for_excel and MAY_BE_FORMULA.search(row):
            return self.write(list(map(neutralise, cells_of(row))))
        if self.delimiter == COMMA:
            return row
        if b'"' in row or self.delimiter in row:
            return self.write(cells_of(row))
        return row.replace(COMMA, self.delimiter)

    def fit_ragged(self, row: bytes) -> bytes:
        """A row of any width, filled up so that our columns stand under their names."""
        missing = self.width + self.surplus - len(cells_of(row))
        return self.fit(row) + self.delimiter * max(0, missing)

    def write(self, cells: Sequence[str]) -> bytes:
        return write_cells(cells, self.delimiter.decode())


class Tails(dict[int, bytes]):
    """What follows a row's line number, by its outcome."""

    def __init__(self, words: Words, form: Form, code: int, is_changed: bool) -> None:
        super().__init__()
        self._words, self._form, self._code, self._is_changed = words, form, code, is_changed

    def __missing__(self, outcome: int) -> bytes:
        cells = self._words.of(outcome, self._code, self._is_changed)
        if self._form.for_excel:
            cells = tuple(map(neutralise, cells))
        self[outcome] = self._form.delimiter + self._form.write(cells) + self._form.line_end
        return self[outcome]


class Writer:
    """Puts our three cells behind rows of one run."""

    def __init__(self, run: Run, form: Form, words: Words) -> None:
        self._files, self._form = files_of(run), form
        self._tails = {
            (code, is_changed): Tails(words, form, code, is_changed)
            for code in range(256)
            for is_changed in (False, True)
        }
        self._changed_from = changed_from(run)
        self._is_plain = form.delimiter == COMMA and not form.for_excel
        self._row = b"%b" + form.delimiter + b"%d%b"

    def write(self, rows: Rows) -> bytes:
        form, count = self._form, rows.places[-1] + 1
        outcomes = pick(read_outcomes(self._files, rows.first, count), rows.places)
        codes = bytes(pick(self._files.codes_of(rows.first, count), rows.places))
        contents = rows.contents if self._is_plain else list(map(form.fit, rows.contents))
        if form.surplus:
            contents = [content + form.delimiter * form.surplus for content in contents]
        for place in places_of(mark(codes, RAGGED)):
            contents[place] = form.fit_ragged(rows.contents[place])
        tails = list(map(self._tails[0, False].__getitem__, outcomes))
        for place in self._special(rows, codes):
            is_changed = bool(self._changed_from) and rows.starts[place] >= self._changed_from
            tails[place] = self._tails[codes[place], is_changed][outcomes[place]]
        # One call for all of them: that is what makes a million rows quick.
        return self._row * len(contents) % tuple(chain.from_iterable(zip(contents, rows.lines, tails, strict=True)))

    def _special(self, rows: Rows, codes: bytes) -> Iterable[int]:
        """Places of rows of which more is to be said than their outcome."""
        return range(len(codes)) if self._changed_from else places_of(mark(codes, FLAGGED))


def write_csv(run: Run, choice: Choice, words: Words | None = None, *, for_excel: bool = False) -> Iterator[bytes]:
    """The header at once, then the rows in pieces. For Excel: with a BOM, and no cell that starts a formula.

    Without `words` of the caller's each row tells what became of it.
    """
    files = files_of(run)
    head = head_of(run, files)
    form = Form(
        width=len(run.header),
        surplus=run.surplus if has_ragged(files, choice) else 0,
        delimiter=(run.delimiter or ",").encode(),
        line_end=line_end_of(head),
        for_excel=for_excel,
    )
    yield (BOM.encode() if for_excel else b"") + header_row(run, form, head)
    if files.sendable.exists():
        writer = Writer(run, form, words or words_of(run))
        yield from map(writer.write, read_rows(files, partial(choice.marks, files)))


def reason_for_none(run: Run) -> str:
    """Why no row of this run can be given back any more, "" when it can."""
    if run.files_deleted_at:
        when = f"{timezone.localtime(run.files_deleted_at):%d %B %Y}".lstrip("0")
        return f"The lead file of this run was deleted on {when}, as set for files with personal data. Its counts stay."
    files = files_of(run)
    if count_of(files) and not files.sendable.exists():
        return "The lead file of this run is no longer on this machine. Its counts stay."
    return ""


def count_chosen(run: Run, choice: Choice) -> int:
    return choose(files_of(run), choice).total


def has_ragged(files: RunFiles, choice: Choice) -> bool:
    codes = RAGGED if choice.codes is None else RAGGED.intersection(choice.codes)
    return bool(choose(files, choice._replace(codes=codes)).total)


def head_of(run: Run, files: RunFiles) -> str:
    """The first lines of the file as it came."""
    if not files.original.exists():
        return ""
    with files.original.open("rb") as file:
        return file.read(HEAD).decode(run.encoding or "utf-8", errors="ignore")


def line_end_of(head: str) -> bytes:
    found = re.search("\r\n|\n|\r", head)
    return found[0].encode() if found else b"\r\n"


def header_row(run: Run, form: Form, head: str) -> bytes:
    """The person's own header as it is written in the file, then our columns."""
    names = list(map(neutralise, run.header)) if form.for_excel else run.header
    own = "" if form.for_excel else written_header(run.header, head, form.delimiter.decode())
    added = [f"{SURPLUS_COLUMN}{place or ''}" for place in range(form.surplus)]
    return (
        form.delimiter.join([own.encode() or form.write(names), *(name.encode() for name in (*added, *OWN_COLUMNS))])
        + form.line_end
    )


def written_header(names: list[str], head: str, delimiter: str) -> str:
    """The record of these names among the first of the file, "" when there is none: our columns were taken off it."""
    lines = io.StringIO(head.removeprefix(BOM), newline="").readlines()
    reader, before = csv.reader(iter(lines), delimiter=delimiter), 0
    with suppress(csv.Error):
        for row in islice(reader, FIRST_RECORDS):
            if row == names:
                return "".join(lines[before : reader.line_num]).rstrip("\r\n")
            before = reader.line_num
    return ""
