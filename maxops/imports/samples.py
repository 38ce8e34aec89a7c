"""The first rows of a lead file, for people who match its columns: quick whatever the file's size, nothing is proved.

The check reads the whole file and may find another encoding than its start suggests; it has the last word.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from maxops.imports.archives import head_of
from maxops.imports.errors import CsvError
from maxops.imports.kinds import FileColumn, is_phone, kind_of
from maxops.imports.own_columns import OwnColumns
from maxops.imports.phones import Shapes
from maxops.imports.reader import Layout, find_layout, plain, read_records

START = 1 << 18  # bytes looked at
ROWS = 200
SAMPLES = 3
MOST_COLUMNS = 300
LONGEST_SAMPLE = 60  # characters
UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Start:
    """The first line's cells as they stand there, and some rows under it."""

    first: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str


def read_start(path: Path, expected: Sequence[str] = ()) -> Start:
    """CsvError when this is no text, or holds nothing."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".start-") as file:
        file.write(first_bytes(path))
        file.flush()
        layout = find_layout(Path(file.name), expected)
        rows = tuple(map(tuple, islice(_rows(Path(file.name), layout), ROWS)))
    if len(layout.header) > MOST_COLUMNS:
        raise CsvError(
            f"The first line has {len(layout.header):,} columns; more than {MOST_COLUMNS} cannot be matched here. "
            "Is it a lead file, and are its line ends whole?",
            line=layout.header_line,
        )
    own = OwnColumns(layout.header)
    return Start(own.strip_header(layout.header), tuple(map(tuple, own.strip(list(map(list, rows))))), layout.delimiter)


def first_bytes(path: Path) -> bytes:
    """Unpacked where the leads come packed; cut behind a line end, so that no row and no character is cut in two."""
    content = head_of(path, START)
    if len(content) >= START // 2 and content.startswith(UTF16_MARKS):
        text = content.decode("utf-16", errors="ignore")
        return text[: text.rfind("\n") + 1 or None].encode("utf-16")
    return content


def _rows(path: Path, layout: Layout) -> Iterator[list[str]]:
    """A start that ends within quotes reads as broken there; what came before it is good to show."""
    with suppress(CsvError):
        for records in read_records(path, layout):
            yield from records.rows


def columns_of(start: Start, names: Sequence[str], *, has_header: bool, shapes: Shapes) -> list[FileColumn]:
    """The file's columns under these names, with what their cells look like."""
    rows = start.rows if has_header else (start.first, *start.rows)
    columns = []
    for place, name in enumerate(names):
        cells = [row[place] for row in rows if place < len(row)]
        filled = [cell for cell in cells if cell.strip()]
        samples = tuple(shorten(cell) for cell in dict.fromkeys(filled))[:SAMPLES]
        empty = 1 - len(filled) / len(cells) if cells else 1.0
        columns.append(FileColumn(place, name, samples, empty, kind_of(cells, shapes)))
    return columns


def shorten(cell: str) -> str:
    text = " ".join(cell.replace("\0", "\ufffd").split())
    return text if len(text) <= LONGEST_SAMPLE else f"{text[:LONGEST_SAMPLE]}…"


def is_lead(start: Start, known_names: Sequence[str], shapes: Shapes) -> bool:
    """Whether the first line looks like a lead: it holds a phone number, and no name that a mapping knows."""
    known = {plain(name) for name in known_names}
    return any(is_phone(cell, shapes) for cell in start.first) and not any(
        plain(cell) in known for cell in start.first if cell.strip()
    )
