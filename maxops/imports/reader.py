"""A lead file as bytes becomes encoding, delimiter, header and records; streaming, whatever its size.

The encoding is proved over the whole file, never guessed from a sample. A record knows the physical line it starts on.
"""

import codecs
import csv
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import TextIO

from maxops.imports.errors import NoHeader, NotText, QuoteOpen

RECORD_LIMIT = 1 << 20
BATCH = 500
SAMPLE_CHARACTERS = 1 << 16
DELIMITERS = ",;\t|"
BLOCK = 1 << 20
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NOT_TEXT = (
    (b"PK\x03\x04", "This is an Excel workbook or a ZIP archive, not a CSV file. In Excel: Save as, CSV UTF-8."),
    (b"\xd0\xcf\x11\xe0", "This is an old Excel workbook, not a CSV file. In Excel: Save as, CSV UTF-8."),
    (b"%PDF", "This is a PDF, not a CSV file."),
    (b"\x1f\x8b", "This is a compressed file. Unpack it and upload the CSV file inside."),
)

csv.field_size_limit(RECORD_LIMIT)


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one file; `header_line` is 1 unless blank lines or Excel's `sep=` line come first."""

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_line: int


@dataclass(frozen=True, slots=True)
class Records:
    """Some consecutive records and the physical line each starts on."""

    rows: list[list[str]]
    lines: Sequence[int]


def _undefined_as_control(error: UnicodeError) -> tuple[str, int]:
    """Five bytes mean nothing in Windows-1252; browsers read them as control characters, and so do we."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error("maxops.cp1252", _undefined_as_control)


def prove_encoding(path: Path) -> str:
    """By its mark, else strict UTF-8 to the last byte, else Windows-1252."""
    with path.open("rb") as file:
        start = file.read(8192)
    for magic, message in NOT_TEXT:
        if start.startswith(magic):
            raise NotText(message, line=1)
    marked = next((name for bom, name in BOMS if start.startswith(bom)), "")
    if marked != "utf-16" and start.count(0) * 10 > len(start):
        raise NotText("This is not a text file. Save it as CSV UTF-8 and upload it again.", line=1)
    broken_line = _first_undecodable_line(path, marked or "utf-8")
    if broken_line and marked:
        raise NotText(
            f"The file says that it is {marked[:6].upper()}, but line {broken_line} is not.", line=broken_line
        )
    return "cp1252" if broken_line else marked or "utf-8"


def _first_undecodable_line(path: Path, encoding: str) -> int:
    """0 when every byte can be decoded."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    line = 1
    with path.open("rb") as file:
        try:
            while block := file.read(BLOCK):
                line += decoder.decode(block).count("\n")
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return line
    return 0


def open_text(path: Path, encoding: str) -> TextIO:
    errors = "maxops.cp1252" if encoding == "cp1252" else "strict"
    return path.open(encoding=encoding, errors=errors, newline="", buffering=BLOCK)


def find_layout(path: Path, expected: Sequence[str] = ()) -> Layout:
    """Encoding, delimiter and header; the delimiter under which the expected columns appear wins over all counting."""
    encoding = prove_encoding(path)
    lines = _sample(path, encoding)
    hint = lines[0].strip().strip('"') if lines else ""
    skipped = 1 if hint[:4].lower() == "sep=" else 0  # Excel's own way of naming the delimiter
    named = hint[4:5] if skipped else ""
    delimiter = named if named and named in DELIMITERS else _choose_delimiter(lines[skipped:], expected)
    for batch in _batches(iter(lines[skipped:]), delimiter, skipped + 1):
        for row, line in zip(batch.rows, batch.lines, strict=True):
            if any(cell.strip() for cell in row):
                return Layout(encoding, delimiter, tuple(row), line)
    raise NoHeader("The file is empty: there is no first line with column names.", line=1)


def _sample(path: Path, encoding: str) -> list[str]:
    """The first lines, without one that the sample cuts in two."""
    with open_text(path, encoding) as file:
        text = file.read(SAMPLE_CHARACTERS)
    lines = list(StringIO(text, newline=""))
    return lines[:-1] if len(text) == SAMPLE_CHARACTERS and len(lines) > 1 else lines


def _choose_delimiter(lines: list[str], expected: Sequence[str]) -> str:
    wanted = {plain(name) for name in expected}

    def score(delimiter: str) -> tuple[int, float, int]:
        rows = []
        with suppress(csv.Error):
            rows.extend(islice((row for row in csv.reader(iter(lines), delimiter=delimiter) if row), 200))
        width = len(rows[0]) if rows else 0
        if width < 2:
            return (len(wanted & {plain(cell) for row in rows[:1] for cell in row}), 0.0, width)
        alike = sum(len(row) == width for row in rows) / len(rows)
        return (len(wanted & {plain(cell) for cell in rows[0]}), alike, width)

    return max(DELIMITERS, key=score)


def plain(name: str) -> str:
    """A column's name without what people and spreadsheets vary: case, spaces, underscores, hyphens."""
    return "".join(character for character in name.casefold() if character.isalnum())


def read_records(path: Path, layout: Layout) -> Iterator[Records]:
    """All records under the header. QuoteOpen names the line of a quote that is never closed."""
    with open_text(path, layout.encoding) as file:
        yield from _without_header(file, layout)


def _without_header(file: TextIO, layout: Layout) -> Iterator[Records]:
    for _ in range(layout.header_line - 1):
        file.readline()
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
    while True:
        begin = first_line + reader.line_num
        rows: list[list[str]] = []
        failure = None
        try:
            rows.extend(islice(reader, BATCH))
        except csv.Error as error:
            failure = error
        starts = _starts(rows, begin, first_line + reader.line_num)
        if failure is not None:
            line = begin + sum(map(_span, rows))
            raise QuoteOpen(_open_quote_words(line), line=line) from failure
        if not rows:
            return
        if [] in rows:
            kept = [(row, start) for row, start in zip(rows, starts, strict=True) if row]
            rows, starts = [row for row, _ in kept], [start for _, start in kept]
        if rows:
            yield Records(rows, starts)


def _starts(rows: list[list[str]], begin: int, end: int) -> Sequence[int]:
    if end - begin == len(rows):  # as many lines as records: no cell holds a line break
        return range(begin, end)
    starts = []
    for row in rows:
        starts.append(begin)
        begin += _span(row)
    return starts


def _span(row: list[str]) -> int:
    text = "|".join(row)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return 1 + text.count("\n")
