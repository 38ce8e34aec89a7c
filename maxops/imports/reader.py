"""A lead file as bytes becomes encoding, delimiter, header and records; streaming, whatever its size.

The encoding is proved over the whole file, never guessed from a sample. A record knows the physical line it starts on.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from maxops.imports.csv_scan import split_lines
from maxops.imports.encoding import prove_encoding
from maxops.imports.errors import NoHeader, QuoteOpen

BATCH = 500
SAMPLE_CHARACTERS = 1 << 16
DELIMITERS = ",;\t|"
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one file; `header_line` is 1 unless blank lines or Excel's `sep=` line (`skipped`) come first.

    `is_lead`: there is no header, that line is a row already. `is_damaged`: bytes of the file may mean nothing.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int
    skipped: int = 0
    line_end: str = "\n"
    is_lead: bool = False
    is_damaged: bool = False


@dataclass(frozen=True, slots=True)
class Records:
    """Some consecutive records and the physical line each starts on."""

    rows: list[list[str]]
    lines: Sequence[int]


def open_text(path: Path, encoding: str) -> TextIO:
    """Bytes that mean nothing become replacement marks."""
    return path.open(encoding=encoding, errors="replace", newline="", buffering=BLOCK)


def find_layout(path: Path, expected: Sequence[str] = (), *, has_header: bool = True) -> Layout:
    """Encoding, delimiter and header; the delimiter under which the expected columns appear wins over all counting.

    Without a header the expected columns decide by their number, and `header` is the first row.
    """
    encoding, is_damaged = prove_encoding(path)
    lines = _sample(path, encoding)
    hint = lines[0].strip().strip('"') if lines else ""
    skipped = 1 if hint[:4].lower() == "sep=" else 0  # Excel's own way of naming the delimiter
    named = hint[4:5] if skipped else ""
    if not named or named not in DELIMITERS:
        named = _choose_delimiter(lines[skipped:], expected if has_header else [""] * len(expected))
    reader = csv.reader(lines[skipped:], delimiter=named)
    line = skipped + 1
    with suppress(csv.Error):
        for row in reader:
            if any(cell.strip() for cell in row):
                last = lines[skipped + reader.line_num - 1]
                line_end = "\n" if last.endswith("\n") and not last.endswith("\r\n") else "\r\n"
                return Layout(
                    encoding, named, tuple(row), line, skipped, line_end, is_lead=not has_header, is_damaged=is_damaged
                )
            line = skipped + reader.line_num + 1
    raise NoHeader("The file is empty: there is no first line with column names.", line=1)


def _sample(path: Path, encoding: str) -> list[str]:
    """The first lines, without one that the sample cuts in two."""
    with open_text(path, encoding) as file:
        text = file.read(SAMPLE_CHARACTERS)
    lines = split_lines(text)
    return lines[:-1] if len(text) == SAMPLE_CHARACTERS and len(lines) > 1 else lines


def _choose_delimiter(lines: list[str], expected: Sequence[str]) -> str:
    wanted = {plain(name) for name in expected} - {""}

    def score(delimiter: str) -> tuple[int, float, int]:
        rows = []
        with suppress(csv.Error):
            rows.extend(islice((row for row in csv.reader(iter(lines), delimiter=delimiter) if row), 200))
        width = len(rows[0]) if rows else 0
        fitting = len(wanted & {plain(cell) for row in rows[:1] for cell in row})
        if expected and not wanted:
            fitting = int(width == len(expected))
        if width < 2:
            return (fitting, 0.0, width)
        alike = sum(len(row) == width for row in rows) / len(rows)
        return (fitting, alike, width)

    return max(DELIMITERS, key=score)


def plain(name: str) -> str:
    """A column's name without what people and spreadsheets vary: case, spaces, underscores, hyphens."""
    return "".join(character for character in name.casefold() if character.isalnum())


def read_records(path: Path, layout: Layout) -> Iterator[Records]:
    """All records under the header. QuoteOpen names the line of a quote that is never closed."""
    with open_text(path, layout.encoding) as file:
        for _ in range(layout.header_line - 1):
            file.readline()
        yield from _without_header(file, layout)


def _without_header(file: TextIO, layout: Layout) -> Iterator[Records]:
    last: tuple[int, list[str]] | None = None
    header_passed = False
    for batch in _batches(file, layout.delimiter, layout.header_line):
        if header_passed:
            records = batch
        else:
            records = Records(batch.rows[1:], batch.lines[1:])
            header_passed = True
        if records.rows:
            last = (records.lines[-1], records.rows[-1])
            yield records
    if last is not None and any("\n" in cell or "\r" in cell for cell in last[1]):
        _refuse_open_quote(file, layout, last[0])


def _refuse_open_quote(file: TextIO, layout: Layout, line: int) -> None:
    """A quote opened in the last record may have swallowed the rest of the file: only a strict reader minds."""
    file.seek(0)
    lines = islice(file, line - 1, None)
    try:
        for _ in csv.reader(lines, delimiter=layout.delimiter, strict=True):
            pass
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise QuoteOpen(_open_quote_words(line), line=line) from error


def _open_quote_words(line: int) -> str:
    return f'The record that starts on line {line} opens a quote (") that is never closed.'


def _batches(lines: Iterator[str] | TextIO, delimiter: str, first_line: int) -> Iterator[Records]:
    """Records in batches; `first_line` is the physical number of the first line given."""
    reader = csv.reader(lines, delimiter=delimiter)
    read = BATCH
    while read == BATCH:
        rows: list[list[str]] = []
        starts: list[int] = []
        read, begin = 0, first_line + reader.line_num
        try:
            for row in islice(reader, BATCH):
                if row:
                    rows.append(row)
                    starts.append(begin)
                read, begin = read + 1, first_line + reader.line_num
        except csv.Error as error:
            raise QuoteOpen(_open_quote_words(begin), line=begin) from error
        if rows:
            yield Records(rows, starts)
