"""A lead CSV judged record by record: into the lead table, or rejected for one of the five documented reasons."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import IO

from maxops.sandbox.maxcontact.leads import Lead
from maxops.sandbox.maxcontact.state import Mapping, State

SHORTEST, LONGEST, TRUNCATED = 10, 15, 11
NON_DIGITS = re.compile(r"[^0-9]")
BATCH = 500
# How a byte that is not UTF-8 looks after decoding.
UNDECODABLE = re.compile("[\udc80-\udcff]")


@dataclass
class Options:
    """What an import does, from the mapping and, where it lets them, from the options of the upload."""

    list_id: int
    dedupe: bool
    check_dnc: bool
    remove_non_digits: bool
    truncate_extra_digits: bool
    secondary_enabled: bool


@dataclass
class Verdict:
    records: int = 0
    imported: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)

    def count(self, reason: str) -> int:
        return sum(1 for _, rejected in self.rejects if rejected == reason)


class CsvRecords:
    """The records of one file with the number that "Line: N" would give each."""

    def __init__(self, content: IO[bytes], line_base: str) -> None:
        self._text = io.TextIOWrapper(content, encoding="utf-8-sig", errors="surrogateescape", newline="")
        self._reader = csv.reader(self._text)
        self._line_base = line_base
        self.header = [cell.strip() for cell in self._next() or []]

    def _next(self) -> list[str] | None:
        """The next record; None for one the parser gives up on."""
        try:
            return next(self._reader)
        except StopIteration:
            return None
        except csv.Error:
            return None

    def __iter__(self) -> Iterator[tuple[int, list[str] | None]]:
        """Blank lines are no records, but they count as lines of the file."""
        number, start = {"record0": -1}.get(self._line_base, 0), self._reader.line_num + 1
        while True:
            record = self._next()
            if record is None and self._reader.line_num < start:
                return
            if record != []:
                number += 1
                yield (start if self._line_base == "file" else number), record
            start = self._reader.line_num + 1

    def close(self) -> None:
        self._text.close()


class Judge:
    def __init__(self, state: State, mapping: Mapping, options: Options) -> None:
        self.state = state
        self.mapping = mapping
        self.options = options
        self.seen: set[str] = set()

    def judge(self, records: CsvRecords) -> Verdict:
        verdict = Verdict()
        width = len(records.header)
        places = {name: records.header.index(name) for name in self.mapping.columns}
        numbered = iter(records)
        # In batches, so that a large file does not hold up everybody else.
        while batch := list(islice(numbered, BATCH)):
            with self.state.lock:
                found = [(line, self.reject(record, width, places)) for line, record in batch]
            rejects = [(line, reason) for line, reason in found if reason]
            verdict.records += len(found)
            verdict.imported += len(found) - len(rejects)
            verdict.rejects += rejects
        return verdict

    def reject(self, record: list[str] | None, width: int, places: dict[str, int]) -> str:
        """The reason, or nothing once the lead is in the table."""
        if record is None or len(record) != width or any(UNDECODABLE.search(cell) for cell in record):
            return "InvalidSourceFormat"
        phone = self.clean(record[places[self.mapping.phone]])
        if not (phone.isascii() and phone.isdigit() and SHORTEST <= len(phone) <= LONGEST and phone.startswith("0")):
            return "InvalidPhoneNumber"
        if self.options.dedupe:
            if phone in self.seen:
                return "DuplicateInFile"
            self.seen.add(phone)
            if self.state.leads.with_phone(phone, self.options.list_id):
                return "Duplicate"
        if self.options.check_dnc and phone in self.state.dnc:
            return "DoNotCall"
        self.add(phone, record, places)
        return ""

    def clean(self, text: str) -> str:
        phone = NON_DIGITS.sub("", text) if self.options.remove_non_digits else text
        return phone[:TRUNCATED] if self.options.truncate_extra_digits else phone

    def add(self, phone: str, record: list[str], places: dict[str, int]) -> None:
        reference = record[places[self.mapping.reference]] if self.mapping.reference else ""
        secondary = tuple(record) if self.options.secondary_enabled else ()
        self.state.leads.add(Lead(self.options.list_id, (phone,), reference=reference, secondary=secondary))
