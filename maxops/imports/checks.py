"""The check of a whole lead file before anything is sent: flat memory, one finding a row at most.

It leaves the arrays of files.py in the run's folder, so that parts are ranges of rows and any row is read back by its
place; a copy of the rows only where the file's own bytes cannot be sent.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from maxops.imports.csv_scan import Dialect, Rows, write_rows
from maxops.imports.encoding import LOST, UTF8, BadByte, Stream, bad_bytes
from maxops.imports.errors import CsvError, NoRows, NotText
from maxops.imports.files import REWRITTEN, RunFiles
from maxops.imports.findings import ROW_KINDS, Finding
from maxops.imports.headers import Expected, key_of, take_header
from maxops.imports.own_columns import OwnColumns
from maxops.imports.phones import Shapes
from maxops.imports.reader import Layout, find_layout, read_records
from maxops.imports.repeats import mark_repeats
from maxops.imports.row_rules import ESCAPED, RowRules, find_beside
from maxops.imports.scanning import Reading, Scan

Progress = Callable[[int, int], None]
FIRST_LINES = 10
USUAL = Reading()
__all__ = ["Checked", "Expected", "check_file"]


@dataclass(frozen=True, slots=True)
class Checked:
    """`surplus`: cells of the longest row beyond the header."""

    layout: Layout
    sent_header: tuple[str, ...]
    rows: int
    findings: tuple[Finding, ...]
    surplus: int
    bad_bytes: tuple[BadByte, ...]


class Folder:
    """Writes what is known of each row, and the rows that cannot be sent from the person's own file."""

    def __init__(self, files: RunFiles, stack: ExitStack, *, is_copied: bool) -> None:
        for path in (files.clean, files.rewritten):
            path.unlink(missing_ok=True)
        self._files, self._stack = files, stack
        paths = (files.offsets, files.sizes, files.lines, files.codes, files.keys)
        self._targets = [stack.enter_context(path.open("wb")) for path in paths]
        self._clean = self._open(files.clean) if is_copied else None
        self._rewritten: BinaryIO | None = None
        self.rows = self.widest = 0

    def _open(self, path: Any) -> BinaryIO:
        return self._stack.enter_context(path.open("wb"))

    def add(self, rows: Rows) -> None:
        if self._clean:
            self._clean.write(rows.content)
        if rows.anew:
            self._write_anew(rows)
        for target, entries in zip(self._targets, rows[1:6], strict=True):
            target.write(entries.tobytes() if hasattr(entries, "tobytes") else entries)
        self.rows += len(rows.sizes)
        self.widest = max(self.widest, rows.widest)

    def _write_anew(self, rows: Rows) -> None:
        self._rewritten = self._rewritten or self._open(self._files.rewritten)
        place = self._rewritten.tell()
        for number, content in rows.anew:
            rows.offsets[number], rows.sizes[number] = place | REWRITTEN, len(content)
            place += len(content)
        self._rewritten.writelines(content for _, content in rows.anew)


def check_file(
    files: RunFiles, expected: Expected, shapes: Shapes, progress: Progress, reading: Reading = USUAL
) -> Checked:
    """CsvError when the file cannot be sent at all; `progress` is told rows and bytes, block by block."""
    layout = find_layout(files.original, expected.columns, has_header=expected.has_header)
    own = OwnColumns(layout.header if expected.has_header else ())
    told = [Finding("column_own", len(own.names(layout.header)), [layout.header_line])] if own else []
    stripped = replace(layout, header=own.strip_header(layout.header)) if own else layout
    if any("\0" in name for name in stripped.header):
        raise NotText("The header holds a NUL character: the file was damaged on its way.", line=layout.header_line)
    header, file_findings = take_header(stripped, expected, shapes)
    rules = make_rules(files, layout, (own, header), expected, shapes)
    folder = _scan(files, layout, Dialect(layout.delimiter, layout.line_end.encode(), own), (rules, reading), progress)
    if not folder.rows:
        raise NoRows("There are no leads under the header.", line=layout.header_line)
    mark_repeats(files, is_fast=reading.is_fast)
    files.header.write_bytes(write_rows([list(header)])[0].encode() + layout.line_end.encode())
    findings = count_findings(files)
    lost = ()
    for finding in findings:
        if finding.kind == "undecodable":
            lost = bad_bytes(files.original, layout.encoding)
            finding.detail = "; ".join(map(str, lost))
    return Checked(
        replace(stripped, header=stripped.header if expected.has_header else header),
        header,
        folder.rows,
        (*told, *file_findings, *findings),
        max(0, folder.widest - len(header)),
        lost,
    )


def make_rules(
    files: RunFiles, layout: Layout, columns: tuple[OwnColumns, Sequence[str]], expected: Expected, shapes: Shapes
) -> RowRules:
    own, header = columns
    places = {key_of(name): place for place, name in enumerate(header)}
    phone = places.get(key_of(expected.phone)) if expected.phone else None
    first_rows: list[list[str]] = []
    with suppress(CsvError):  # the whole reading says what is wrong, and where
        first_rows = own.strip(next((found.rows for found in read_records(files.original, layout)), []))
    return RowRules(
        len(header),
        shapes,
        phone,
        tuple(places[key_of(name)] for name in expected.required if key_of(name) in places),
        find_beside(first_rows, len(header), phone, shapes),
        ("" if not layout.is_damaged else ESCAPED if layout.encoding in UTF8 else LOST),
    )


def _scan(
    files: RunFiles, layout: Layout, dialect: Dialect, ways: tuple[RowRules, Reading], progress: Progress
) -> Folder:
    rules, reading = ways
    is_copied = layout.encoding not in UTF8 or dialect.by_rows
    stream = Stream(files.original, layout.encoding, reading.block)
    first_line = layout.header_line + (0 if layout.is_lead else 1)
    with ExitStack() as stack:
        folder = Folder(files, stack, is_copied=is_copied)
        for rows in Scan(rules, dialect, reading).rows(stream, layout.skipped, is_copied=is_copied):
            folder.add(rows if rows.lines[0] >= first_line else rows.under(first_line))
            progress(folder.rows, stream.place)
    return folder


def count_findings(files: RunFiles) -> list[Finding]:
    """Counting bytes is cheap; only the first ten rows of a kind are looked up."""
    codes, findings = files.codes.read_bytes(), []
    for code, kind in ROW_KINDS.items():
        finding = Finding(kind.name, codes.count(code))
        place = codes.find(code)
        while place >= 0 and len(finding.lines) < FIRST_LINES:
            finding.lines.append(files.lines_of(place, 1)[0])
            place = codes.find(code, place + 1)
        if finding.count:
            findings.append(finding)
    return findings
